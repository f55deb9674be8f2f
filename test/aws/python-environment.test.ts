import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { pythonEnvironment } from './python-environment.ts';

describe('the virtual environment of the emulator', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pulse-python-'));
    await mkdir(join(folder, 'bin'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  /** A python3 that says this version, and does nothing else but fail. */
  async function python3(version: string): Promise<void> {
    const script = `#!/bin/sh\ncase "$1" in -c) echo ${version};; *) echo No module named venv; exit 1;; esac\n`;
    await writeFile(join(folder, 'bin', 'python3'), script, { mode: 0o755 });
  }

  function made(): Promise<unknown> {
    return pythonEnvironment({
      signal: new AbortController().signal,
      say: () => undefined,
      cache: join(folder, 'cache'),
      path: join(folder, 'bin'),
    });
  }

  it('cannot be made without python3, and the message says what to install', async () => {
    await expect(made()).rejects.toThrow(/no python3 on the path.*apt install python3-venv/);
  });

  it('cannot be made with an older Python than its packages are for', async () => {
    await python3('3 9');
    await expect(made()).rejects.toThrow(/python3 is Python 3\.9\. Install Python 3\.11/);
  });

  it('cannot be made without venv, and is not taken for complete afterwards', async () => {
    await python3('3 11');
    await expect(made()).rejects.toThrow(/No module named venv\nInstall Python 3\.11/);
    await expect(made()).rejects.toThrow(/No module named venv/);
    expect(await readdir(join(folder, 'cache'))).toEqual([]);
  });
});
