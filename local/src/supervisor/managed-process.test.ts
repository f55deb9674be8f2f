import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { processSeen } from '@pulseledger/network/processes';
import { z } from 'zod';
import { MetricsRegistry } from '../metrics/metrics-registry.ts';
import { dataFolder, makeFolders, RunLock } from './data-folder.ts';
import { ManagedProcess, type ProcessSpec } from './managed-process.ts';

const FRAME = resolve(__dirname, '..', 'process', 'child.ts');
const infoSchema = z.object({ pid: z.int(), given: z.string() });
type Info = z.infer<typeof infoSchema>;

let root: string;
let lock: RunLock;
let notes: string[];
let metrics: MetricsRegistry;
let running: ManagedProcess<Info> | undefined;

/** A process whose program is this source; `config` is what it was given. */
async function manage(source: string, config: unknown = 'x'): Promise<ManagedProcess<Info>> {
  const entry = join(root, 'program.ts');
  await writeFile(
    entry,
    `import { runChild } from ${JSON.stringify(FRAME)};
     runChild({ configuration: { parse: (value) => value }, start: async (config) => { ${source} } });`,
  );
  const spec: ProcessSpec<Info> = { name: 'part', entry, config: () => config, info: infoSchema };
  const note = (text: string): void => void notes.push(text);
  running = new ManagedProcess(spec, { logs: join(root, 'logs'), lock, note, metrics });
  return running;
}

const ORDINARY = `return { info: { pid: process.pid, given: config }, close: async () => {},
  report: () => ({ pid: process.pid, given: 'report' }) };`;

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; !condition(); tries++) {
    if (tries > 4_000) throw new Error('it never came to that');
    await new Promise((done) => setTimeout(done, 5));
  }
}

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'pulse-managed-'));
  const folder = dataFolder(root);
  await makeFolders(folder);
  ({ lock } = await RunLock.take(folder));
  notes = [];
  metrics = new MetricsRegistry();
  running = undefined;
});

afterEach(async () => {
  await running?.stop();
  await lock.release();
  await rm(root, { recursive: true });
});

describe('a managed process', () => {
  test('is configured, reports and ends when asked', async () => {
    const part = await manage(ORDINARY, 'configuration');
    const info = await part.start();
    expect(info.given).toBe('configuration');
    expect(await part.report(infoSchema)).toEqual({ pid: info.pid, given: 'report' });
    await part.stop();
    expect(processSeen(info.pid)).toBeUndefined();
    expect(part.pid).toBeUndefined();
    expect(notes).toEqual([]);
  });

  test('starts again after a crash, with the same configuration', async () => {
    const part = await manage(ORDINARY);
    const { pid } = await part.start();
    process.kill(pid, 'SIGKILL');
    await until(() => part.isReady && part.pid !== pid);
    expect(await part.report(infoSchema)).toMatchObject({ given: 'report' });
    expect(notes).toEqual(['part ended (SIGKILL); it starts again in 200 ms.']);
  });

  test('is counted with what it wrote before it was killed, and the rest of its words are logged', async () => {
    const emf = resolve(__dirname, '..', '..', '..', 'lambdas', 'common', 'src', 'metrics.ts');
    const part = await manage(
      `const { EmfMetrics } = await import(${JSON.stringify(emf)});
       const metrics = new EmfMetrics('part', console.log);
       metrics.record('RedeliveriesResolved', 3);
       metrics.flush();
       console.log('plain words');
       ${ORDINARY}`,
    );
    const { pid } = await part.start();
    process.kill(pid, 'SIGKILL');
    await until(() => part.isReady && part.pid !== pid);
    await part.stop();
    expect(await metrics.total('RedeliveriesResolved')).toBe(6);
    const log = await readFile(join(root, 'logs', 'part.log'), 'utf8');
    expect(log.match(/^plain words$/gm)).toHaveLength(2);
    expect(log).not.toContain('_aws');
  });

  test('that cannot start says why and where to look', async () => {
    const part = await manage(`throw new TypeError('secret text');`);
    await expect(part.start()).rejects.toMatchObject({
      exitCode: 1,
      message: expect.stringMatching(/^part did not start \(TypeError\)\. See .*part\.log\.$/),
    });
    expect(await readFile(join(root, 'logs', 'part.log'), 'utf8')).not.toContain('secret text');
  });

  test('whose port is taken says which', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    const part = await manage(
      `const { createServer } = await import('node:net');
       const { once } = await import('node:events');
       await once(createServer().listen(${String(port)}, '127.0.0.1'), 'listening');`,
    );
    await expect(part.start()).rejects.toMatchObject({
      exitCode: 5,
      message: expect.stringContaining(`Port ${String(port)} of part is taken`),
    });
    other.close();
  });
});
