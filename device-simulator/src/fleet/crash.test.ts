import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { eventually, FakeSystem } from '../test-support/fake-system.ts';
import { readTruth } from '../truth.ts';
import type { TruthChunk } from '../truth-lines.ts';

const MAIN = join(__dirname, '..', 'main.ts');

let system: FakeSystem;
let children: ChildProcess[];

beforeEach(async () => {
  system = await FakeSystem.start();
  children = [];
});
afterEach(async () => {
  for (const child of children) {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  }
  await system.close();
});

interface Run {
  readonly child: ChildProcess;
  readonly events: Record<string, unknown>[];
}

function run(more: readonly string[] = []): Run {
  const truth = join(system.folder, 'truth.ndjson');
  const child = spawn(
    process.execPath,
    [
      MAIN,
      'fleet',
      '--system',
      system.systemFile,
      '--devices',
      '3',
      '--window',
      '1s',
      '--rate',
      '10',
      '--truth',
      truth,
      '--outbox',
      join(system.folder, 'fleet'),
      '--json',
      ...more,
    ],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  children.push(child);
  const events: Record<string, unknown>[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => {
    events.push(z.record(z.string(), z.unknown()).parse(JSON.parse(line)));
  });
  return { child, events };
}

async function exit(child: ChildProcess): Promise<unknown> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return child.exitCode ?? child.signalCode;
}

async function chunks(): Promise<TruthChunk[]> {
  const lines: TruthChunk[] = [];
  for await (const line of readTruth(join(system.folder, 'truth.ndjson'))) {
    if (line.t === 'chunk') lines.push(line);
  }
  return lines;
}

describe('the fleet as a process', () => {
  test('killed again and again between publish and acknowledgement: nothing lost, nothing renumbered', async () => {
    for (const enough of [1, 4, 2]) {
      system.answer = () => 'silent';
      const before = system.received.size;
      const { child } = run();
      await eventually(() => system.received.size >= before + enough, 'chunks without answer');
      child.kill('SIGKILL');
      expect(await exit(child)).toBe('SIGKILL');
    }
    // The ledger's answers while nobody is there go to the broker's session and are seen later.
    system.answer = (chunk) => (chunk.firstSequence % 2 === 0 ? 'committed' : 'quarantined');
    const { child, events } = run(['--controlled']);
    await eventually(() => events.some((event) => event['event'] === 'started'), 'started');
    await eventually(() => [...system.received.values()].some((e) => e.chunk.boot === 4), 'boot 4');
    child.stdin?.write('{"command":"stop"}\n');
    expect(await exit(child)).toBe(0);

    const handedOver = await chunks();
    const digests = new Map<string, Set<string>>();
    for (const chunk of handedOver) {
      const name = `${chunk.device}/${chunk.boot}/${chunk.first}`;
      digests.set(name, (digests.get(name) ?? new Set()).add(chunk.sha256));
    }
    expect(new Set(handedOver.map((chunk) => chunk.boot))).toEqual(new Set([1, 2, 3, 4]));
    // Each identity names one chunk, in the truth and at the broker, and they agree.
    for (const [name, seen] of digests) {
      expect([name, seen.size]).toEqual([name, 1]);
      expect(system.received.get(name)?.digests).toEqual(seen);
    }
    expect(system.received.size).toBe(digests.size);
    // No sequence is used twice or left out within a boot.
    const boots = Map.groupBy(
      [...system.received.values()].map((entry) => entry.chunk),
      (chunk) => `${chunk.deviceId}/${chunk.boot}`,
    );
    for (const own of boots.values()) {
      let next = 0;
      for (const chunk of own.sort((a, b) => a.firstSequence - b.firstSequence)) {
        expect(chunk.firstSequence).toBe(next);
        next += chunk.count;
      }
    }
    const done = events.at(-1);
    expect(done).toMatchObject({ event: 'done', drained: true, pending: { chunks: 0 } });
  });

  test('SIGTERM stops measuring, delivers what is measured and ends with 0', async () => {
    const { child, events } = run();
    await eventually(() => events.some((event) => event['event'] === 'started'), 'started');
    await eventually(() => system.received.size > 0, 'a chunk');
    child.kill('SIGTERM');
    expect(await exit(child)).toBe(0);
    const names = events.map((event) => event['event']);
    expect(names.filter((name) => name !== 'progress')).toEqual([
      'enrolled',
      'started',
      'flushed',
      'drained',
      'done',
    ]);
    const handedOver = await chunks();
    expect(system.received.size).toBe(handedOver.length);
  });

  test('a ledger that never answers ends the run with 1 after the bound, and says how to go on', async () => {
    system.answer = () => 'silent';
    const { child, events } = run(['--for', '1s', '--drain', '500ms']);
    expect(await exit(child)).toBe(1);
    expect(events.at(-1)).toMatchObject({ event: 'done', drained: false });
  });

  test('no running system: exit code 1; wrong usage: exit code 2', async () => {
    expect(await exit(run(['--system', '/nonexistent/system.json']).child)).toBe(1);
    expect(await exit(run(['--rate', 'fast']).child)).toBe(2);
    expect(await exit(run(['--speed', '60']).child)).toBe(2);
    expect(await exit(run(['--faults', 'offline,plague']).child)).toBe(2);
  });
});
