import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { PulseError, type Reading } from '@pulseledger/domain';
import { startNetwork } from '../../bench/start-network.ts';
import { LedgerWorld, type Wearer } from '../support/ledger-world.ts';
import { shortlyAgo } from '../support/signer-device.ts';

const LIMIT_MS = 240_000;
/** No file may grow beyond so many blocks of 512 bytes: the ledger's disk "is full" at two megabytes. */
const BLOCKS = 4_096;
const READINGS = 4_000;
/** More transactions than fit. */
const MOST = 200;

/** A chunk that does not get smaller by packing: each value has its eight bytes. */
function bulky(wearer: Wearer, nth: number): Buffer {
  const readings = Array.from({ length: READINGS }, (_, index): Reading => {
    const value = 60 + 20 * Math.abs(Math.sin(nth * READINGS + index));
    return { code: '8867-4', unit: '/min', atMs: shortlyAgo() + index, value };
  });
  return wearer.chunk({ firstSequence: nth * READINGS, readings });
}

/** Records one chunk after the other until the ledger takes no more. */
async function fill(world: LedgerWorld, wearer: Wearer) {
  const record = world.client(await world.ingest());
  const kept: Buffer[] = [];
  for (let nth = 0; nth < MOST; nth += 1) {
    const chunk = bulky(wearer, nth);
    try {
      const { results } = await record.recordChunks([chunk]);
      expect(results).toEqual([{ status: 'recorded' }]);
      kept.push(chunk);
    } catch (error) {
      return { kept, refused: chunk, error };
    }
  }
  throw new Error('the disk was never full');
}

describe("a disk of the ledger's that is full", () => {
  it(
    'O3 the network records nothing more, says why and ends; all that it had confirmed is there afterwards',
    async () => {
      const folder = await mkdtemp(join(tmpdir(), 'pulse-full-'));
      const small = await startNetwork('devnet', folder, { fileBlocks: BLOCKS });
      const before = new LedgerWorld('devnet', folder, small);
      const wearer = await before.wearer();
      const { kept, refused, error } = await fill(before, wearer);
      expect(error).toBeInstanceOf(PulseError);
      expect(['unavailable', 'commit_unknown', 'timeout']).toContain((error as PulseError).code);
      expect(kept.length).toBeGreaterThan(0);
      const { code, said } = await small.ended;
      expect(code).toBe(1);
      expect(said).toContain('a block cannot be stored, so the network stops');
      before.close();
      await small.stop();

      const after = new LedgerWorld('devnet', folder, await startNetwork('devnet', folder));
      await after.provideAttesters();
      const stored = await after.chunksOf(wearer.patientId);
      // A confirmation may be missing for what is there, never the other way round.
      expect(kept.filter((chunk) => !stored.some((one) => one.equals(chunk)))).toEqual([]);
      const record = after.client(await after.ingest());
      const { results } = await record.recordChunks([refused, bulky(wearer, MOST)]);
      expect(results[1]).toEqual({ status: 'recorded' });
      expect(results[0]?.status).toMatch(/^(recorded|already)$/);
      expect(await after.chunksOf(wearer.patientId)).toHaveLength(kept.length + 2);
      await after.stop();
    },
    LIMIT_MS,
  );
});
