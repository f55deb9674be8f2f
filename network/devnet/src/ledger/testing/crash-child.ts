import type { Ledger } from '../types.ts';
import {
  type Endorsed,
  endorse,
  nextBlock,
  openTestLedger,
  PROVIDERS,
  PULSE,
} from './test-network.ts';

/**
 * Commits blocks for ever and prints each number once its commit is answered: the process that ../crash.test.ts kills.
 * Usage: node crash-child.ts DIRECTORY
 */

const PUBLIC_KEYS = 7;
const PRIVATE_KEYS = 11;

async function endorseNext(ledger: Ledger, index: number): Promise<Endorsed> {
  const txId = `${ledger.height}-${index}`;
  const serial = ledger.height + index;
  return endorse(ledger, txId, (simulator) => {
    const key = `public${serial % PUBLIC_KEYS}`;
    const secret = `private${serial % PRIVATE_KEYS}`;
    simulator.getState(PULSE, key);
    simulator.getPrivateDataHash(PULSE, PROVIDERS, secret);
    if (serial % 5 === 0) simulator.deleteState(PULSE, key);
    else simulator.putState(PULSE, key, Buffer.from(txId));
    if (serial % 6 === 0) simulator.purgePrivateData(PULSE, PROVIDERS, secret);
    else simulator.putPrivateData(PULSE, PROVIDERS, secret, Buffer.alloc(400, txId));
  });
}

const [dir = ''] = process.argv.slice(2);
const ledger = await openTestLedger(dir);
for (;;) {
  const transactions: Endorsed[] = [];
  for (let index = 0; index < 4; index += 1) transactions.push(await endorseNext(ledger, index));
  const block = nextBlock(
    ledger,
    transactions.map(({ envelope }) => envelope),
  );
  const { number } = await ledger.commitBlock(block);
  process.stdout.write(`${number}\n`);
}
