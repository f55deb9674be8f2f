import { chunkHeader, PulseError } from '@pulseledger/domain';
import type { Clock } from '../clock.ts';
import type { LinkListener, Transport } from '../device/link.ts';
import { Prng } from '../prng.ts';
import type { DeviceLife } from './device-life.ts';

/** A chunk is held back for up to this many windows while messages change places. */
const HELD_WINDOWS = 2.5;
const LONGEST_HELD_MS = 60_000;
/** Most needless repetitions of one chunk. */
const MOST_COPIES = 3;

/** What an unruly link needs to know. */
export interface UnrulyLinkOptions {
  readonly life: DeviceLife;
  readonly clock: Clock;
  readonly windowMs: number;
  /** Names the streams of chance, e.g. `7/device/3`. */
  readonly label: string;
  /** A good link; made anew after each time without one. */
  readonly connect: (listener: LinkListener) => Transport;
  /** The broker has taken the same bytes once more. */
  readonly onCopy: (payload: Uint8Array) => void;
}

interface Held {
  readonly timer: NodeJS.Timeout;
  readonly go: () => void;
  readonly drop: () => void;
}

/**
 * The link of a device with faults: gone for a time, sending twice what was taken already, sending
 * later things first. It lies between the device's own publisher and its real connection, which both
 * are what they are without faults. What is done to a chunk depends on seed and chunk alone.
 */
export class UnrulyLink implements Transport {
  readonly #options: UnrulyLinkOptions;
  readonly #listener: LinkListener;
  readonly #held = new Set<Held>();
  #link: Transport | undefined;
  #reconnects = 0;
  #isOpen = false;
  #isOver = false;

  constructor(options: UnrulyLinkOptions, listener: LinkListener) {
    this.#options = options;
    this.#listener = listener;
  }

  get connected(): boolean {
    return this.#link?.connected === true;
  }

  get reconnects(): number {
    return this.#reconnects + (this.#link?.reconnects ?? 0);
  }

  open(): void {
    this.#isOpen = true;
    this.follow();
  }

  /** Be there or not, as the device's life has it now. Call often. */
  follow(): void {
    if (!this.#isOpen) return;
    const { online } = this.#options.life.at(this.#options.clock.now());
    if (online && this.#link === undefined) this.#come();
    if (!online && this.#link !== undefined) this.#go(this.#link);
  }

  #come(): void {
    const link = this.#options.connect({
      connected: () => {
        if (this.#link === link) this.#listener.connected();
      },
      disconnected: () => {
        if (this.#link !== link) return;
        this.#dropHeld();
        this.#listener.disconnected();
      },
      message: (topic, payload) => {
        if (this.#link === link) this.#listener.message(topic, payload);
      },
    });
    this.#link = link;
    link.open();
  }

  #go(link: Transport): void {
    this.#link = undefined;
    this.#reconnects += link.reconnects + 1;
    this.#dropHeld();
    void link.close({ abruptly: true });
    this.#listener.disconnected();
  }

  /** What waits has no connection to wait for any more; whoever sent it sends it again. */
  #dropHeld(): void {
    for (const held of this.#held) held.drop();
  }

  async publish(topic: string, payload: Uint8Array): Promise<void> {
    const { life, clock, windowMs } = this.#options;
    const { reordering, duplicating } = life.at(clock.now());
    if (reordering) {
      const random = this.#streamOf('reorder', payload);
      await this.#hold(random.uniform() * HELD_WINDOWS * windowMs);
    }
    await this.#send(topic, payload);
    if (!duplicating) return;
    const random = this.#streamOf('duplicate', payload);
    const copies = 1 + Math.floor(random.uniform() * MOST_COPIES);
    for (let copy = 0; copy < copies; copy += 1) {
      this.#repeat(topic, payload, random.uniform() * windowMs).catch(() => undefined);
    }
  }

  async #repeat(topic: string, payload: Uint8Array, afterMs: number): Promise<void> {
    await this.#hold(afterMs);
    await this.#send(topic, payload);
    this.#options.onCopy(payload);
  }

  async #send(topic: string, payload: Uint8Array): Promise<void> {
    if (this.#link === undefined) throw new PulseError('unavailable');
    await this.#link.publish(topic, payload);
  }

  #streamOf(fault: string, payload: Uint8Array): Prng {
    const { boot, firstSequence } = chunkHeader(payload);
    return new Prng(`${this.#options.label}/fault/${fault}/${boot}/${firstSequence}`);
  }

  /** Wait so long in the devices' time; rejects when the connection is lost meanwhile. */
  async #hold(ms: number): Promise<void> {
    if (this.#isOver) return;
    const { clock } = this.#options;
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    const realMs = Math.min(LONGEST_HELD_MS, clock.realMsUntil(clock.now() + ms));
    const end = (settle: () => void): void => {
      clearTimeout(held.timer);
      this.#held.delete(held);
      settle();
    };
    const held: Held = {
      go: () => {
        end(() => {
          resolve(undefined);
        });
      },
      drop: () => {
        end(() => {
          reject(new PulseError('unavailable'));
        });
      },
      timer: setTimeout(() => {
        held.go();
      }, realMs),
    };
    this.#held.add(held);
    await promise;
  }

  /** No fault any more: be there, and send at once what was held back. */
  calm(): void {
    this.#isOver = true;
    this.follow();
    for (const held of this.#held) held.go();
  }

  async close(): Promise<void> {
    this.#isOpen = false;
    this.#dropHeld();
    const link = this.#link;
    this.#link = undefined;
    await link?.close();
  }
}
