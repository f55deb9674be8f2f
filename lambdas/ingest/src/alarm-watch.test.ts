import { randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, it } from '@jest/globals';
import {
  type AlarmState,
  type AlarmStatesInput,
  type AlarmStatesOutput,
  chunkHeader,
  DEFAULT_SETTINGS,
  NO_ALARMS,
} from '@pulseledger/domain';
import type { AlarmRecorder } from './alarm-recorder.ts';
import { AlarmWatch, type CommittedChunk } from './alarm-watch.ts';
import { START_MS, TestDevice } from './testing/devices.ts';

const MINUTE_MS = 60_000;
const RACING = () => 150;

/** Alarms as the contract keeps them: one document a patient, written over its own revision only. */
class AlarmLedger {
  readonly stored = new Map<string, { revision: number; state: AlarmState }>();
  readonly wearers = new Map<string, string>();
  /** Calls of each kind. */
  readonly calls = { states: 0, records: 0 };
  settings = DEFAULT_SETTINGS;
  fails = false;
  hangs = false;
  /** Runs between an evaluation and its recording. */
  inBetween: () => void = () => undefined;

  states({ devices }: AlarmStatesInput): Promise<AlarmStatesOutput> {
    this.calls.states += 1;
    if (this.hangs) return Promise.withResolvers<AlarmStatesOutput>().promise;
    if (this.fails) return Promise.reject(new Error('no peer'));
    const wearers = devices.map(({ deviceId }) => {
      const patientId = this.wearers.get(deviceId) ?? null;
      return { deviceId, patientId, pseudonym: patientId };
    });
    const ids = new Set(wearers.flatMap(({ patientId }) => patientId ?? []));
    const patients = [...ids].map((patientId) => ({
      patientId,
      settings: this.settings,
      ...(this.stored.get(patientId) ?? { revision: 0, state: NO_ALARMS }),
    }));
    return Promise.resolve({ wearers, patients });
  }

  readonly recorder: AlarmRecorder = {
    record: (changed) => {
      this.calls.records += 1;
      this.inBetween();
      return Promise.resolve(
        changed.map(({ patient, devices }) => {
          const { patientId, revision, state } = patient;
          const isWorn = devices.every(({ deviceId }) => this.wearers.get(deviceId) === patientId);
          const known = this.stored.get(patientId)?.revision ?? 0;
          if (!isWorn || known !== revision) return { status: 'again' };
          this.stored.set(patientId, { revision: revision + 1, state });
          return { status: 'recorded', blockNumber: 7 };
        }),
      );
    },
  };

  rules(patientId: string): string[] {
    const devices = this.stored.get(patientId)?.state.devices ?? [];
    return devices.flatMap(({ tracks }) => tracks.map(({ rule }) => rule));
  }
}

let ledger: AlarmLedger;
let nowMs: number;
let hinted: [string, number][];
let watch: AlarmWatch;
let abandoned: AbortController;
const device = new TestDevice();
const patientId = randomBytes(16).toString('hex');

function newWatch(): AlarmWatch {
  return new AlarmWatch({
    alarmStates: (input) => ledger.states(input),
    recorder: ledger.recorder,
    hint: (pseudonym, blockNumber) => {
      hinted.push([pseudonym, blockNumber]);
      return Promise.resolve();
    },
    now: () => nowMs,
  });
}

beforeEach(() => {
  ledger = new AlarmLedger();
  ledger.wearers.set(device.deviceId, patientId);
  nowMs = START_MS + 2 * MINUTE_MS;
  hinted = [];
  watch = newWatch();
  abandoned = new AbortController();
});

function committed(bytes: Uint8Array): CommittedChunk {
  const header = chunkHeader(bytes);
  return {
    bytes,
    header,
    receivedAtMs: header.endMs + 500,
    messageIds: [`${header.firstSequence}`],
  };
}

function evaluate(...chunks: Uint8Array[]) {
  return watch.evaluate(chunks.map(committed), nowMs + MINUTE_MS, abandoned.signal);
}

describe('the watch over committed chunks', () => {
  it('records an alarm and says so without a value', async () => {
    const report = await evaluate(device.chunk(0, 61, 1, RACING));
    expect(report).toEqual({ changed: 1, unfinishedMessageIds: [] });
    expect(ledger.rules(patientId)).toEqual(['8867-4.high.high', '8867-4.high.medium']);
    expect(hinted).toEqual([[patientId, 7]]);
  });

  it('asks the ledger once a minute for a patient, and writes nothing, while all is well', async () => {
    for (let first = 0; first < 100; first += 10) await evaluate(device.chunk(first, 10));
    expect(ledger.calls).toEqual({ states: 1, records: 0 });
    nowMs += MINUTE_MS;
    await evaluate(device.chunk(100, 10));
    expect(ledger.calls).toEqual({ states: 2, records: 0 });
  });

  it('writes one alarm once, however long it lasts', async () => {
    for (let first = 0; first < 120; first += 10)
      await evaluate(device.chunk(first, 10, 1, RACING));
    // What waits to become an alarm is written too, so that any other service can go on from it.
    expect(ledger.calls).toEqual({ states: 1, records: 2 });
    expect(ledger.stored.get(patientId)?.revision).toBe(2);
  });

  it('goes on where another service stopped, within a wait', async () => {
    await evaluate(device.chunk(0, 40, 1, RACING));
    watch = newWatch();
    await evaluate(device.chunk(40, 40, 1, RACING));
    const [track] = ledger.stored.get(patientId)?.state.devices[0]?.tracks ?? [];
    expect(track?.alarm).toMatchObject({ raisedAtMs: START_MS + 60_000 });
  });

  it('evaluates anew when somebody wrote in between, and undoes nothing', async () => {
    const other = new TestDevice();
    ledger.wearers.set(other.deviceId, patientId);
    const rival = newWatch();
    await Promise.all([
      evaluate(device.chunk(0, 61, 1, RACING)),
      rival.evaluate(
        [committed(other.chunk(0, 61, 1, RACING))],
        nowMs + MINUTE_MS,
        abandoned.signal,
      ),
    ]);
    const devices = ledger.stored.get(patientId)?.state.devices.map(({ deviceId }) => deviceId);
    expect(new Set(devices)).toEqual(new Set([device.deviceId, other.deviceId]));
    expect(ledger.stored.get(patientId)?.revision).toBe(2);
  });

  it('changes nothing when a chunk comes twice, at another service too', async () => {
    const chunk = device.chunk(0, 61, 1, RACING);
    await evaluate(chunk);
    await evaluate(chunk);
    watch = newWatch();
    await evaluate(chunk);
    expect(ledger.stored.get(patientId)?.revision).toBe(1);
  });

  it('follows a device to its next patient', async () => {
    await evaluate(device.chunk(0, 10));
    const next = randomBytes(16).toString('hex');
    ledger.wearers.set(device.deviceId, next);
    await evaluate(device.chunk(10, 61, 1, RACING));
    expect(ledger.rules(patientId)).toEqual([]);
    expect(ledger.rules(next)).toHaveLength(2);
  });

  it('does nothing for a device that nobody wears', async () => {
    ledger.wearers.clear();
    expect(await evaluate(device.chunk(0, 61, 1, RACING))).toEqual({
      changed: 0,
      unfinishedMessageIds: [],
    });
    expect(ledger.calls.records).toBe(0);
  });

  it('marks late data as historical and raises nothing', async () => {
    nowMs = START_MS + 10 * MINUTE_MS;
    await evaluate(device.chunk(0, 61, 1, RACING));
    expect(ledger.rules(patientId)).toEqual([]);
    expect(ledger.stored.get(patientId)?.state.historical.map(({ rule }) => rule)).toEqual([
      '8867-4.high.high',
      '8867-4.high.medium',
    ]);
  });
});

describe('alarms that cannot be evaluated or written', () => {
  it('bring their messages back while the readings are live, and no longer', async () => {
    ledger.fails = true;
    const chunk = device.chunk(3, 5);
    expect((await evaluate(chunk)).unfinishedMessageIds).toEqual(['3']);
    nowMs = START_MS + 10 * MINUTE_MS;
    expect((await evaluate(chunk)).unfinishedMessageIds).toEqual([]);
  });

  it('are given up with a ledger that does not answer: what was live comes back, what was late does not', async () => {
    ledger.hangs = true;
    const chunks = [device.chunk(0, 5), device.chunk(600, 5)];
    nowMs = START_MS + 10 * MINUTE_MS;
    const evaluated = evaluate(...chunks);
    abandoned.abort();
    expect(await evaluated).toEqual({ changed: 0, unfinishedMessageIds: ['600'] });
  });

  it('are evaluated when the message comes back', async () => {
    const chunk = device.chunk(0, 61, 1, RACING);
    ledger.fails = true;
    await evaluate(chunk);
    ledger.fails = false;
    expect(await evaluate(chunk)).toEqual({ changed: 1, unfinishedMessageIds: [] });
  });

  it('come back when others always write first', async () => {
    ledger.inBetween = () => {
      const known = ledger.stored.get(patientId)?.revision ?? 0;
      ledger.stored.set(patientId, { revision: known + 1, state: NO_ALARMS });
    };
    const report = await evaluate(device.chunk(0, 61, 1, RACING));
    expect(report).toEqual({ changed: 0, unfinishedMessageIds: ['0'] });
  });
});
