import type { FitMessage } from './fit-messages.ts';

const TICKS_PER_SECOND = 1_024;
const FRACTION_PER_SECOND = 32_768;
const LOW_BITS = 0xfff;
const INVALID_RATE = 0xff;

/** One value of an `hr` message. */
export interface HeartRateEvent {
  /** Seconds of the FIT epoch, with fractions. */
  readonly timestamp: number;
  readonly rate: number;
}

/** Event times of a message in ticks: whole words, or 12 bits each that continue the last. */
function eventTicks(message: FitMessage, last: number | undefined): number[] | undefined {
  const words = message.words(9);
  if (words.length > 0) return words;
  const packed = message.bytes(10);
  if (packed === undefined || last === undefined) return undefined;
  const ticks: number[] = [];
  let current = last;
  for (let i = 0; i + 2 < packed.length; i += 3) {
    const [a = 0, b = 0, c = 0] = packed.slice(i, i + 3);
    for (const low of [a | ((b & 0x0f) << 8), (b >> 4) | (c << 4)]) {
      const ahead = (low - (current & LOW_BITS)) & LOW_BITS;
      current += ahead;
      ticks.push(current);
    }
  }
  return ticks;
}

/** Counts ticks from message to message. */
class TickClock {
  #anchor: { readonly seconds: number; readonly ticks: number } | undefined;
  #lastTicks: number | undefined;

  /** Times of a message's values in seconds of the FIT epoch; undefined when they are not known. */
  times(message: FitMessage, count: number): number[] | undefined {
    const ticks = eventTicks(message, this.#lastTicks);
    const [first] = ticks ?? [];
    const { timestamp } = message;
    if (timestamp !== undefined && first !== undefined) {
      const fraction = (message.unsigned(0, 2) ?? 0) / FRACTION_PER_SECOND;
      this.#anchor = { seconds: timestamp + fraction, ticks: first };
    }
    const anchor = this.#anchor;
    if (ticks?.length !== count || anchor === undefined) return undefined;
    this.#lastTicks = ticks.at(-1) ?? this.#lastTicks;
    return ticks.map((tick) => anchor.seconds + (tick - anchor.ticks) / TICKS_PER_SECOND);
  }
}

/** Reads the `hr` messages of one FIT file, one after the other. */
export class HeartRateReader {
  readonly #clock = new TickClock();

  /**
   * The values of a message with their times. A message with a timestamp anchors the tick counter;
   * the following ones count on from it (FIT SDK, "HR messages").
   */
  events(message: FitMessage): HeartRateEvent[] | undefined {
    const rates = message.bytes(6) ?? [];
    return this.#clock
      .times(message, rates.length)
      ?.map((timestamp, index) => ({ timestamp, rate: rates[index] ?? INVALID_RATE }))
      .filter(({ rate }) => rate !== INVALID_RATE);
  }
}
