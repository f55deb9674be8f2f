import { afterAll, beforeAll, describe } from '@jest/globals';
import { LedgerWorld } from '../support/ledger-world.ts';
import type { NetworkKind } from '../support/system.ts';
import { theDecisions } from './decisions.ts';
import { theEnvelopes } from './envelopes.ts';
import { theInputs } from './inputs.ts';
import { theMatrix } from './matrix.ts';

const LIMIT_MS = 240_000;

/** F1, F2, F3, F5, F7, F8, F9, F10 at the peers themselves. */
function attacks(kind: NetworkKind): void {
  let world: LedgerWorld;

  beforeAll(async () => {
    world = await LedgerWorld.start(kind);
  }, LIMIT_MS);

  afterAll(() => world.stop(), LIMIT_MS);

  theMatrix(() => world);
  theEnvelopes(() => world);
  theInputs(() => world);
  theDecisions(() => world);
}

describe('peers and contract, on the devnet', () => {
  attacks('devnet');
});

const onFabric = process.env['FABRIC_BIN'] === undefined ? describe.skip : describe;

onFabric('peers and contract, on native Fabric (skipped: FABRIC_BIN is not set)', () => {
  attacks('fabric');
});
