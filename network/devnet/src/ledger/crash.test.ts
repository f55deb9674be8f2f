import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { common } from '@hyperledger/fabric-protos';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { blockDataHash, blockHeaderHash } from './block-hash.ts';
import { sha256 } from './bytes.ts';
import { openLedger } from './open.ts';
import {
  CLINIC,
  drain,
  HOSPITAL,
  openTestLedger,
  PROVIDERS,
  PULSE,
  query,
  testOptions,
} from './testing/test-network.ts';
import type { KeyValue, Ledger } from './types.ts';

const KILLS = 5;
const MAX_RUN_MS = 250;

/** Runs the child, kills it some time after its first answered commit, and answers the last number it printed. */
async function killWhileCommitting(dir: string, afterMs: number): Promise<number> {
  const child = spawn(process.execPath, [join(__dirname, 'testing', 'crash-child.ts'), dir], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const errors: string[] = [];
  child.stderr.on('data', (data: Buffer) => errors.push(data.toString()));
  const exited = once(child, 'close');
  let last = -1;
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => {
    last = Number(line);
  });
  await Promise.race([once(lines, 'line'), exited]);
  if (last < 0) throw new Error(`the child ended early: ${errors.join('')}`);
  await sleep(afterMs);
  child.kill('SIGKILL');
  await exited;
  return last;
}

async function blocksOf(ledger: Ledger): Promise<common.Block[]> {
  const blocks: common.Block[] = [];
  for (let number = 0; number < ledger.height; number += 1)
    blocks.push((await ledger.block(number))!);
  return blocks;
}

function expectChain(blocks: readonly common.Block[], lastHash: Uint8Array): void {
  let previous: Uint8Array = Buffer.alloc(0);
  blocks.forEach((block, number) => {
    const header = block.getHeader()!;
    expect(header.getNumber()).toBe(number);
    expect(Buffer.from(header.getPreviousHash_asU8())).toEqual(Buffer.from(previous));
    expect(Buffer.from(header.getDataHash_asU8())).toEqual(blockDataHash(block.getData()!));
    previous = blockHeaderHash(header);
  });
  expect(Buffer.from(lastHash)).toEqual(previous);
}

const publicState = (ledger: Ledger): Promise<KeyValue[]> =>
  query(ledger, (simulator) => drain(simulator.getStateRange(PULSE, '', '')));

/** Commits the blocks, without their private data, to a fresh ledger: codes, commit hashes and state must come out again. */
async function expectReplay(
  ledger: Ledger,
  blocks: readonly common.Block[],
  dir: string,
): Promise<void> {
  const replayed = await openLedger(testOptions(dir));
  try {
    for (const block of blocks) {
      const again = common.Block.deserializeBinary(block.serializeBinary());
      const { block: committed } = await replayed.commitBlock(again);
      expect(committed.getMetadata()!.toObject()).toEqual(block.getMetadata()!.toObject());
    }
    expect(await publicState(replayed)).toEqual(await publicState(ledger));
  } finally {
    await replayed.close();
  }
}

async function expectPrivateState(ledger: Ledger): Promise<void> {
  for (const mspId of [HOSPITAL, CLINIC]) {
    await query(
      ledger,
      async (simulator) => {
        const held = await drain(simulator.getPrivateDataRange(PULSE, PROVIDERS, '', ''));
        expect(held.length).toBeGreaterThan(0);
        for (const { key, value } of held) {
          expect(simulator.getPrivateDataHash(PULSE, PROVIDERS, key)).toEqual(sha256(value));
          expect(simulator.getPrivateData(PULSE, PROVIDERS, key)).toEqual(value);
        }
      },
      mspId,
    );
  }
}

describe('a ledger whose process is killed while it commits', () => {
  let dir: string;

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'devnet-ledger-'));
  });

  afterAll(async () => {
    await rm(dir, { recursive: true });
  });

  it('has every block that was answered, whole, and a state that the blocks explain', async () => {
    const delays = fc.sample(fc.integer({ min: 0, max: MAX_RUN_MS }), KILLS);
    for (const [round, delay] of delays.entries()) {
      const answered = await killWhileCommitting(join(dir, 'ledger'), delay);
      const ledger = await openTestLedger(join(dir, 'ledger'));
      try {
        expect(ledger.height).toBeGreaterThan(answered);
        const blocks = await blocksOf(ledger);
        expectChain(blocks, ledger.lastHash);
        expect(ledger.transactionStatus(`${answered}-3`)?.block).toBe(answered);
        await expectPrivateState(ledger);
        await expectReplay(ledger, blocks, join(dir, `replay-${round}`));
        expect(await ledger.missingPrivateData(1)).toEqual([]);
      } finally {
        await ledger.close();
      }
    }
  }, 60_000);
});
