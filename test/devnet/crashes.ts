import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type DevnetClient, serveChaincode } from '@pulseledger/network/devnet';
import { z } from 'zod';
import { NetworkProcess, type NetworkProcessOptions } from './network-process.ts';
import { seededRandom } from './seeded-random.ts';

const IN_FLIGHT = 16;
/** The kill comes when a random number of answers, up to this, have come since the start, */
const ANSWERS = 60;
/** and a random time, up to this, has passed then: a block takes less. */
const AFTER_MS = 100;
const POLL_MS = 2;
/** One in so many kills comes while the network is still starting. */
const DURING_START = 6;
const START_MS = 600;
const KEYS_A_QUERY = 500;
const Missing = z.array(z.string());

export interface CrashesOptions {
  readonly checkout: string;
  readonly seed: number;
  readonly rounds: number;
  /** Told of each round in one line. */
  readonly say: (line: string) => void;
  /** Ends with the round that is under way. */
  readonly interrupted?: AbortSignal;
}

export interface CrashesReport {
  readonly seed: number;
  readonly rounds: number;
  readonly killsDuringStart: number;
  /** Transactions of which a client had the answer that they are committed. */
  readonly answered: number;
  /** Those of them that were not there afterwards, with another code, in another block, or without a value. */
  readonly lost: readonly string[];
  /** Transactions under way at a kill, of which nobody had an answer. */
  readonly unanswered: number;
  readonly height: number;
  /** Time to ready after a kill, sorted. */
  readonly readyMs: readonly number[];
}

interface Answered {
  readonly txId: string;
  readonly key: string;
  readonly block: number;
}

/** Kills a network again and again, and keeps count of what it had answered. */
class Crashes {
  readonly #options: CrashesOptions;
  readonly #process: NetworkProcessOptions;
  readonly #random: () => number;
  #unchecked: Answered[] = [];
  answered = 0;
  unanswered = 0;
  killsDuringStart = 0;
  height = 0;
  readonly lost: string[] = [];
  readonly readyMs: number[] = [];

  constructor(options: CrashesOptions, process: NetworkProcessOptions) {
    this.#options = options;
    this.#process = process;
    this.#random = seededRandom(options.seed);
  }

  async round(number: number): Promise<void> {
    const network = await NetworkProcess.spawn(this.#process);
    if (number > 0 && Math.floor(this.#random() * DURING_START) === 0) {
      this.killsDuringStart += 1;
      await delay(this.#random() * START_MS);
      await network.end('SIGKILL');
      this.#options.say(`round ${number}: killed while it was starting`);
      return;
    }
    try {
      await this.#check(network);
      const before = this.answered;
      await this.#loadUntilKilled(network, number);
      this.#options.say(
        `round ${number}: ready in ${network.readyMs} ms, ${this.answered - before} answered, ${this.lost.length} lost so far`,
      );
    } finally {
      await network.end('SIGKILL');
    }
  }

  /** A last start, to look for what the last round answered. */
  async last(): Promise<void> {
    const network = await NetworkProcess.spawn(this.#process);
    try {
      await this.#check(network);
    } finally {
      await network.end('SIGTERM');
    }
  }

  /** The chain fits, and everything answered since the last look is there. */
  async #check(network: NetworkProcess): Promise<void> {
    if (!(await network.ready())) throw new Error('The network did not start again.');
    this.readyMs.push(network.readyMs);
    const control = await network.control();
    this.height = (await control.verify()).height;
    const unchecked = this.#unchecked;
    this.#unchecked = [];
    for (const { txId, block } of unchecked) {
      const trace = await control.trace(txId).catch(() => undefined);
      if (trace?.code !== 'VALID' || trace.block !== block) this.lost.push(txId);
    }
    const client = await network.client();
    const keys = unchecked.map(({ key }) => key);
    for (let at = 0; at < keys.length; at += KEYS_A_QUERY) {
      const some = JSON.stringify(keys.slice(at, at + KEYS_A_QUERY));
      const found = await client.contract.evaluateTransaction('Missing', some);
      this.lost.push(...Missing.parse(JSON.parse(Buffer.from(found).toString())));
    }
    client.close();
  }

  async #loadUntilKilled(network: NetworkProcess, round: number): Promise<void> {
    const client = await network.client();
    let isKilled = false;
    const workers = Promise.all(
      Array.from({ length: IN_FLIGHT }, (_, worker) =>
        this.#work(client, `${round}-${worker}`, () => isKilled),
      ),
    );
    const enough = this.answered + Math.floor(this.#random() * ANSWERS);
    while (this.answered < enough) await Promise.race([delay(POLL_MS), workers]);
    await delay(this.#random() * AFTER_MS);
    isKilled = true;
    await network.end('SIGKILL');
    await workers;
    client.close();
  }

  async #work(client: DevnetClient, name: string, isKilled: () => boolean): Promise<void> {
    for (let count = 0; !isKilled(); count += 1) {
      const key = `${name}-${count}`;
      try {
        const submitted = await client.contract.submitAsync('Put', { arguments: [key, 'value'] });
        const status = await submitted.getStatus();
        if (!status.successful) throw new Error(`A transaction got code ${status.code}.`);
        const txId = submitted.getTransactionId();
        this.#unchecked.push({ txId, key, block: Number(status.blockNumber) });
        this.answered += 1;
      } catch (error) {
        if (!isKilled()) throw error;
        this.unanswered += 1;
      }
    }
  }
}

/**
 * Kills the devnet (SIGKILL) under load at moments that a seed gives, starts it again, and looks each time whether its chain
 * fits and everything is there that it ever answered as committed: transaction, code, block, public and private value.
 */
export async function runCrashes(options: CrashesOptions): Promise<CrashesReport> {
  const { checkout, seed, interrupted } = options;
  let rounds = 0;
  const dir = await mkdtemp(join(tmpdir(), 'devnet-crashes-'));
  const chaincode = await serveChaincode(join(checkout, 'test', 'devnet', 'chaincode'));
  try {
    const dataDir = join(dir, 'data');
    const crashes = new Crashes(options, {
      checkout,
      dataDir,
      chaincodeAddress: chaincode.address,
    });
    for (; rounds < options.rounds && interrupted?.aborted !== true; rounds += 1) {
      await crashes.round(rounds);
    }
    await crashes.last();
    const { killsDuringStart, answered, lost, unanswered, height, readyMs } = crashes;
    readyMs.sort((a, b) => a - b);
    return { seed, rounds, killsDuringStart, answered, lost, unanswered, height, readyMs };
  } finally {
    await chaincode.close();
    await rm(dir, { recursive: true });
  }
}
