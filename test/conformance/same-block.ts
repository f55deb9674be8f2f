import { setTimeout as delay } from 'node:timers/promises';
import type { Transaction } from '@hyperledger/fabric-gateway';
import { codeName } from './person.ts';
import type { World } from './world.ts';

/** Two messages may fall into two blocks when the machine is busy. */
const MAX_TRIES = 30;
const STAGGER_MS = 15;

async function orderIn(world: World, block: bigint): Promise<readonly string[]> {
  const person = await world.person('hospital');
  const blocks = await person.network().getFilteredBlockEvents({ startBlock: block });
  try {
    for await (const found of blocks) {
      return found.getFilteredTransactionsList().map((transaction) => transaction.getTxid());
    }
    return [];
  } finally {
    blocks.close();
  }
}

async function submitAll(
  world: World,
  transactions: readonly Transaction[],
): Promise<readonly string[] | undefined> {
  // One shortly after the other: waiting for each answer would take longer than a block on a busy machine.
  const commits = await Promise.all(
    transactions.map(async (transaction, index) => {
      await delay(index * STAGGER_MS);
      return transaction.submit();
    }),
  );
  await Promise.all(commits.map((commit) => world.settle(commit.getTransactionId())));
  const statuses = await Promise.all(commits.map((commit) => commit.getStatus()));
  const [first] = statuses;
  if (first === undefined || statuses.some((s) => s.blockNumber !== first.blockNumber)) {
    return undefined;
  }
  const order = await orderIn(world, first.blockNumber);
  const positions = transactions.map((t) => order.indexOf(t.getTransactionId()));
  const isInOrder = positions.every((at, index) => index === 0 || at > (positions[index - 1] ?? 0));
  return isInOrder ? statuses.map((s) => codeName(s.code)) : undefined;
}

/** Validation codes of transactions that come one after the other in one block; made anew until they do. */
export async function inOneBlock(
  world: World,
  make: (attempt: number) => Promise<readonly Transaction[]>,
): Promise<readonly string[]> {
  for (let attempt = 0; attempt < MAX_TRIES; attempt += 1) {
    const codes = await submitAll(world, await make(attempt));
    if (codes !== undefined) return codes;
  }
  throw new Error('the transactions never came into one block');
}
