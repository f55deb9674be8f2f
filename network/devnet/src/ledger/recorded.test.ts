import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { common, peer } from '@hyperledger/fabric-protos';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openLedger } from './open.ts';
import {
  perform,
  type RecordedBlock,
  type RecordedSession,
  readSessions,
} from './testing/recorded-session.ts';
import {
  HOSPITAL,
  nextBlock,
  PULSE,
  testOptions,
  transactionEnvelope,
} from './testing/test-network.ts';
import type { Ledger } from './types.ts';

const { ENDORSEMENT_POLICY_FAILURE, VALID } = peer.TxValidationCode;

type Simulation = RecordedBlock['simulations'][number];

/** The recording peer was a member of every collection. */
async function openRecorded(dir: string): Promise<Ledger> {
  const members = [HOSPITAL];
  const collections = [
    { name: 'providers', members, blockToLive: 0 },
    { name: 'brief', members, blockToLive: 1 },
    { name: 'brief2', members, blockToLive: 3 },
  ];
  return openLedger({ ...testOptions(dir), namespaces: [{ name: PULSE, collections }] });
}

class Replay {
  readonly #ledger: Ledger;
  readonly #lost: ReadonlySet<string>;
  readonly #envelopes = new Map<string, Uint8Array>();

  constructor(ledger: Ledger, { blocks }: RecordedSession) {
    this.#ledger = ledger;
    const commits = blocks.flatMap((block) => block.commits);
    this.#lost = new Set(commits.filter(({ lost }) => lost).map(({ txId }) => txId));
  }

  async block({ simulations, commits, codes, commitHash }: RecordedBlock): Promise<void> {
    for (const simulation of simulations) await this.#simulate(simulation);
    const envelopes = commits.map(({ txId }) => this.#envelopes.get(txId)!);
    const preliminary = commits.map(({ refused }) =>
      refused ? ENDORSEMENT_POLICY_FAILURE : VALID,
    );
    const next = nextBlock(this.#ledger, envelopes, preliminary);
    const { block, transactions } = await this.#ledger.commitBlock(next);
    expect(transactions.map(({ code }) => code)).toEqual(codes);
    const hash = block.getMetadata()!.getMetadataList_asU8()[
      common.BlockMetadataIndex.COMMIT_HASH
    ]!;
    expect(Buffer.from(hash).toString('base64')).toBe(commitHash);
  }

  async #simulate({ txId, steps, answers, publicRwset, privateRwset }: Simulation): Promise<void> {
    const simulator = this.#ledger.newSimulator({ mspId: HOSPITAL, txId });
    try {
      for (const [at, step] of steps.entries()) {
        expect([step, await perform(simulator, step)]).toEqual([step, answers[at]]);
      }
      const result = simulator.result();
      expect(Buffer.from(result.publicRwset).toString('base64')).toBe(publicRwset);
      const privateBytes = result.privateRwset?.serializeBinary() ?? new Uint8Array();
      expect(Buffer.from(privateBytes).toString('base64')).toBe(privateRwset);
      this.#envelopes.set(txId, transactionEnvelope(txId, result.publicRwset));
      if (result.privateRwset !== undefined && !this.#lost.has(txId)) {
        await this.#ledger.persistTransient(HOSPITAL, txId, result.privateRwset);
      }
    } finally {
      await simulator.done();
    }
  }
}

describe("the ledger and recordings of Fabric's own", () => {
  let dir: string;
  let sessions: RecordedSession[];

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'devnet-ledger-'));
    sessions = await readSessions(join(__dirname, 'testing'));
  });

  afterAll(async () => {
    await rm(dir, { recursive: true });
  });

  it('give the same answers, read-write sets, codes and commit hashes', async () => {
    expect(sessions.length).toBeGreaterThan(10);
    for (const [number, session] of sessions.entries()) {
      const ledger = await openRecorded(join(dir, String(number)));
      try {
        await ledger.commitBlock(nextBlock(ledger, []));
        const replay = new Replay(ledger, session);
        for (const block of session.blocks) await replay.block(block);
      } finally {
        await ledger.close();
      }
    }
  });
});
