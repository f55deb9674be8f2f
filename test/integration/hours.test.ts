import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type CloseReport, closeHours } from '../../lambdas/close-hour/src/close-hours.ts';
import { LedgerWorld, type Wearer } from '../negative/support/ledger-world.ts';

const LIMIT_MS = 120_000;
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

describe('hourly trends, on the devnet', () => {
  let world: LedgerWorld;
  let wearer: Wearer;
  /** An hour that has been over for two. */
  const firstMs = Math.floor(Date.now() / HOUR_MS) * HOUR_MS - 3 * HOUR_MS;

  beforeAll(async () => {
    world = await LedgerWorld.start('devnet');
    wearer = await world.wearer();
  }, LIMIT_MS);

  afterAll(() => world.stop(), LIMIT_MS);

  async function recordAt(...starts: readonly (readonly [sequence: number, atMs: number])[]) {
    const chunks = starts.map(([firstSequence, atMs]) => wearer.chunk({ firstSequence, atMs }));
    const { results } = await world.client(await world.ingest()).recordChunks(chunks);
    expect(results).toEqual(starts.map(() => ({ status: 'recorded' })));
  }

  async function close(): Promise<CloseReport> {
    return closeHours(world.client(await world.ingest()));
  }

  /** Hours since the first one, with how many readings they count. */
  async function trends(): Promise<(readonly [number, number])[]> {
    const { patientId } = wearer;
    const claims = { organization: 'hospital', role: 'patient', subjectId: patientId } as const;
    const patient = world.client(await world.person(claims));
    const toMs = firstMs + 24 * HOUR_MS;
    const { rows } = await patient.readHours({ patientId, fromMs: firstMs, toMs, pageSize: 100 });
    return rows.map(({ atMs, summaries }) => [
      (atMs - firstMs) / HOUR_MS,
      summaries.reduce((sum, { count }) => sum + count, 0),
    ]);
  }

  it(
    'count each hour that is over once, although two close it at the same time',
    async () => {
      await recordAt([0, firstMs], [5, firstMs + 20 * MINUTE_MS], [10, firstMs + HOUR_MS]);
      await recordAt([15, firstMs + 3 * HOUR_MS]);
      expect(await trends()).toEqual([]);
      const both = await Promise.all([close(), close()]);
      expect(both.map(({ failures }) => failures)).toEqual([{}, {}]);
      expect(await trends()).toEqual([
        [0, 10],
        [1, 5],
      ]);
      expect(await close()).toEqual({ lookedAt: 0, closed: 0, failures: {} });
    },
    LIMIT_MS,
  );

  it(
    'are written anew when a chunk comes late',
    async () => {
      await recordAt([20, firstMs + 40 * MINUTE_MS]);
      expect(await close()).toEqual({ lookedAt: 1, closed: 1, failures: {} });
      expect(await trends()).toEqual([
        [0, 15],
        [1, 5],
      ]);
    },
    LIMIT_MS,
  );
});
