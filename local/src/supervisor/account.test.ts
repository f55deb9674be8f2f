import { describe, expect, test } from '@jest/globals';
import type { Chunk, Reading } from '@pulseledger/domain';
import { accountOf } from './account.ts';
import type { LedgerChunk } from './comparison.ts';
import type { Truth } from './truth-summary.ts';

const PATIENT = 'a'.repeat(32);
const readings: readonly Reading[] = [{ code: '8867-4', unit: '/min', atMs: 1_000, value: 60 }];
const NAME = { device: 'd', boot: 1, first: 0 };

function truthOf(binds: boolean, unfinishedAttacks: readonly string[] = []) {
  const chunk = { ...NAME, patientId: PATIENT, readings, sha256: 's', binds };
  const expectation = {
    what: 'chunk',
    device: 'd',
    sha256: 's',
    fate: 'committed',
    binds,
  } as const;
  return {
    chunks: [chunk],
    expectations: [expectation],
    unfinishedAttacks,
  } satisfies Partial<Truth>;
}

const onLedger: LedgerChunk = {
  patientId: PATIENT,
  chunk: { deviceId: 'd', boot: 1, firstSequence: 0, readings } as unknown as Chunk,
  sha256: 's',
};

describe('the whole account', () => {
  test('is right when everything is where it has to be', () => {
    const { comparison, fates } = accountOf(truthOf(true), [onLedger], []);
    expect(comparison).toMatchObject({ handedOver: 1, committed: 1, lost: 0, altered: 0 });
    expect(fates).toEqual({ met: { committed: 1 }, wrong: [] });
  });

  test("a chunk in another sender's quarantine is lost all the same", () => {
    const other = { clientId: 'other', sha256: 's', reason: 'overlap' } as const;
    const { comparison } = accountOf(truthOf(true), [], [other]);
    expect(comparison).toMatchObject({ quarantined: 0, lost: 1 });
    const own = { ...other, clientId: 'd' };
    expect(accountOf(truthOf(true), [], [own]).comparison).toMatchObject({
      quarantined: 1,
      lost: 0,
    });
  });

  test("an attacker's honest chunk that the broker never acknowledged may be there or not", () => {
    expect(accountOf(truthOf(false), [], []).comparison).toMatchObject({ handedOver: 0, lost: 0 });
    expect(accountOf(truthOf(false), [onLedger], []).comparison).toMatchObject({
      handedOver: 1,
      committed: 1,
      altered: 0,
    });
  });

  test('an attack that was not carried out to its end makes it wrong', () => {
    const { fates } = accountOf(truthOf(true, ['flood']), [onLedger], []);
    expect(fates.wrong).toMatchObject([{ what: 'flood', expected: 'carried out' }]);
  });
});
