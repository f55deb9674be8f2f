/** What the ledger's explorer tells of a real ledger. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { MSP_IDS, ORGANIZATIONS, type TransactionAnswer } from '@pulseledger/domain';
import { NETWORK } from '@pulseledger/network/definition';
import type { LedgerPort } from '../../lambdas/fhir-api/src/record/ledger-port.ts';
import type { Caller } from '../../lambdas/fhir-api/src/smart/token.ts';
import {
  AMINA,
  AMINA_BASICS,
  administrator,
  heartRate,
  TEN,
  WATCH,
} from '../../lambdas/fhir-api/src/testing/story.ts';
import { type NetworkWorld, openNetworkWorld } from '../record-port/network-world.ts';

const LOOK_AGAIN_MS = 100;
const ofInsurer: Caller = { ...administrator, organization: 'insurer' };

function describeExplorer(kind: 'devnet' | 'fabric', name: string): void {
  describe(name, () => {
    let world: NetworkWorld;
    let ledger: LedgerPort;
    let recorded: TransactionAnswer;

    beforeAll(async () => {
      world = await openNetworkWorld(kind);
      await world.send({ deviceId: WATCH, firstSequence: 0, readings: [heartRate(TEN)] });
      ({ ledger } = await world.sessions.open(administrator));
      recorded = await newestOf(ledger, 'vitals:RecordChunks');
    }, 240_000);

    afterAll(() => world.close(), 60_000);

    it('finds every block intact and hanging on the one before', async () => {
      const { height, blocks } = await ledger.blocks(undefined, 25);
      expect(blocks.map(({ number }) => number)).toEqual(
        Array.from({ length: Math.min(25, height) }, (_, index) => height - 1 - index),
      );
      expect(blocks.every(({ isDataIntact }) => isDataIntact)).toBe(true);
      const { blocks: oldest } = await ledger.blocks(3, 25);
      expect(oldest.map(({ number, isChained }) => ({ number, isChained }))).toEqual([
        { number: 2, isChained: true },
        { number: 1, isChained: true },
        { number: 0, isChained: null },
      ]);
      expect(blocks.every(({ number, isChained }) => isChained === true || number === 0)).toBe(
        true,
      );
    });

    it('tells who endorsed a transaction, its verdict, and the hashes of its private data', () => {
      expect(recorded).toMatchObject({
        ...{ type: 'ENDORSER_TRANSACTION', chaincode: 'pulse', code: 'VALID' },
        ...{ creator: 'HospitalMSP', event: 'ChunksRecorded' },
      });
      expect(recorded.endorsers.toSorted()).toEqual(['ClinicMSP', 'HospitalMSP']);
      const [providers] = recorded.touched.flatMap(({ collections }) => collections);
      expect(providers).toMatchObject({ collection: 'providers' });
      expect(providers?.writes).toBeGreaterThan(0);
      expect(providers?.hash).toMatch(/^[0-9a-f]{64}$/);
    });

    it('finds the same transaction in its block, which orderers signed', async () => {
      const block = await ledger.block(recorded.block);
      expect(block.lines[recorded.index]?.id).toBe(recorded.id);
      expect(block.isChained).toBe(true);
      expect(block.orderers.length).toBeGreaterThan(0);
      expect(Object.values(MSP_IDS)).toEqual(expect.arrayContaining([...block.orderers]));
    });

    it('gives the insurer’s administrator the same block from the insurer’s own peer', async () => {
      const { ledger: ofOther } = await world.sessions.open(ofInsurer);
      const own = await ledger.block(recorded.block);
      await caughtUp(ofOther);
      const { hash, lines } = await ofOther.block(recorded.block);
      // Each orderer signs the copy that it hands out, so signatures and with them the size may differ.
      expect({ hash, lines }).toEqual({ hash: own.hash, lines: own.lines });
    });

    it('tells the chaincode as the organizations agreed on it', async () => {
      const { chaincodes } = await ledger.chaincodes();
      const { name, endorsementPolicy, collections } = NETWORK.chaincode;
      expect(chaincodes).toMatchObject([{ name, endorsementPolicy, sequence: 1 }]);
      expect(chaincodes[0]?.approvedBy.length).toBeGreaterThanOrEqual(2);
      expect(chaincodes[0]?.collections.map((one) => one.name)).toEqual(
        collections.map((one) => one.name),
      );
    });

    it('sees the peers of all organizations come to the same height and hash', async () => {
      const peers = await caughtUp(ledger);
      expect(peers.map(({ organization }) => organization)).toEqual(ORGANIZATIONS);
    });

    it('says that what is not there is not found', async () => {
      const missing = { code: 'not_found' };
      await expect(ledger.block(999_999)).rejects.toMatchObject(missing);
      await expect(ledger.transaction('e'.repeat(64))).rejects.toMatchObject(missing);
    });

    it('tells nothing personal: no id, no name, no certificate', async () => {
      const { blocks } = await ledger.blocks(undefined, 25);
      const whole = await Promise.all(blocks.map(({ number }) => ledger.block(number)));
      const ids = whole.flatMap(({ lines }) => lines.flatMap(({ id }) => (id === '' ? [] : [id])));
      const known = ids.filter((id) => /^[0-9a-f]{64}$/.test(id));
      const transactions = await Promise.all(known.map((id) => ledger.transaction(id)));
      const text = JSON.stringify([blocks, whole, transactions, await ledger.chaincodes()]);
      for (const secret of [AMINA, WATCH, AMINA_BASICS.family, 'CERTIFICATE']) {
        expect(text).not.toContain(secret);
      }
    });
  });
}

async function newestOf(ledger: LedgerPort, name: string): Promise<TransactionAnswer> {
  const { blocks } = await ledger.blocks(undefined, 25);
  for (const { number } of blocks) {
    const { lines } = await ledger.block(number);
    const found = lines.find((line) => line.function === name);
    if (found !== undefined) return ledger.transaction(found.id);
  }
  throw new Error(`no block holds ${name}`);
}

/** The peers when they have all come as far; a peer hears of a block when it does. */
async function caughtUp(ledger: LedgerPort) {
  for (;;) {
    const { peers } = await ledger.overview();
    const states = new Set(peers.map(({ height, lastHash }) => `${String(height)} ${lastHash}`));
    if (states.size === 1 && peers[0]?.height !== null) return peers;
    await delay(LOOK_AGAIN_MS);
  }
}

describeExplorer('devnet', 'the explorer of a devnet');

if (process.env['FABRIC_BIN'] === undefined) {
  describe.skip('the explorer of native Fabric (skipped: FABRIC_BIN is not set)', () => {
    it.todo('tells the same');
  });
} else {
  describeExplorer('fabric', 'the explorer of native Fabric');
}
