import type { Reading } from '@pulseledger/domain';
import { type MadeChunk, makeChunks } from '../../../device-simulator/src/device/chunk-maker.ts';
import { Outbox } from '../../../device-simulator/src/device/outbox.ts';
import { Publisher } from '../../../device-simulator/src/device/publisher.ts';
import { Prng } from '../../../device-simulator/src/prng.ts';
import { type BrokerAddress, MqttClient } from './broker.ts';
import { keyOf } from './genesis.ts';
import { COMMITTED, type End, type Judge } from './judge.ts';
import { Crashed, Machine, type Process } from './machine.ts';
import { OutboxDisk, type Written } from './outbox-disk.ts';
import { signed } from './signatures.ts';
import { START_MS, type World } from './world.ts';

/** How often the device looks for what has waited too long; the real one does so each second. */
const OVERDUE_CHECK_MS = 5_000;
/** When Linux writes back what nobody synced (dirty_writeback_centisecs). */
const WRITE_BACK_MS = 5_000;
const MONTH_MS = 30 * 86_400_000;

/** What a window is about. */
type WindowKind = 'plain' | 'future' | 'forged' | 'poison';

/** What the seed has in store for a device. */
export interface WearablePlan {
  readonly deviceId: string;
  readonly windows: readonly {
    readonly atMs: number;
    readonly readings: number;
    readonly kind: WindowKind;
  }[];
  /** Since when it counts as lost; what it measures from then on may be refused. */
  readonly lostSinceMs: number | undefined;
}

export interface WearableSurroundings {
  readonly world: World;
  readonly judge: Judge;
  readonly address: BrokerAddress;
  /** Told of chunks on which the contract shall fail. */
  readonly poisoned: (bytes: Uint8Array) => void;
}

/** A device: outbox and publisher of the production code, on a disk and a network that fail. */
export class Wearable {
  readonly machine: Machine;
  readonly #plan: WearablePlan;
  readonly #around: WearableSurroundings;
  readonly #disk: OutboxDisk;
  #next = 0;

  constructor(plan: WearablePlan, around: WearableSurroundings) {
    this.#plan = plan;
    this.#around = around;
    this.#disk = new OutboxDisk(
      (written) => {
        this.#durable(written);
      },
      (write) => {
        around.world.after(WRITE_BACK_MS, 'timer', write);
      },
    );
    this.machine = new Machine(around.world, {
      name: `device-${plan.deviceId.slice(0, 2)}`,
      start: (process) => {
        this.#start(process);
      },
      crashed: (power) => {
        this.#disk.crashed(power);
      },
    });
  }

  get hasMeasured(): boolean {
    return this.machine.gone || this.#next >= this.#plan.windows.length;
  }

  #start(process: Process): void {
    const { world, address, judge } = this.#around;
    const { deviceId } = this.#plan;
    const outbox = new Outbox(this.#disk.open(process));
    const { boot } = outbox.beginBoot(deviceId);
    const publisher = new Publisher(
      outbox,
      {
        deviceId,
        brokerUrl: 'mqtts://broker',
        brokerCaPem: '',
        certificatePem: '',
        privateKeyPem: '',
        random: new Prng(`${deviceId}/${boot}`),
        clock: process.clock,
        connect: () => new MqttClient(process, address, deviceId),
      },
      {
        published: () => undefined,
        answered: ({ acknowledgement }) => {
          const { boot: of, firstSequence, status } = acknowledgement;
          world.note(process.name, `was told ${of}/${firstSequence} ${status}`);
          judge.answered(deviceId, acknowledgement);
        },
      },
    );
    publisher.open();
    this.#look(process, publisher);
    this.#measure(process, outbox, publisher, { boot, nextSequence: 0 });
  }

  #look(process: Process, publisher: Publisher): void {
    process.clock.after(OVERDUE_CHECK_MS, () => {
      publisher.sendOverdue();
      this.#look(process, publisher);
    });
  }

  #measure(
    process: Process,
    outbox: Outbox,
    publisher: Publisher,
    numbers: { boot: number; nextSequence: number },
  ): void {
    const window = this.#plan.windows[this.#next];
    if (window === undefined) return;
    const { world, judge } = this.#around;
    world.after(
      window.atMs - world.nowMs,
      'a window closes',
      () => {
        this.#next += 1;
        try {
          const made = outbox.transaction(() => {
            const chunks = this.#make(window, numbers);
            for (const chunk of chunks) {
              outbox.put(chunk);
              numbers.nextSequence += chunk.count;
            }
            return chunks;
          });
          // The device has heard that they are kept.
          for (const { boot, firstSequence } of made) {
            judge.owed(this.#plan.deviceId, `${boot}/${firstSequence}`);
          }
          publisher.pump();
        } catch (error) {
          if (!(error instanceof Crashed)) world.violated(`${process.name}: ${String(error)}`);
        }
        if (process.alive) this.#measure(process, outbox, publisher, numbers);
      },
      process,
    );
  }

  #make(
    { readings: count, kind }: WearablePlan['windows'][number],
    numbers: { boot: number; nextSequence: number },
  ): MadeChunk[] {
    const { world, judge, poisoned } = this.#around;
    const { deviceId, lostSinceMs } = this.#plan;
    const ahead = kind === 'future' ? MONTH_MS : 0;
    const readings = Array.from({ length: count }, (_, index): Reading => {
      const atMs = world.nowMs + ahead - (count - index) * 1_000;
      return { code: '8867-4', unit: '/min', atMs, value: 60 + index };
    });
    const key = kind === 'forged' ? 'another key' : keyOf(deviceId);
    const chunks = makeChunks(
      {
        deviceId,
        boot: numbers.boot,
        firstSequence: numbers.nextSequence,
        sign: (bytes) => signed(bytes, key),
        zoneOffsetAt: () => 60,
        closedAtMs: world.nowMs,
      },
      readings,
    );
    for (const { boot, firstSequence, bytes, readings: of } of chunks) {
      const endMs = of.at(-1)?.atMs ?? START_MS;
      const isLost = lostSinceMs !== undefined && endMs >= lostSinceMs;
      judge.expect(deviceId, bytes, `${boot}/${firstSequence}`, endsOf(kind, isLost));
      if (kind === 'poison') poisoned(bytes);
    }
    return chunks;
  }

  /** The disk has these for good. */
  #durable(written: readonly Written[]): void {
    const { judge } = this.#around;
    for (const { sql, parameters } of written) {
      const [deviceId, boot, firstSequence] = parameters.map(String);
      if (deviceId === undefined) continue;
      if (sql.startsWith('INSERT INTO chunk')) judge.owed(deviceId, `${boot}/${firstSequence}`);
      if (sql.startsWith('DELETE FROM chunk')) judge.removed(deviceId, `${boot}/${firstSequence}`);
    }
  }
}

function endsOf(kind: WindowKind, isLost: boolean): readonly End[] {
  switch (kind) {
    case 'future':
      return ['clock_out_of_range', ...(isLost ? ['device_lost'] : [])];
    case 'forged':
      return ['bad_signature'];
    case 'poison':
      return ['malformed'];
    case 'plain':
      return isLost ? [COMMITTED, 'device_lost'] : [COMMITTED];
  }
}
