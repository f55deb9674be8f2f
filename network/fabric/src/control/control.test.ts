import { mkdtemp, rm, stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { askNetwork, NetworkNotRunningError } from './client.ts';
import type { ControlRequest } from './messages.ts';
import { type ControlHandler, serveControl } from './server.ts';
import { controlSocket } from './socket-path.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pulse-control-'));
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const RESUME: ControlRequest = { ask: 'resume' };

async function serving<T>(handle: ControlHandler, work: () => Promise<T>): Promise<T> {
  const server = await serveControl(folder, handle);
  try {
    return await work();
  } finally {
    await server.close();
  }
}

async function raw(line: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(controlSocket(folder));
    let text = '';
    socket.on('data', (part: Buffer) => {
      text += part.toString();
    });
    socket.once('error', reject);
    socket.once('close', () => {
      resolve(text);
    });
    socket.write(line);
  });
}

describe('the control socket', () => {
  test('tells every step, then that it is done', async () => {
    const steps: string[] = [];
    const handle: ControlHandler = async (request, onStep) => {
      onStep(`asked ${request.ask}`, 1);
      await Promise.resolve();
      onStep('and done', 2);
    };
    await serving(handle, () =>
      askNetwork(folder, RESUME, (step, ms) => steps.push(`${step} ${ms}`)),
    );
    expect(steps).toEqual(['asked resume 1', 'and done 2']);
  });

  test('hands on why something failed', async () => {
    const asking = serving(
      () => Promise.reject(new Error('no such peer')),
      () => askNetwork(folder, RESUME),
    );
    await expect(asking).rejects.toThrow('no such peer');
  });

  test('is reached by its owner only, and gone when it is closed', async () => {
    await serving(
      () => Promise.resolve(),
      async () => {
        expect((await stat(controlSocket(folder))).mode & 0o777).toBe(0o600);
      },
    );
    await expect(askNetwork(folder, RESUME)).rejects.toThrow(NetworkNotRunningError);
  });

  test('answers what it does not understand, and goes on', async () => {
    const answers = await serving(
      () => Promise.resolve(),
      async () => [
        await raw('not json\n'),
        await raw(
          '{"ask":"perform","operation":{"verb":"add-peer","organization":"x","node":"../y"}}\n',
        ),
        await raw('{"ask":"resume"}\n'),
      ],
    );
    expect(answers.map((text) => /"type":"(\w+)"/.exec(text)?.[1])).toEqual([
      'failed',
      'failed',
      'done',
    ]);
  });

  test('cuts off who sends more than a request', async () => {
    const handle = (): Promise<void> => Promise.resolve();
    const answer = await serving(handle, () => raw('x'.repeat(200_000)).catch(() => ''));
    expect(answer).toBe('');
  });

  test('has a place also for folders with long names', () => {
    const path = controlSocket(join(folder, 'x'.repeat(150)));
    expect(path.length).toBeLessThan(104);
    expect(path).not.toBe(controlSocket(join(folder, 'y'.repeat(150))));
  });
});
