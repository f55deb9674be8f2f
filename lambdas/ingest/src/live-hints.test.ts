import { beforeEach, describe, expect, it } from '@jest/globals';
import { LiveHints } from './live-hints.ts';

const alice = 'a'.repeat(32);

let asked: string[];
let hints: [string, number][];
let nowMs: number;
let answer: () => Promise<{ status: 'active'; patientId: string | null; pseudonym: string | null }>;
let live: LiveHints;

beforeEach(() => {
  asked = [];
  hints = [];
  nowMs = 1_000;
  answer = () => Promise.resolve({ status: 'active', patientId: null, pseudonym: alice });
  live = new LiveHints({
    deviceStatus: ({ deviceId }) => {
      asked.push(deviceId);
      return answer();
    },
    hint: (pseudonym, block) => {
      hints.push([pseudonym, block]);
      return Promise.resolve();
    },
    now: () => nowMs,
  });
});

function readings(devices: number, blockNumber = 7) {
  return Array.from({ length: devices }, (_, index) => ({
    deviceId: `device ${index}`,
    atMs: 1,
    blockNumber: blockNumber + index,
  }));
}

describe('live hints', () => {
  it('are one a patient, with the newest block', async () => {
    await live.tell(readings(3));
    expect(hints).toEqual([[alice, 9]]);
  });

  it('ask the ledger once in ten minutes whose device it is', async () => {
    await live.tell(readings(1));
    nowMs += 599_999;
    await live.tell(readings(1));
    expect(asked).toHaveLength(1);
    nowMs += 10_000;
    await live.tell(readings(1));
    expect(asked).toHaveLength(2);
    expect(hints).toHaveLength(3);
  });

  it('are at most one in ten seconds for readings that come late, and the first at once', async () => {
    nowMs = 1 + 300_001;
    await live.tell(readings(1));
    nowMs += 9_999;
    await live.tell(readings(1));
    expect(hints).toHaveLength(1);
    nowMs += 1;
    await live.tell(readings(1));
    expect(hints).toHaveLength(2);
  });

  it('are given at once for what is measured now, however much comes late beside it', async () => {
    nowMs = 1 + 300_001;
    await live.tell(readings(1));
    await live.tell([...readings(1), { deviceId: 'device 0', atMs: nowMs, blockNumber: 9 }]);
    expect(hints).toEqual([
      [alice, 7],
      [alice, 9],
    ]);
  });

  it('ask about 16 devices a batch at most', async () => {
    await live.tell(readings(100));
    expect(asked).toHaveLength(16);
    await live.tell(readings(100));
    expect(new Set(asked).size).toBe(32);
  });

  it('are not given for a device that nobody wears', async () => {
    answer = () => Promise.resolve({ status: 'active', patientId: null, pseudonym: null });
    await live.tell(readings(1));
    expect(hints).toEqual([]);
  });

  it('never fail ingest', async () => {
    answer = () => Promise.reject(new Error('ledger away'));
    await expect(live.tell(readings(2))).resolves.toBeUndefined();
  });
});
