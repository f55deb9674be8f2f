import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Acknowledgement, chunkPublishTopic, PulseError } from '@pulseledger/domain';
import type { Clock } from '../clock.ts';
import type { Revoke } from '../device/enrolment.ts';
import type { DeviceIdentity } from '../device/identity.ts';
import type { Prng } from '../prng.ts';
import type { AttemptChunk, Fate, TruthLine } from '../truth-lines.ts';
import type { Attack } from './attacks.ts';
import type { ChunkPlan } from './hostile-bytes.ts';
import { Intruder, type IntruderOptions, isSaid, type Outcome } from './intruder.ts';

const RETRY_MS = 500;
/** A chunk whose answer does not come is sent again after this time. */
const ANSWER_PATIENCE_MS = 10_000;
const POLL_MS = 50;

/** A device of somebody honest. */
export interface Victim {
  readonly deviceId: string;
  /** The last chunk that it has handed over; undefined before the first. */
  readonly lastChunk: () => Uint8Array | undefined;
}

/** What an attacker finds and may use. */
export interface AttackWorld {
  readonly clock: Clock;
  readonly victim: Victim;
  readonly revoke: Revoke;
  readonly write: (line: TruthLine) => void;
  /** Is the broker there for honest devices? Only then a closed connection is a refusal. */
  readonly isBrokerThere: () => boolean;
  readonly signal: AbortSignal;
}

/** What is to be sent, and what must become of it. */
export interface Bytes {
  readonly bytes: Uint8Array;
  readonly fate: Fate;
  /** The readings, when they have to be committed. */
  readonly chunk?: ChunkPlan;
}

interface Attempt {
  readonly id: string;
  readonly bytes: Uint8Array;
}

/** How often a kind of attack was tried, and what the broker made of it. */
export interface AttackCount {
  attempts: number;
  taken: number;
  turnedAway: number;
}

/**
 * One attacker at work: its device, its connection, and its lines in the truth. The truth has each
 * attempt before its bytes leave, so that a killed process leaves no attempt untold.
 */
export class AttackStage {
  readonly attack: Attack;
  readonly identity: DeviceIdentity;
  readonly random: Prng;
  readonly world: AttackWorld;
  readonly count: AttackCount = { attempts: 0, taken: 0, turnedAway: 0 };
  readonly #run: string;
  readonly #answers: Acknowledgement[] = [];
  #intruder: Intruder | undefined;
  #connecting: Promise<Intruder | Outcome> | undefined;
  #next = 0;

  /** @param run Tells this process' attempts from those of an earlier one. */
  constructor(
    attack: Attack,
    identity: DeviceIdentity,
    parts: {
      readonly world: AttackWorld;
      readonly random: Prng;
      readonly run: string;
    },
  ) {
    this.attack = attack;
    this.identity = identity;
    this.world = parts.world;
    this.random = parts.random;
    this.#run = parts.run;
  }

  /** The next unused sequence of its device, which has started once. */
  plan(readings: ChunkPlan['readings']): ChunkPlan {
    const first = this.#next;
    this.#next += readings.length;
    return { deviceId: this.identity.deviceId, boot: 1, first, readings };
  }

  /** Start of the present minute in the devices' time: what is measured now lies within one hour. */
  nowMs(): number {
    return Math.floor(this.world.clock.now() / 60_000) * 60_000;
  }

  /** As whom its own device connects. */
  get own(): IntruderOptions {
    const { brokerUrl, brokerCaPem, certificatePem, privateKeyPem, deviceId } = this.identity;
    return {
      brokerUrl,
      brokerCaPem,
      certificatePem,
      privateKeyPem,
      clientId: deviceId,
      onAnswer: (answer) => {
        this.#answers.push(answer);
      },
    };
  }

  #begin({ bytes, fate, chunk }: Bytes, device: string): Attempt {
    this.count.attempts += 1;
    const id = `${this.attack}/${this.#run}/${this.count.attempts}`;
    this.world.write({
      t: 'attempt',
      attempt: id,
      attack: this.attack,
      device,
      sha256: createHash('sha256').update(bytes).digest('hex'),
      bytes: bytes.byteLength,
      fate,
      at: Date.now(),
      ...(chunk === undefined ? {} : { chunk: attemptChunk(chunk) }),
    });
    return { id, bytes };
  }

  #taken(attempt: Attempt): void {
    this.count.taken += 1;
    this.world.write({ t: 'taken', attempt: attempt.id, at: Date.now() });
  }

  /** Send over its own device's connection until the broker has taken it. */
  async deliver(what: Bytes): Promise<void> {
    await this.#deliver(this.#begin(what, this.identity.deviceId));
  }

  /** Send all at once, without waiting for the broker in between. */
  async deliverAtOnce(all: readonly Bytes[]): Promise<void> {
    const attempts = all.map((what) => this.#begin(what, this.identity.deviceId));
    await this.#connection();
    await Promise.all(attempts.map((attempt) => this.#deliver(attempt)));
  }

  async #deliver(attempt: Attempt): Promise<void> {
    for (;;) {
      const outcome = await this.#publishOnce(attempt);
      if (outcome.status === 'taken') break;
      await this.pause(RETRY_MS);
    }
    this.#taken(attempt);
  }

  /** Try once over its own connection, whatever comes of it. */
  async tryOnce(what: Bytes): Promise<void> {
    const attempt = this.#begin(what, this.identity.deviceId);
    const outcome = await this.#publishOnce(attempt);
    if (outcome.status === 'taken') this.#taken(attempt);
  }

  async #publishOnce({ bytes }: Attempt): Promise<Outcome> {
    const topic = chunkPublishTopic(this.identity.deviceId);
    const connection = await this.#connection();
    return connection instanceof Intruder ? connection.publish(topic, bytes) : connection;
  }

  /** The open connection, or a new one. */
  #connection(): Promise<Intruder | Outcome> {
    if (this.#intruder !== undefined) return Promise.resolve(this.#intruder);
    this.#connecting ??= this.#connect();
    return this.#connecting;
  }

  async #connect(): Promise<Intruder | Outcome> {
    const connection = await Intruder.connect(this.own);
    this.#connecting = undefined;
    if (!(connection instanceof Intruder)) return connection;
    if (this.world.signal.aborted) connection.close();
    this.#intruder = connection;
    void connection.ended().then(() => {
      if (this.#intruder === connection) this.#intruder = undefined;
    });
    return connection;
  }

  /** Deliver an honest chunk and wait until the ledger says that it is recorded. */
  async commit(what: Bytes & { readonly chunk: ChunkPlan }): Promise<void> {
    const { boot, first } = what.chunk;
    const attempt = this.#begin(what, this.identity.deviceId);
    await this.#deliver(attempt);
    for (let waitedMs = 0; !this.#isAnswered(boot, first); waitedMs += POLL_MS) {
      await this.pause(POLL_MS);
      // The answer may have been lost on the way; asking again is what a device does.
      if (waitedMs > 0 && waitedMs % ANSWER_PATIENCE_MS === 0) await this.#publishOnce(attempt);
    }
  }

  #isAnswered(ofBoot: number, sequence: number): boolean {
    return this.#answers.some(
      ({ boot, firstSequence, count }) =>
        boot === ofBoot && firstSequence <= sequence && sequence < firstSequence + count,
    );
  }

  /** Try something that the broker has to refuse, until it is seen to refuse it. */
  async beRefused(bytes: Uint8Array, as: IntruderOptions, topicOf: string): Promise<void> {
    this.hangUp();
    const attempt = this.#begin({ bytes, fate: 'refused' }, as.clientId);
    const topic = chunkPublishTopic(topicOf);
    for (;;) {
      const outcome = await strike(as, topic, bytes);
      if (outcome.status === 'taken') {
        this.#taken(attempt);
        return;
      }
      if (outcome.status === 'turnedAway' && this.world.isBrokerThere()) {
        this.count.turnedAway += 1;
        const { how } = outcome;
        this.world.write({ t: 'turnedAway', attempt: attempt.id, how, at: Date.now() });
        return;
      }
      await this.pause(RETRY_MS);
    }
  }

  /** Wait until the broker says that its own certificate is not let in any more: revocation lists take their time. */
  async untilShutOut(atMostMs: number): Promise<void> {
    for (const endMs = Date.now() + atMostMs; Date.now() < endMs; ) {
      const connection = await Intruder.connect(this.own);
      if (connection instanceof Intruder) connection.close();
      else if (isSaid(connection)) return;
      await this.pause(RETRY_MS);
    }
  }

  /** Wait until the broker has ended the connection. */
  async untilCut(atMostMs: number): Promise<void> {
    await Promise.race([this.#intruder?.ended(), this.pause(atMostMs)]);
  }

  /** Wait for something in the world. */
  async until<T>(look: () => T | undefined): Promise<T> {
    for (;;) {
      const found = look();
      if (found !== undefined) return found;
      await this.pause(POLL_MS);
    }
  }

  /** @throws PulseError timeout when the run ends first. */
  async pause(ms: number): Promise<void> {
    try {
      await sleep(ms, undefined, { signal: this.world.signal });
    } catch (cause) {
      throw new PulseError('timeout', 'the run ended before the attack', { cause });
    }
  }

  hangUp(): void {
    this.#intruder?.close();
    this.#intruder = undefined;
  }
}

function attemptChunk({ deviceId, boot, first, readings }: ChunkPlan): AttemptChunk {
  return { device: deviceId, boot, first, count: readings.length, zone: 0, readings };
}

/** Connect and publish once. */
async function strike(as: IntruderOptions, topic: string, bytes: Uint8Array): Promise<Outcome> {
  const connection = await Intruder.connect(as);
  if (!(connection instanceof Intruder)) return connection;
  const outcome = await connection.publish(topic, bytes);
  connection.close();
  return outcome;
}
