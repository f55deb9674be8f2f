import { IANAZone } from 'luxon';

const HOUR_MS = 3_600_000;
/** Hours remembered for one zone: a year of readings in order stays well below. */
const MAX_HOURS = 20_000;

/**
 * Offsets of a time zone from UTC, quick for many moments near one another. An hour that begins and
 * ends with the same offset has it throughout: no zone has ever changed its clocks twice in an hour.
 */
export class ZoneOffsets {
  readonly #zone: IANAZone;
  readonly #hours: Map<number, number> = new Map<number, number>();

  /** @param name IANA name of the zone. */
  constructor(name: string) {
    this.#zone = IANAZone.create(name);
  }

  /** Minutes ahead of UTC at this moment. */
  at(atMs: number): number {
    const hour = Math.floor(atMs / HOUR_MS);
    const known = this.#hours.get(hour);
    if (known !== undefined) return known;
    const offset = this.#zone.offset(hour * HOUR_MS);
    if (offset !== this.#zone.offset((hour + 1) * HOUR_MS)) return this.#zone.offset(atMs);
    if (this.#hours.size >= MAX_HOURS) this.#hours.clear();
    this.#hours.set(hour, offset);
    return offset;
  }
}

const zones = new Map<string, ZoneOffsets>();

/** The offsets of a zone; the same object for the same name. */
export function zoneOffsets(name: string): ZoneOffsets {
  const known = zones.get(name) ?? new ZoneOffsets(name);
  zones.set(name, known);
  return known;
}
