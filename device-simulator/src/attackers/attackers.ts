import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PulseError } from '@pulseledger/domain';
import { mapConcurrently } from '../concurrency.ts';
import type { Administration } from '../device/enrolment.ts';
import { type DeviceIdentity, deviceIdentity } from '../device/identity.ts';
import { Prng } from '../prng.ts';
import { ASSAULTS } from './assaults.ts';
import { type AttackCount, AttackStage, type AttackWorld, type Victim } from './attack-stage.ts';
import { ATTACKS, type Attack } from './attacks.ts';

const ENROLMENTS_AT_ONCE = 8;
/** Part of the time in which attacks begin. */
const [EARLIEST, LATEST] = [0.1, 0.5];
/** A certificate for the attack `expired` ends this soon. */
const SHORT_LIFE_MS = 5_000;

/** What the attackers share with the fleet. */
export interface AttackersOptions extends Administration {
  readonly kinds: ReadonlySet<Attack>;
  readonly seed: number;
  /** The attacks begin within this time, in real milliseconds. */
  readonly withinMs: number;
  /** Keys and identities; those of an earlier run are not used again. */
  readonly folder: string;
  readonly patients: readonly string[];
  /** Start of the assignments. */
  readonly fromMs: number;
  readonly world: Omit<AttackWorld, 'victim' | 'signal' | 'revoke'>;
}

/** What became of an attack. */
export interface AttackReport extends AttackCount {
  /** Was everything tried that belongs to it? */
  readonly done: boolean;
  /** Why not, an error code. */
  readonly failure?: string;
}

/** When an attack begins: a part of the time, by seed and kind alone. */
export function attackMoment(seed: number, attack: Attack): number {
  return new Prng(`${seed}/attack/${attack}/moment`).between(EARLIEST, LATEST);
}

interface Attacker {
  readonly stage: AttackStage;
  readonly hurry: AbortController;
  isDone: boolean;
  failure?: string;
}

/** All attackers of a run: each has a device of its own, enrolled like any other. */
export class Attackers {
  readonly #options: AttackersOptions;
  readonly #identities: readonly (readonly [Attack, DeviceIdentity])[];
  readonly #run: string;
  readonly #end = new AbortController();
  #attackers: readonly Attacker[] = [];
  readonly #work: Promise<void>[] = [];

  /** Use `Attackers.enrol`. */
  constructor(
    options: AttackersOptions,
    identities: readonly (readonly [Attack, DeviceIdentity])[],
    run: string,
  ) {
    this.#options = options;
    this.#identities = identities;
    this.#run = run;
  }

  /** Give every attacker its device. */
  static async enrol(options: AttackersOptions): Promise<Attackers> {
    const run = Date.now().toString(36);
    const kinds = ATTACKS.filter((attack) => options.kinds.has(attack));
    const identities = await mapConcurrently(kinds, ENROLMENTS_AT_ONCE, async (attack, i) => {
      const patientId = options.patients[i % options.patients.length] ?? '';
      return [attack, await attackersDevice(options, attack, patientId, run)] as const;
    });
    return new Attackers(options, identities, run);
  }

  /** The attacks begin, each at its moment. */
  begin(victims: readonly Victim[]): void {
    const { seed, world, revoke, withinMs } = this.#options;
    this.#attackers = this.#identities.flatMap(([attack, identity]) => {
      const random = new Prng(`${seed}/attack/${attack}`);
      const victim = victims[Math.floor(random.uniform() * victims.length)];
      if (victim === undefined) return [];
      const { deviceId: device, patientId } = identity;
      world.write({ t: 'device', device, patientId, boot: 1 });
      world.write({ t: 'attack', attack, done: false, at: Date.now() });
      const own = { ...world, victim, revoke, signal: this.#end.signal };
      const stage = new AttackStage(attack, identity, { world: own, random, run: this.#run });
      return { stage, hurry: new AbortController(), isDone: false };
    });
    for (const attacker of this.#attackers) {
      const waitMs = attackMoment(seed, attacker.stage.attack) * withinMs;
      this.#work.push(this.#attack(attacker, waitMs));
    }
  }

  async #attack(attacker: Attacker, waitMs: number): Promise<void> {
    const { stage, hurry } = attacker;
    const signal = AbortSignal.any([hurry.signal, this.#end.signal]);
    await sleep(waitMs, undefined, { signal }).catch(() => undefined);
    try {
      await ASSAULTS[stage.attack](stage);
      attacker.isDone = true;
      stage.world.write({ t: 'attack', attack: stage.attack, done: true, at: Date.now() });
    } catch (error) {
      // An attack that could not be carried out is told as not done.
      if (!(error instanceof PulseError)) throw error;
      attacker.failure = error.code;
    } finally {
      stage.hangUp();
    }
  }

  /** Is an attack still under way, or waiting for its moment? */
  get isBusy(): boolean {
    return this.#attackers.some(({ isDone, failure }) => !isDone && failure === undefined);
  }

  /** Has every attack been carried out to its end? */
  get allDone(): boolean {
    return this.#attackers.every(({ isDone }) => isDone);
  }

  /** No attack waits for its moment any more. */
  hurry(): void {
    for (const { hurry } of this.#attackers) hurry.abort();
  }

  report(): Partial<Record<Attack, AttackReport>> {
    return Object.fromEntries(
      this.#attackers.map(({ stage, isDone: done, failure }) => [
        stage.attack,
        { ...stage.count, done, ...(failure === undefined ? {} : { failure }) },
      ]),
    );
  }

  async close(): Promise<void> {
    this.#end.abort();
    for (const { stage } of this.#attackers) stage.hangUp();
    await Promise.all(this.#work);
  }
}

async function attackersDevice(
  { folder, enrol, seed, fromMs }: AttackersOptions,
  attack: Attack,
  patientId: string,
  run: string,
): Promise<DeviceIdentity> {
  return deviceIdentity(
    join(folder, 'attackers'),
    `${attack}-${run}`,
    {
      patientId,
      fromMs,
      manufacturer: 'Pulseledger',
      model: 'simulated attacker',
      serial: `${seed}-${attack}`,
    },
    (request) => {
      const certificateUntilMs = Date.now() + SHORT_LIFE_MS;
      return enrol(attack === 'expired' ? { ...request, certificateUntilMs } : request);
    },
  );
}
