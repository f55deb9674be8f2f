import type { IngestMessage } from '@pulseledger/domain';
import {
  INGEST_DEAD_LETTERS,
  INGEST_QUEUE,
  PULSE_QUEUES,
  QueueSet,
} from '../../../local/src/cloud/queue/queue-set.ts';
import { AwsClients, type CloudParts } from './aws.ts';
import { Broker } from './broker.ts';
import { GatewayService } from './gateway.ts';
import { DEVICE_IDS, genesis } from './genesis.ts';
import { Judge } from './judge.ts';
import { lambdaHost } from './lambda-host.ts';
import { Ledger, PEERS } from './ledger.ts';
import { Machine, type Process } from './machine.ts';
import { QueueDisk } from './queue-disk.ts';
import { Wearable, type WearablePlan } from './wearable.ts';
import { START_MS, World } from './world.ts';

/** How long after the last fault everything must have ended. */
const LIVENESS_MS = 40 * 60_000;
/** The operator looks at the dead letters so often, once the trouble is over. */
const REDRIVE_EVERY_MS = 60_000;
const REDELIVERY_CHECK_MS = 2_000;
const REDRIVE_AT_ONCE = 10;

/** What to run. */
export interface SeedOptions {
  readonly seed: number;
  /** Names of faults that must not happen. */
  readonly suppressed?: readonly string[];
  /** At most so many devices, windows of each, and Lambda hosts. */
  readonly devices?: number;
  readonly windows?: number;
  readonly hosts?: number;
  /** Resolves when nothing is left in the queue of microtasks. */
  readonly turn: () => Promise<void>;
}

/** What came of it. */
export interface SeedReport {
  readonly seed: number;
  readonly violations: readonly string[];
  readonly faults: readonly string[];
  /** Made when it is asked for. */
  readonly trace: () => readonly string[];
  /** How often what has happened that a run is made for. */
  readonly counts: Readonly<Record<string, number>>;
  readonly events: number;
  readonly simulatedMs: number;
}

/** One run of the whole system in its simulated world. */
export class Simulation {
  readonly world: World;
  readonly #judge: Judge;
  readonly #options: SeedOptions;
  readonly #poison: Uint8Array[] = [];
  readonly #queueDisk: QueueDisk;
  readonly #cloudMachine: Machine;
  readonly #wearables: Wearable[] = [];
  #cloud: (CloudParts & { process: Process }) | undefined;
  #ledger: Ledger | undefined;

  constructor(options: SeedOptions) {
    const { seed, suppressed = [], turn } = options;
    this.#options = options;
    const world = new World(seed, new Set(suppressed), turn);
    this.world = world;
    const judge = new Judge(world);
    this.#judge = judge;
    const disk = new QueueDisk(world, {
      durable: (key, value) => {
        judge.queueDurable(key, value);
      },
      applied: (operations, before) => {
        judge.queueApplied(operations, before);
      },
    });
    this.#queueDisk = disk;
    this.#cloudMachine = new Machine(world, {
      name: 'cloud',
      start: (process) => this.#startCloud(process),
      crashed: (power) => {
        this.#cloud = undefined;
        disk.crashed(power);
      },
    });
  }

  async run(): Promise<SeedReport> {
    const { world } = this;
    const { choices } = world;
    const ledger = new Ledger(world, await genesis(), (key, value, before) => {
      this.#judge.recorded(key, value, before);
    });
    this.#ledger = ledger;
    this.#cloudMachine.start();
    this.#startHosts(ledger);
    this.#startWearables(ledger);
    const calmMs = choices.pick('trouble lasts', [8_000, 20_000, 45_000, 120_000]);
    this.#outages(ledger, calmMs);
    world.after(calmMs, 'the trouble is over', () => {
      this.#calm(ledger);
    });
    await world.run(() => this.#isOver(), START_MS + calmMs + LIVENESS_MS);
    if (world.violations.length === 0) this.#judge.conclude();
    if (world.violations.length === 0 && !this.#isOver()) {
      world.violated('long after the trouble is over there are still messages on their way');
    }
    return {
      seed: this.#options.seed,
      violations: world.violations,
      faults: choices.happened,
      trace: () => world.trace,
      counts: Object.fromEntries(world.counts),
      events: world.events,
      simulatedMs: world.nowMs - START_MS,
    };
  }

  #isOver(): boolean {
    return (
      this.#wearables.every((wearable) => wearable.hasMeasured) &&
      this.#ledger?.isIdle === true &&
      !this.#queueDisk.has('b!ingest') &&
      this.#judge.isSettled()
    );
  }

  async #startCloud(process: Process): Promise<void> {
    let ids = 0;
    const queues = await QueueSet.load(this.#queueDisk.open(process), PULSE_QUEUES, {
      clock: process.clock,
      newId: () => `${process.name}/${++ids}`,
      // As cloud.ts does: a disk that refuses a write is opened anew.
      writeFailed: () => {
        this.#cloudMachine.crash('because the disk refuses a write');
      },
    });
    if (!process.alive) return;
    const enqueue = async (message: IngestMessage): Promise<void> => {
      await queues.queue(INGEST_QUEUE).send(JSON.stringify(message));
    };
    const broker = new Broker(process, enqueue, (message) => {
      this.#judge.taken(message);
    });
    this.#cloud = { queues, broker, process };
  }

  #startHosts(ledger: Ledger): void {
    const { world } = this;
    const poison = (transient: ReadonlyMap<string, Uint8Array>): boolean => {
      const chunks = transient.get('chunks');
      return (
        chunks !== undefined &&
        this.#poison.some((bytes) => Buffer.from(chunks).includes(Buffer.from(bytes)))
      );
    };
    const gateway = new GatewayService(world, ledger, poison);
    const clientsOf = (process: Process): AwsClients =>
      new AwsClients(process, this.#cloudMachine, (at) =>
        this.#cloud?.process === at ? this.#cloud : undefined,
      );
    const hosts = Math.min(this.#options.hosts ?? 2, world.choices.whole('hosts', 1, 2));
    for (let host = 1; host <= hosts; host++) {
      lambdaHost(`ingest-${host}`, { world, gateway, clientsOf }).start();
    }
  }

  #startWearables(ledger: Ledger): void {
    const { world } = this;
    const { choices } = world;
    const devices = Math.min(this.#options.devices ?? 3, choices.whole('devices', 1, 3));
    for (const deviceId of DEVICE_IDS.slice(0, devices)) {
      const plan = this.#plan(deviceId);
      const address = { machine: this.#cloudMachine, broker: () => this.#cloud?.broker };
      const poisoned = (bytes: Uint8Array): void => {
        this.#poison.push(bytes);
      };
      const wearable = new Wearable(plan, { world, judge: this.#judge, address, poisoned });
      this.#wearables.push(wearable);
      wearable.machine.start();
      this.#misfortunes(plan, wearable, ledger);
    }
  }

  #plan(deviceId: string): WearablePlan {
    const { choices } = this.world;
    const windows = Math.min(this.#options.windows ?? 5, choices.whole('windows', 1, 5));
    let atMs = START_MS;
    return {
      deviceId,
      windows: Array.from({ length: windows }, () => {
        atMs += choices.pick('window', [1_000, 4_000, 15_000]);
        const odd = choices.fraction('odd window');
        const kind = odd < 0.04 ? 'future' : odd < 0.07 ? 'forged' : odd < 0.1 ? 'poison' : 'plain';
        return { atMs, readings: choices.whole('readings', 1, 3), kind } as const;
      }),
      lostSinceMs:
        choices.fraction('lost') < 0.15
          ? START_MS + choices.whole('lost at', 1_000, 30_000)
          : undefined,
    };
  }

  #misfortunes(
    { deviceId, lostSinceMs }: WearablePlan,
    { machine }: Wearable,
    ledger: Ledger,
  ): void {
    const { world } = this;
    const { choices } = world;
    if (lostSinceMs !== undefined) {
      const reported = lostSinceMs - START_MS + choices.whole('reported after', 0, 30_000);
      world.after(reported, 'a device is reported lost', () => {
        void ledger.administrate('device:ReportLost', { deviceId, sinceMs: lostSinceMs });
      });
    }
    if (choices.fault('gone', machine.name)) {
      world.after(choices.whole('gone at', 1_000, 60_000), 'a device vanishes', () => {
        machine.vanish();
        this.#judge.gone(deviceId);
      });
    }
  }

  #outages(ledger: Ledger, calmMs: number): void {
    const { world } = this;
    const { choices } = world;
    const outage = (what: string, begin: (untilMs: number) => void): void => {
      const fromMs = choices.whole(`${what} from`, 0, calmMs / 2);
      const ms = choices.pick(`${what} for`, [3_000, 20_000, 60_000, 150_000]);
      world.after(fromMs, what, () => {
        begin(world.nowMs + ms);
      });
    };
    if (choices.fault('no_quorum', 'orderers')) {
      outage('the orderers lose their quorum', (untilMs) => {
        ledger.noQuorumUntilMs = untilMs;
      });
    }
    this.#redeliverLater();
    for (const name of PEERS) {
      if (choices.fault('peer_down', name)) {
        outage(`${name} goes down`, (untilMs) => {
          ledger.peers[name].downUntilMs = untilMs;
        });
      }
    }
  }

  /** SQS may hand out once more what somebody is working on. */
  #redeliverLater(): void {
    this.world.after(REDELIVERY_CHECK_MS, 'timer', () => {
      if (this.world.choices.fault('redelivery', 'queue') && this.#cloud !== undefined) {
        this.world.note('cloud', 'hands out again what is being worked on');
        this.#cloud.queues.queue(INGEST_QUEUE).redeliver();
      }
      if (this.world.choices.active) this.#redeliverLater();
    });
  }

  #calm(ledger: Ledger): void {
    this.world.choices.active = false;
    ledger.noQuorumUntilMs = 0;
    for (const name of PEERS) ledger.peers[name].downUntilMs = 0;
    this.#redriveLater();
  }

  /** What the queue has given up is sent through it once more by a person. */
  #redriveLater(): void {
    this.world.after(REDRIVE_EVERY_MS, 'the operator looks at the dead letters', () => {
      void this.#redrive().catch(() => undefined);
      this.#redriveLater();
    });
  }

  async #redrive(): Promise<void> {
    if (this.#cloud === undefined) return;
    const { queues } = this.#cloud;
    const dead = queues.queue(INGEST_DEAD_LETTERS);
    for (const { body, receiptHandle } of await dead.receive({ max: REDRIVE_AT_ONCE })) {
      await queues.queue(INGEST_QUEUE).send(body);
      await dead.delete(receiptHandle);
    }
  }
}
