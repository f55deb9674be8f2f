import { beforeEach, describe, expect, it } from '@jest/globals';
import {
  compositeKey,
  DeviceGaps,
  LATE_AFTER_MS,
  ListGapsOutput,
  RECORD_KEYS,
} from '@pulseledger/domain';
import { readOpened } from '../testing/attesting.ts';
import type { Identity, LedgerDouble } from '../testing/ledger-double.ts';
import {
  assignWearable,
  HOUR_MS,
  idOf,
  ledgerWith,
  MINUTE_MS,
  NOON_MS,
  OTHER_PATIENT_ID,
  PATIENT_ID,
  PEOPLE,
  record,
  setTreating,
  Wearable,
} from '../testing/story.ts';

const watch = new Wearable('watch');
const band = new Wearable('band');
const { deviceId } = watch;
const NOW_MS = NOON_MS + HOUR_MS;

let ledger: LedgerDouble;
beforeEach(async () => {
  ledger = await ledgerWith(watch, band);
});

async function gaps(
  identity: Identity = PEOPLE.administrator,
  nowMs = NOW_MS,
  patientId = PATIENT_ID,
) {
  const proposal = { identity, input: { deviceId, patientId }, nowMs };
  const answer =
    identity.role === 'administrator'
      ? await ledger.evaluate('device:ReadGaps', proposal)
      : await readOpened(ledger, 'device:ReadGaps', proposal);
  return DeviceGaps.parse(answer);
}

async function list(identity: Identity, input: object = { pageSize: 10 }) {
  return ListGapsOutput.parse(
    await ledger.evaluate('device:ListGaps', { identity, input, nowMs: NOW_MS }),
  );
}

/** Three readings from this sequence on, measured that many minutes after noon. */
function chunk(firstSequence: number, minute: number, boot = 1): Uint8Array {
  return watch.chunk({ startMs: NOON_MS + minute * MINUTE_MS, firstSequence, boot });
}

describe('the report on what is missing of a device', () => {
  it('knows a device that has never sent anything', async () => {
    expect(await gaps()).toEqual({
      deviceId,
      status: 'active',
      contact: 'none',
      lastMeasuredMs: null,
      lastReceivedMs: null,
      lastCommittedMs: null,
      clockOffsetMs: null,
      recordedReadings: 0,
      missingReadings: 0,
      boots: [],
      isWhole: true,
      atMs: NOW_MS,
    });
  });

  it('names the ranges that are missing in each boot, and forgets them when they come', async () => {
    await record(ledger, [chunk(3, 1), chunk(9, 3)], NOON_MS + 5 * MINUTE_MS);
    await record(ledger, [chunk(0, 10, 2)], NOON_MS + 12 * MINUTE_MS);
    expect(await gaps()).toMatchObject({
      recordedReadings: 9,
      missingReadings: 6,
      boots: [
        {
          boot: 1,
          recorded: 6,
          missing: [
            [0, 2],
            [6, 8],
          ],
          state: 'late',
        },
        { boot: 2, recorded: 3, missing: [], state: 'complete' },
      ],
    });
    await record(ledger, [chunk(0, 0), chunk(6, 2)], NOON_MS + 50 * MINUTE_MS);
    expect(await gaps()).toMatchObject({
      missingReadings: 0,
      boots: [{ boot: 2, missing: [], state: 'complete' }],
    });
  });

  it('says when the device was heard of, and how far off its clock is', async () => {
    const endMs = NOON_MS + MINUTE_MS + 2_000;
    const chunks = [chunk(0, 0), chunk(3, 1)];
    // The first one waited in the device; the fresh one says how the clock stands.
    await record(ledger, chunks, endMs + 9_000, [endMs + 400, endMs + 700]);
    expect(await gaps()).toMatchObject({
      contact: 'late',
      lastMeasuredMs: endMs,
      lastReceivedMs: endMs + 700,
      lastCommittedMs: endMs + 9_000,
      clockOffsetMs: 700,
    });
    const ahead = watch.chunk({ startMs: NOON_MS + 4 * MINUTE_MS, firstSequence: 6 });
    await record(ledger, [ahead], NOON_MS + 3 * MINUTE_MS, [NOON_MS + 3 * MINUTE_MS]);
    const { clockOffsetMs } = await gaps();
    expect(clockOffsetMs).toBe(-MINUTE_MS - 2_000);
  });

  it('tells gaps that may still close from those that have waited', async () => {
    await record(ledger, [chunk(3, 1)], NOON_MS + 5 * MINUTE_MS);
    const heardMs = NOON_MS + 5 * MINUTE_MS;
    const soon = await gaps(PEOPLE.administrator, heardMs + LATE_AFTER_MS);
    expect(soon).toMatchObject({ contact: 'current', boots: [{ state: 'pending' }] });
    const later = await gaps(PEOPLE.administrator, heardMs + LATE_AFTER_MS + 1);
    expect(later).toMatchObject({ contact: 'late', boots: [{ state: 'late' }] });
  });

  it('knows no clock when ingest does not say when it received', async () => {
    await record(ledger, [chunk(0, 0)]);
    expect(await gaps()).toMatchObject({ lastReceivedMs: null, clockOffsetMs: null });
  });

  it('reads devices stored by version 0.1.0, which knew no times', async () => {
    await record(ledger, [chunk(3, 0)]);
    const key = compositeKey(RECORD_KEYS.device(deviceId));
    const stored = ledger.privateData.get(key)!;
    const old = JSON.parse(Buffer.from(stored.value).toString()) as Record<string, unknown>;
    delete old['activity'];
    ledger.privateData.set(key, { ...stored, value: Buffer.from(JSON.stringify(old)) });
    expect(await gaps()).toMatchObject({
      contact: 'late',
      lastCommittedMs: null,
      boots: [{ boot: 1, missing: [[0, 2]], measuredFromMs: null }],
    });
    await expect(gaps(PEOPLE.patient)).resolves.toMatchObject({ contact: 'none', boots: [] });
  });

  it.each([[[NOON_MS]], [[NOON_MS, -1]], [[NOON_MS, 'noon']], ['soon'], [{}]])(
    'is not built on times of receipt such as %j',
    async (received) => {
      const call = ledger.endorse('vitals:RecordChunks', {
        identity: PEOPLE.ingest,
        chunks: Buffer.concat([...frame(chunk(0, 0)), ...frame(chunk(3, 1))]),
        received,
        nowMs: NOW_MS,
      });
      await expect(call).rejects.toThrow('invalid_input: ');
    },
  );
});

function frame(bytes: Uint8Array): Uint8Array[] {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return [length, bytes];
}

describe('who may see what is missing', () => {
  beforeEach(async () => {
    await record(ledger, [chunk(3, 1)], NOON_MS + 5 * MINUTE_MS);
  });

  it('is the patient, who treats the patient now, and the custodian’s administrator', async () => {
    await setTreating(ledger, PEOPLE.doctor);
    for (const identity of [PEOPLE.patient, PEOPLE.doctor, PEOPLE.administrator]) {
      expect(await gaps(identity)).toMatchObject({ missingReadings: 3 });
    }
  });

  it('is nobody else, and they learn not even that the device exists', async () => {
    await setTreating(ledger, PEOPLE.doctor, NOW_MS);
    const strangers = [PEOPLE.otherPatient, PEOPLE.nurse, PEOPLE.doctor, PEOPLE.clinicDoctor];
    for (const identity of strangers) {
      await expect(gaps(identity)).rejects.toThrow('access_denied: ');
    }
    const call = gaps(PEOPLE.clinicAdministrator);
    await expect(call).rejects.toThrow('not_found: There is no such device.');
    const unknown = ledger.evaluate('device:ReadGaps', {
      identity: PEOPLE.administrator,
      input: { deviceId: idOf('none') },
      nowMs: NOW_MS,
    });
    await expect(unknown).rejects.toThrow('not_found: There is no such device.');
  });

  it('of a device that was handed on, is each wearer’s own part only', async () => {
    const handedOnMs = NOON_MS + 20 * MINUTE_MS;
    await ledger.submit('device:EndAssignment', {
      identity: PEOPLE.administrator,
      input: { deviceId, patientId: PATIENT_ID, untilMs: handedOnMs },
      nowMs: NOW_MS,
    });
    const next = { patientId: OTHER_PATIENT_ID, fromMs: handedOnMs, untilMs: null };
    await assignWearable(ledger, watch, next);
    // The boot goes on at the next wearer's arm; then the device is restarted there.
    await record(ledger, [chunk(6, 30)], NOON_MS + 31 * MINUTE_MS);
    await record(ledger, [chunk(3, 40, 2)], NOON_MS + 41 * MINUTE_MS);
    const before = await gaps(PEOPLE.patient);
    expect(before).toMatchObject({
      contact: 'late',
      lastMeasuredMs: handedOnMs,
      lastReceivedMs: null,
      lastCommittedMs: null,
      boots: [{ boot: 1, measuredFromMs: NOON_MS + MINUTE_MS, measuredUntilMs: handedOnMs }],
    });
    const after = await gaps(PEOPLE.otherPatient, NOW_MS, OTHER_PATIENT_ID);
    expect(after).toMatchObject({
      lastCommittedMs: NOON_MS + 41 * MINUTE_MS,
      boots: [
        { boot: 1, measuredFromMs: handedOnMs },
        { boot: 2, missing: [[0, 2]] },
      ],
    });
    expect(JSON.stringify([before, after])).not.toMatch(
      new RegExp(`${PATIENT_ID}|${OTHER_PATIENT_ID}`),
    );
  });
});

describe('the list of what is missing', () => {
  it('goes through the devices of the own organization, a page at a time', async () => {
    await record(ledger, [chunk(3, 1)], NOON_MS + 5 * MINUTE_MS);
    for (const identity of [PEOPLE.administrator, PEOPLE.ingest]) {
      const first = await list(identity, { pageSize: 1 });
      expect(first.devices).toHaveLength(1);
      const { bookmark } = first;
      const second = await list(identity, { pageSize: 1, bookmark });
      expect(second.bookmark).toBeUndefined();
      const all = [...first.devices, ...second.devices];
      expect(all.map((one) => one.deviceId)).toEqual([deviceId, band.deviceId].sort());
      expect(all.find((one) => one.deviceId === deviceId)).toEqual(await gaps());
    }
  });

  it('shows no device of another custodian', async () => {
    for (const identity of [PEOPLE.clinicAdministrator, PEOPLE.clinicIngest]) {
      expect(await list(identity)).toEqual({ devices: [] });
    }
  });

  it('refuses a bookmark that is none', async () => {
    const call = list(PEOPLE.administrator, { pageSize: 1, bookmark: 'z' });
    await expect(call).rejects.toThrow('invalid_input: ');
  });
});
