/** What the API relies on in a record: one table, run over the twin in memory and over a network. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { chunkHeader, PulseError, type Reading, type ReadVitalsInput } from '@pulseledger/domain';
import type { RecordPort } from '../../lambdas/fhir-api/src/record/port.ts';
import type { Caller } from '../../lambdas/fhir-api/src/smart/token.ts';
import type { Sent } from '../../lambdas/fhir-api/src/testing/memory-record.ts';
import {
  AMINA,
  administrator,
  agent,
  amina,
  BORIS,
  BORIS_WATCH,
  boris,
  doctor,
  doctorElsewhere,
  heartRate,
  MINUTE_MS,
  NOBODY,
  nurse,
  TEN,
  WATCH,
} from '../../lambdas/fhir-api/src/testing/story.ts';

/** A record with the people of the story in it. */
export interface World {
  readonly send: (sent: Sent) => Promise<void>;
  readonly as: (caller: Caller) => Promise<RecordPort>;
  readonly close: () => Promise<void>;
}

const HOUR_MS = 60 * MINUTE_MS;
const ALL = { patientId: AMINA, fromMs: 0, toMs: TEN + 5 * HOUR_MS, pageSize: 100 };

function temperature(atMs: number): Reading {
  return { code: '8310-5', unit: 'Cel', atMs, value: 36.6 };
}

const READING_ROLES = ['patient', 'doctor', 'nurse'];

/** In the order in which they are read; sent in another. */
const SENT: readonly Sent[] = [
  { deviceId: WATCH, firstSequence: 0, readings: [heartRate(TEN - HOUR_MS)] },
  { deviceId: WATCH, firstSequence: 1, readings: [heartRate(TEN), heartRate(TEN + MINUTE_MS)] },
  { deviceId: WATCH, firstSequence: 3, readings: [temperature(TEN + 30_000)] },
  { deviceId: WATCH, boot: 2, firstSequence: 0, readings: [heartRate(TEN + 10_000)] },
  { deviceId: WATCH, boot: 2, firstSequence: 1, readings: [heartRate(TEN + HOUR_MS)] },
];

async function codeOf(answer: Promise<unknown>): Promise<string> {
  try {
    await answer;
    return 'answered';
  } catch (error) {
    if (error instanceof PulseError) return error.code;
    throw error;
  }
}

export function describeRecord(name: string, open: () => Promise<World>): void {
  describe(name, () => {
    let world: World;

    beforeAll(async () => {
      world = await open();
      for (const sent of SENT.toReversed()) await world.send(sent);
      await world.send({ deviceId: BORIS_WATCH, firstSequence: 0, readings: [heartRate(TEN, 88)] });
    }, 180_000);

    afterAll(() => world.close(), 60_000);

    async function starts(input: Partial<ReadVitalsInput>): Promise<number[]> {
      const record = await world.as(doctor);
      const { chunks } = await record.readChunks({ ...ALL, ...input });
      return chunks.map((chunk) => chunkHeader(Buffer.from(chunk, 'base64')).startMs - TEN);
    }

    it('gives chunks in the order of hour, device, boot, sequence', async () => {
      expect(await starts({})).toEqual([-HOUR_MS, 0, 30_000, 10_000, HOUR_MS]);
    });

    it('gives chunks with a reading that starts in a half-open period', async () => {
      expect(await starts({ fromMs: TEN, toMs: TEN + 1 })).toEqual([0]);
      expect(await starts({ fromMs: TEN + 1, toMs: TEN + 10_000 })).toEqual([]);
      expect(await starts({ fromMs: TEN + 1, toMs: TEN + 10_001 })).toEqual([10_000]);
      expect(await starts({ fromMs: TEN + 30_001, toMs: TEN + HOUR_MS })).toEqual([0]);
    });

    it('gives chunks with at least one of the codes', async () => {
      expect(await starts({ codes: ['8310-5'] })).toEqual([30_000]);
      expect(await starts({ codes: ['8310-5', '8867-4'] })).toHaveLength(5);
      expect(await starts({ codes: ['9279-1'] })).toEqual([]);
    });

    it('gives all chunks once over pages', async () => {
      const record = await world.as(amina);
      for (const pageSize of [1, 2, 3, 5]) {
        const found: string[] = [];
        let bookmark: string | undefined;
        do {
          const page = await record.readChunks({ ...ALL, pageSize, bookmark });
          expect(page.chunks.length).toBeLessThanOrEqual(pageSize);
          found.push(...page.chunks);
          bookmark = page.bookmark;
        } while (bookmark !== undefined);
        expect(found).toEqual((await record.readChunks(ALL)).chunks);
      }
    });

    it('finds the chunk of a reading, and whose it is', async () => {
      const record = await world.as(doctor);
      const id = { deviceId: WATCH, boot: 1, sequence: 2, atMs: TEN + MINUTE_MS };
      const { patientId, chunk } = await record.findChunk(id);
      expect(patientId).toBe(AMINA);
      expect(chunkHeader(Buffer.from(chunk, 'base64'))).toMatchObject({
        firstSequence: 1,
        count: 2,
      });
      for (const changed of [{ boot: 3 }, { sequence: 9 }, { atMs: TEN + 9 * HOUR_MS }]) {
        expect(await codeOf(record.findChunk({ ...id, ...changed }))).toBe('not_found');
      }
    });

    it('knows patients and devices', async () => {
      const record = await world.as(nurse);
      const { basics } = await record.readPatient({ patientId: BORIS });
      expect(basics).toEqual({
        family: "O'Neill",
        given: [],
        birthDate: '1990',
        gender: 'unknown',
      });
      const device = await record.readDevice({ deviceId: BORIS_WATCH });
      expect(device).toMatchObject({ deviceId: BORIS_WATCH, serial: 'S-2', model: 'W1' });
      expect(device.assignments.map(({ patientId }) => patientId)).toEqual([BORIS]);
    });

    it('opens to the patient and to who treats the patient, and to nobody else', async () => {
      const everybody = [amina, boris, doctor, nurse, doctorElsewhere, agent, administrator];
      const may: Record<string, readonly Caller[]> = {
        [AMINA]: [amina, doctor],
        [BORIS]: [boris, nurse],
        [NOBODY]: [],
      };
      for (const caller of everybody) {
        const record = await world.as(caller);
        for (const [patientId, allowed] of Object.entries(may)) {
          const isAllowed = allowed.includes(caller);
          const expected = isAllowed ? 'answered' : 'access_denied';
          const where = `${caller.subject} ${patientId}`;
          const codes = [
            await codeOf(record.readChunks({ ...ALL, patientId })),
            await codeOf(record.readPatient({ patientId })),
          ];
          expect([where, ...codes]).toEqual([where, expected, expected]);
        }
        const sees = await codeOf(
          record.findChunk({ deviceId: BORIS_WATCH, boot: 1, sequence: 0, atMs: TEN }),
        );
        // Roles that never read are refused as such; who might read learns nothing from the answer.
        const refused = READING_ROLES.includes(caller.role) ? 'not_found' : 'access_denied';
        const expected = may[BORIS]?.includes(caller) === true ? 'answered' : refused;
        expect([caller.subject, sees]).toEqual([caller.subject, expected]);
      }
    });
  });
}
