import { createHash } from 'node:crypto';
import { decodeChunk } from '@pulseledger/domain';
import type { Clock } from '../clock.ts';
import { type MadeChunk, makeChunks } from '../device/chunk-maker.ts';
import type { DeviceIdentity } from '../device/identity.ts';
import { Link, type LinkListener, type Transport } from '../device/link.ts';
import type { Outbox, PendingChunk } from '../device/outbox.ts';
import { type Answer, type Delivery, Publisher } from '../device/publisher.ts';
import type { DeviceLife } from '../faults/device-life.ts';
import { fateOf } from '../faults/fate.ts';
import { UnrulyLink } from '../faults/unruly-link.ts';
import { Prng } from '../prng.ts';
import type { TruthWriter } from '../truth.ts';
import type { Loss, TruthChunk } from '../truth-lines.ts';
import type { ZoneOffsets } from '../zone-offsets.ts';
import type { ClosedWindow } from './measurement.ts';
import { Counters } from './totals.ts';

/** Chunks read from the outbox at once. */
const RESUME_AT_ONCE = 256;

/** What the wearables of a fleet share. */
export interface FleetParts {
  readonly seed: number;
  readonly windowMs: number;
  readonly clock: Clock;
  readonly zone: ZoneOffsets;
  readonly outbox: Outbox;
  readonly truth: TruthWriter;
  readonly counters: Counters;
}

/** Which wearable of the fleet this is, and what goes wrong with it. */
export interface WearableOptions {
  readonly index: number;
  readonly identity: DeviceIdentity;
  /** Nothing when left out. */
  readonly life?: DeviceLife | undefined;
  /** Somebody entitled watches until then (machine's clock). */
  readonly watched: (untilMs: number) => void;
}

/** What became of a window. */
interface HandedOver {
  readonly chunks: readonly MadeChunk[];
  readonly lost?: { readonly cause: Loss; readonly boot: number; readonly readings: number };
  /** The device has started anew under this number. */
  readonly boot?: number;
}

/** One device of a fleet: its identity, its numbering, its faults and its way to the ledger. */
export class Wearable {
  readonly identity: DeviceIdentity;
  readonly publisher: Publisher;
  readonly life: DeviceLife | undefined;
  watchedUntilMs = 0;
  /** The last chunk that it has handed over, for who would replay it. */
  lastChunk: Uint8Array | undefined;
  readonly #parts: FleetParts;
  readonly #index: number;
  #unruly: UnrulyLink | undefined;
  #boot: number;
  #nextSequence: number;

  /** Starts the device: its boot number goes up. Call within a transaction of the outbox. */
  constructor(parts: FleetParts, options: WearableOptions) {
    const { identity, index, life } = options;
    this.#parts = parts;
    this.#index = index;
    this.identity = identity;
    this.life = life;
    this.#resume();
    const { boot, nextSequence } = parts.outbox.beginBoot(identity.deviceId);
    this.#boot = boot;
    this.#nextSequence = nextSequence;
    this.#started();
    this.publisher = this.#publisher(options.watched);
  }

  #publisher(watched: (untilMs: number) => void): Publisher {
    const { outbox, seed } = this.#parts;
    const random = new Prng(`${seed}/device/${this.#index}/link`);
    const link = { ...this.identity, random };
    const connect = (listener: LinkListener): Transport => new Link(link, listener);
    const transport = (listener: LinkListener): Transport => {
      const { life } = this;
      if (life === undefined) return connect(listener);
      this.#unruly = this.#unrulyLink(life, connect, listener);
      return this.#unruly;
    };
    return new Publisher(
      outbox,
      { ...link, transport },
      {
        published: (delivery) => {
          this.#published(delivery);
        },
        answered: (answer) => {
          this.#answered(answer);
        },
        watched,
      },
    );
  }

  #unrulyLink(
    life: DeviceLife,
    connect: (listener: LinkListener) => Transport,
    listener: LinkListener,
  ): UnrulyLink {
    const { clock, windowMs, seed } = this.#parts;
    const label = `${seed}/device/${this.#index}`;
    const onCopy = (payload: Uint8Array): void => {
      this.#copied(payload);
    };
    return new UnrulyLink({ life, clock, windowMs, label, connect, onCopy }, listener);
  }

  /** The device's boot number and its wearer, for who reads the truth. */
  #started(): void {
    const { deviceId: device, patientId } = this.identity;
    this.#parts.truth.write({ t: 'device', device, patientId, boot: this.#boot });
  }

  /** Count, and write into the truth again, what an earlier run left behind. */
  #resume(): void {
    const { outbox, counters } = this.#parts;
    let after = { boot: -1, firstSequence: -1 };
    for (;;) {
      const chunks = outbox.pendingAfter(this.identity.deviceId, after, RESUME_AT_ONCE);
      const last = chunks.at(-1);
      if (last === undefined) return;
      after = last;
      for (const chunk of chunks) {
        Counters.add(counters.resumed, chunk.count);
        const { readings, zoneOffsetMinutes } = decodeChunk(chunk.bytes);
        this.#parts.truth.write(this.#truthLine({ ...chunk, readings, zoneOffsetMinutes }));
      }
    }
  }

  #truthLine(chunk: PendingChunk & Pick<MadeChunk, 'zoneOffsetMinutes' | 'readings'>): TruthChunk {
    return {
      t: 'chunk',
      device: chunk.deviceId,
      boot: chunk.boot,
      first: chunk.firstSequence,
      count: chunk.count,
      zone: chunk.zoneOffsetMinutes,
      closedAt: chunk.closedAtMs,
      bytes: chunk.bytes.byteLength,
      sha256: createHash('sha256').update(chunk.bytes).digest('hex'),
      fate: fateOf(chunk.readings, this.identity.fromMs, chunk.closedAtMs),
      readings: [...chunk.readings],
    };
  }

  /**
   * Sign a window that has ended and put it into the outbox; forget it when the power has failed, and
   * start anew. Call within a transaction of the outbox, and `tell` when that is on disk.
   */
  handOver(window: ClosedWindow, closedAtMs: number): HandedOver {
    const { outbox } = this.#parts;
    const { deviceId } = this.identity;
    const readings = window.readings.length;
    if (window.cut !== undefined) {
      const lost = { cause: window.cut, boot: this.#boot, readings };
      const { boot, nextSequence } = outbox.beginBoot(deviceId);
      this.#boot = boot;
      this.#nextSequence = nextSequence;
      return { chunks: [], lost, boot };
    }
    if (!outbox.hasRoom(deviceId)) {
      return { chunks: [], lost: { cause: 'outbox_full', boot: this.#boot, readings } };
    }
    return { chunks: this.#put(window, closedAtMs) };
  }

  #put(window: ClosedWindow, closedAtMs: number): MadeChunk[] {
    const { deviceId, sign } = this.identity;
    const zoneOffsetAt = (atMs: number): number => this.#parts.zone.at(atMs);
    const chunks = makeChunks(
      {
        deviceId,
        boot: this.#boot,
        firstSequence: this.#nextSequence,
        sign,
        zoneOffsetAt,
        closedAtMs,
      },
      window.readings,
    );
    for (const chunk of chunks) {
      this.#parts.outbox.put(chunk);
      this.#nextSequence += chunk.count;
    }
    return chunks;
  }

  /** Count what is on disk now, and write it into the truth. */
  tell({ chunks, lost, boot }: HandedOver): void {
    const { counters, truth } = this.#parts;
    for (const chunk of chunks) {
      Counters.add(counters.handedOver, chunk.count);
      truth.write(this.#truthLine(chunk));
      this.lastChunk = chunk.bytes;
    }
    if (lost !== undefined && lost.readings > 0) {
      counters.lost(lost.cause, lost.readings);
      const at = Date.now();
      truth.write({ t: 'lost', device: this.identity.deviceId, ...lost, at });
    }
    if (boot !== undefined) this.#started();
  }

  #published({ chunk, attempt, again, atMs }: Delivery): void {
    const { deviceId: device, boot, firstSequence: first, count } = chunk;
    if (!again) Counters.add(this.#parts.counters.published, count);
    this.#parts.truth.write({ t: 'published', device, boot, first, count, attempt, at: atMs });
  }

  #copied(payload: Uint8Array): void {
    const { deviceId: device, boot, firstSequence: first, count, readings } = decodeChunk(payload);
    const at = Date.now();
    // Right but for a clock that is far ahead, which stays so: what is refused is refused again.
    const once = fateOf(readings, this.identity.fromMs, at);
    const fate = once === 'committed' ? 'duplicate' : once;
    this.#parts.truth.write({ t: 'copy', device, boot, first, count, fate, at });
  }

  #answered({ chunk, acknowledgement, atMs }: Answer): void {
    const { counters, truth } = this.#parts;
    const { status, reason } = acknowledgement;
    const { deviceId: device, boot, firstSequence: first, count } = chunk;
    Counters.add(counters[status], count);
    counters.answeredAfter(atMs - chunk.closedAtMs);
    if (reason !== undefined) {
      counters.reasons.set(reason, (counters.reasons.get(reason) ?? 0) + count);
    }
    truth.write({ t: 'answered', device, boot, first, count, status, reason, at: atMs });
  }

  /** Be connected or not, as its life has it. */
  follow(): void {
    this.#unruly?.follow();
  }

  /** No fault any more: deliver what is there. */
  calm(): void {
    this.life?.end();
    this.#unruly?.calm();
  }
}
