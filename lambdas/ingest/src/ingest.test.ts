import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Acknowledgement, QuarantineEntry } from '@pulseledger/domain';
import fc from 'fast-check';
import { type IngestPorts, ingestMessages } from './ingest.ts';
import type { NewReadings } from './live-hints.ts';
import type { QueuedMessage } from './parse-message.ts';
import { queuedBody, TestDevice } from './testing/devices.ts';
import { MemoryLedger } from './testing/memory-ledger.ts';

const NOW_MS = Date.UTC(2026, 10, 22, 10);

let ledger: MemoryLedger;
let acknowledged: (Acknowledgement & { deviceId: string })[];
let quarantined: QuarantineEntry[];
let hinted: NewReadings[];
let ports: IngestPorts;

beforeEach(() => {
  ledger = new MemoryLedger();
  acknowledged = [];
  quarantined = [];
  hinted = [];
  ports = {
    submitAll: ledger.submitAll,
    acknowledge: (deviceId, acknowledgement) => {
      acknowledged.push({ deviceId, ...acknowledgement });
      return Promise.resolve();
    },
    quarantine: (entry) => {
      quarantined.push(entry);
      return Promise.resolve();
    },
    hint: (readings) => {
      hinted.push(...readings);
      return Promise.resolve();
    },
    now: () => NOW_MS,
  };
});

function ingest(...queued: QueuedMessage[]) {
  return ingestMessages(queued, ports);
}

describe('a batch of good messages', () => {
  it('goes into one transaction and every chunk is acknowledged to its own device', async () => {
    const devices = Array.from({ length: 50 }, () => new TestDevice());
    const report = await ingest(...devices.map((device) => device.queued(device.chunk(0, 7))));
    expect(report).toMatchObject({ messages: 50, chunks: 50, recorded: 50, failedMessageIds: [] });
    expect(report).toMatchObject({ redelivered: 0, already: 0 });
    expect(report.commitLatenciesMs).toEqual(Array(50).fill(0));
    expect(ledger.transactions).toHaveLength(1);
    expect(new Set(acknowledged.map(({ deviceId }) => deviceId))).toEqual(
      new Set(devices.map(({ deviceId }) => deviceId)),
    );
    expect(acknowledged[0]).toMatchObject({
      boot: 1,
      firstSequence: 0,
      count: 7,
      status: 'committed',
    });
  });

  it('says what is new to the hints, with the block and nothing measured', async () => {
    const device = new TestDevice();
    await ingest(device.queued(device.chunk(0)), device.queued(device.chunk(5)));
    expect(hinted.map(({ deviceId, blockNumber }) => [deviceId, blockNumber])).toEqual([
      [device.deviceId, 11],
      [device.deviceId, 11],
    ]);
  });

  it('keeps all chunks of a device in one transaction, in the order of their sequence', async () => {
    const [one, other] = [new TestDevice(), new TestDevice()];
    const chunks = [0, 5, 10].map((first) => one.chunk(first));
    await ingest(
      one.queued(chunks[2]!),
      other.queued(other.chunk(0)),
      one.queued(chunks[0]!),
      one.queued(chunks[1]!),
    );
    expect(ledger.transactions).toHaveLength(1);
    expect(ledger.transactions[0]?.slice(0, 3)).toEqual(
      chunks.map((chunk) => Buffer.from(chunk).toString('base64')),
    );
  });

  it('records the same bytes brought twice once', async () => {
    const device = new TestDevice();
    const chunk = device.chunk(0);
    const report = await ingest(device.queued(chunk), device.queued(chunk));
    expect(ledger.transactions[0]).toHaveLength(1);
    expect(report).toMatchObject({ recorded: 1, failedMessageIds: [] });
    expect(acknowledged).toHaveLength(1);
  });
});

describe('redelivery', () => {
  it('of a recorded chunk is acknowledged again and changes nothing', async () => {
    const device = new TestDevice();
    const chunk = device.chunk(0);
    await ingest(device.queued(chunk));
    const report = await ingest(device.queued(chunk));
    expect(report).toMatchObject({ recorded: 0, already: 1, failedMessageIds: [] });
    expect(acknowledged.map(({ status }) => status)).toEqual(['committed', 'committed']);
    expect(hinted).toHaveLength(1);
  });

  it('follows when the acknowledgement could not be sent, and then it is', async () => {
    const device = new TestDevice();
    const queued = device.queued(device.chunk(0));
    const down = { ...ports, acknowledge: () => Promise.reject(new Error('broker down')) };
    const first = await ingestMessages([queued], down);
    expect(first.failedMessageIds).toEqual([queued.messageId]);
    expect(ledger.recorded.size).toBe(1);
    const second = await ingest({ ...queued, receiveCount: 2 });
    expect(second).toMatchObject({ already: 1, redelivered: 1, failedMessageIds: [] });
    expect(second.commitLatenciesMs).toEqual([]);
    expect(acknowledged).toMatchObject([{ status: 'committed' }]);
  });

  it('follows for every message of a transaction whose outcome is unknown, and nothing is told', async () => {
    const device = new TestDevice();
    const queued = [device.queued(device.chunk(0)), device.queued(device.chunk(5))];
    ledger.troubles.push('unknown');
    const report = await ingest(...queued);
    expect(new Set(report.failedMessageIds)).toEqual(
      new Set(queued.map(({ messageId }) => messageId)),
    );
    expect(report.failures).toEqual({ commit_unknown: 1 });
    expect(acknowledged).toEqual([]);
    expect(quarantined).toEqual([]);
  });

  it.each(['unreachable', 'conflict', 'identity', 'invalid', 'out_of_time', 'contract'] as const)(
    'follows for a transaction that failed by no fault of a chunk: %s',
    async (kind) => {
      const device = new TestDevice();
      const queued = device.queued(device.chunk(0));
      ledger.troubles.push(kind);
      expect((await ingest(queued)).failedMessageIds).toEqual([queued.messageId]);
      expect(quarantined).toEqual([]);
    },
  );

  it('follows when there is no identity to sign with, but what is unusable is quarantined at once', async () => {
    const device = new TestDevice();
    const good = device.queued(device.chunk(0));
    const bad = queuedBody('not json');
    const report = await ingestMessages([good, bad], {
      ...ports,
      submitAll: () => Promise.reject(new Error('no identity')),
    });
    expect(report.failedMessageIds).toEqual([good.messageId]);
    expect(report.failures).toEqual({ internal: 1 });
    expect(quarantined).toHaveLength(1);
  });
});

describe('alarms', () => {
  const device = new TestDevice();

  it('are evaluated for chunks that are on the ledger, also from before', async () => {
    const watched: number[] = [];
    const watch: IngestPorts['watch'] = (chunks) => {
      watched.push(...chunks.map(({ header }) => header.firstSequence));
      return Promise.resolve({ changed: 1, unfinishedMessageIds: [] });
    };
    const queued = device.queued(device.chunk(0));
    await ingestMessages([queued], { ...ports, watch });
    const report = await ingestMessages([queued], { ...ports, watch });
    expect(watched).toEqual([0, 0]);
    expect(report).toMatchObject({ already: 1, alarmsChanged: 1 });
    const lost = new TestDevice();
    ledger.refused.set(lost.deviceId, 'device_lost');
    await ingestMessages([lost.queued(lost.chunk(9))], { ...ports, watch });
    expect(watched).toEqual([0, 0]);
  });

  it('that could not be evaluated bring their message back once', async () => {
    const queued = device.queued(device.chunk(50));
    const unfinishedMessageIds = [queued.messageId];
    const report = await ingestMessages([queued], {
      ...ports,
      acknowledge: () => Promise.reject(new Error('broker down')),
      watch: () => Promise.resolve({ changed: 0, unfinishedMessageIds }),
    });
    expect(report).toMatchObject({ recorded: 1, failedMessageIds: [queued.messageId] });
  });
});

describe('a message that can never be recorded', () => {
  const device = new TestDevice();
  const other = new TestDevice();
  const chunk = device.chunk(3, 4);

  it.each([
    [
      'of a client that is not the device of the topic',
      device.queued(chunk, { clientId: other.deviceId }),
      'identity_mismatch',
    ],
    [
      'on the topic of another device',
      device.queued(chunk, { topic: `v1/${other.deviceId}/chunks` }),
      'identity_mismatch',
    ],
    [
      'on a topic below',
      device.queued(chunk, { topic: `v1/${device.deviceId}/chunks/x` }),
      'identity_mismatch',
    ],
    [
      'of a client that is no device',
      device.queued(chunk, { clientId: 'nurse', topic: 'v1/nurse/chunks' }),
      'identity_mismatch',
    ],
    ['with a chunk of another device', device.queued(other.chunk(0)), 'identity_mismatch'],
    ['with bytes that are no chunk', device.queued(Buffer.from('hello')), 'malformed'],
    ['with a payload that is not base64', device.queued(chunk, { payload: '%%%' }), 'malformed'],
    ['with nothing in it', device.queued(chunk, { payload: '' }), 'malformed'],
    ['above the limit of a chunk', device.queued(Buffer.alloc(131_073)), 'oversize'],
    ['that is not JSON', queuedBody('\u0000'), 'malformed'],
    ['of another shape', queuedBody('{"base64OriginalPayload":"AA==","failures":[]}'), 'malformed'],
  ])('%s is quarantined and does not hold up the others', async (_, bad, reason) => {
    const good = new TestDevice();
    const report = await ingest(bad, good.queued(good.chunk(0)));
    expect(report).toMatchObject({
      recorded: 1,
      quarantined: { [reason]: 1 },
      failedMessageIds: [],
    });
    expect(quarantined).toMatchObject([{ reason, quarantinedAtMs: NOW_MS }]);
    expect(ledger.recorded.size).toBe(1);
  });

  it('is told to the device that sent it, never to the one it names', async () => {
    await ingest(device.queued(other.chunk(0, 5)));
    expect(acknowledged).toEqual([
      {
        deviceId: device.deviceId,
        boot: 1,
        firstSequence: 0,
        count: 5,
        status: 'quarantined',
        reason: 'identity_mismatch',
      },
    ]);
  });

  it('comes back when it could not be quarantined, and the device is told nothing yet', async () => {
    const queued = device.queued(other.chunk(0));
    const report = await ingestMessages([queued], {
      ...ports,
      quarantine: () => Promise.reject(new Error('queue down')),
    });
    expect(report.failedMessageIds).toEqual([queued.messageId]);
    expect(acknowledged).toEqual([]);
  });
});

describe('a chunk that the contract refuses', () => {
  it('is quarantined with the reason and the number of its readings, the rest is recorded', async () => {
    const [lost, good] = [new TestDevice(), new TestDevice()];
    ledger.refused.set(lost.deviceId, 'device_lost');
    const report = await ingest(lost.queued(lost.chunk(0, 9)), good.queued(good.chunk(0)));
    expect(report).toMatchObject({ recorded: 1, quarantined: { device_lost: 1 } });
    expect(quarantined).toMatchObject([{ reason: 'device_lost', readings: 9 }]);
    expect(acknowledged).toContainEqual(
      expect.objectContaining({ deviceId: lost.deviceId, status: 'quarantined' }),
    );
  });

  it('with other bytes at a recorded sequence is a conflict, also within one batch', async () => {
    const device = new TestDevice();
    const report = await ingest(device.queued(device.chunk(0)), device.queued(device.chunk(0)));
    expect(report).toMatchObject({ recorded: 1, quarantined: { sequence_conflict: 1 } });
  });

  it('by failing the whole transaction is found by halves, and all others are recorded', async () => {
    const devices = Array.from({ length: 37 }, () => new TestDevice());
    const poison = devices[20]!;
    const chunk = poison.chunk(0);
    ledger.poison = { chunk, code: 'internal' };
    const queued = devices.map((one) => one.queued(one === poison ? chunk : one.chunk(0)));
    const report = await ingest(...queued);
    expect(report).toMatchObject({
      recorded: 36,
      quarantined: { malformed: 1 },
      failedMessageIds: [],
    });
    expect(quarantined[0]?.message.clientId).toBe(poison.deviceId);
    expect(ledger.transactions.length).toBeLessThanOrEqual(13);
  });
});

describe('any mixture of messages', () => {
  it('ends with every message recorded, quarantined or returned, and nothing acknowledged that is not on the ledger', async () => {
    const kind = fc.constantFrom('good', 'again', 'stranger', 'garbage', 'lost');
    const trouble = fc.constantFrom('unknown' as const, 'unreachable' as const, undefined);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(kind, fc.nat({ max: 4 }), fc.nat({ max: 6 })), { maxLength: 40 }),
        trouble,
        async (plan, first) => {
          ledger = new MemoryLedger();
          ports = { ...ports, submitAll: ledger.submitAll };
          acknowledged.length = 0;
          quarantined.length = 0;
          if (first !== undefined) ledger.troubles.push(first);
          const devices = Array.from({ length: 5 }, () => new TestDevice());
          ledger.refused.set(devices[4]!.deviceId, 'device_lost');
          const made = new Map<string, Uint8Array>();
          const queued = plan.map(([what, which, at]) => {
            const device = devices[which]!;
            if (what === 'garbage') return queuedBody('garbage');
            if (what === 'stranger') return device.queued(new TestDevice().chunk(0));
            const key = `${which}.${at}`;
            const chunk = made.get(key) ?? device.chunk(at * 5);
            if (what === 'again') made.set(key, chunk);
            return device.queued(chunk);
          });
          const report = await ingest(...queued);
          const returned = new Set(report.failedMessageIds);
          expect(returned.size).toBe(report.failedMessageIds.length);
          if (first === undefined) expect(returned.size).toBe(0);
          const committed = acknowledged.filter(({ status }) => status === 'committed');
          const named = committed.flatMap(({ deviceId, boot, firstSequence, count }) =>
            Array.from(
              { length: count / 5 },
              (_, n) => `${deviceId}.${boot}.${firstSequence + n * 5}`,
            ),
          );
          for (const chunk of named) expect(ledger.recorded.has(chunk)).toBe(true);
          expect(named.length).toBe(report.recorded + report.already);
          const counted = Object.values(report.quarantined).reduce((sum, n) => sum + n, 0);
          expect(quarantined).toHaveLength(counted);
        },
      ),
      { numRuns: 60 },
    );
  });
});
