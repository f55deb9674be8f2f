/** What can go wrong in the simulated world. */
export const FAULT_KINDS = [
  'crash',
  'power',
  'stall',
  'cut',
  'duplicate',
  'slow',
  'lost_request',
  'lost_answer',
  'disk_error',
  'unavailable',
  'hang',
  'late_commit',
  'peer_lag',
  'no_quorum',
  'peer_down',
  'gone',
  'redelivery',
  'invocation',
] as const;

export type FaultKind = (typeof FAULT_KINDS)[number];

/** How likely a fault is at one of its sites, when a seed has it at all; windows and `gone` are drawn once. */
const LIKELIHOOD: Readonly<Record<FaultKind, number>> = {
  crash: 0.006,
  power: 0.5,
  stall: 0.002,
  cut: 0.03,
  duplicate: 0.06,
  slow: 0.02,
  lost_request: 0.03,
  lost_answer: 0.03,
  disk_error: 0.01,
  unavailable: 0.03,
  hang: 0.02,
  late_commit: 0.15,
  peer_lag: 0.05,
  no_quorum: 0.5,
  peer_down: 0.5,
  gone: 0.3,
  redelivery: 0.1,
  invocation: 0.05,
};
const HARSH = 3;

interface Asked {
  readonly hash: number;
  count: number;
}

/** FNV-1a. */
function hashLabel(seed: number, label: string): number {
  let h = (0x811c9dc5 ^ seed) >>> 0;
  for (let i = 0; i < label.length; i++) h = Math.imul(h ^ label.charCodeAt(i), 0x01000193);
  return h;
}

/** Finished as murmur3 does: near labels and counts give unlike numbers. */
function mix(labelHash: number, count: number): number {
  let h = Math.imul(labelHash ^ count, 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/**
 * All chance of one run. A choice depends on the seed, on what it is about and on how often that was asked before, never on
 * the choices around it: so a fault can be left out of a run and the others stay what they were.
 */
export class Choices {
  readonly #seed: number;
  readonly #suppressed: ReadonlySet<string>;
  /** By what it is about, in two parts: to join them each time would cost more than all the rest. */
  readonly #labels = new Map<string, Map<string, Asked>>();
  readonly #likelihood = new Map<FaultKind, number>();
  /** Names of the faults that have happened, in order. */
  readonly happened: string[] = [];
  /** Faults happen only while this is true. */
  active = true;

  /** @param suppressed - names of faults that must not happen. */
  constructor(seed: number, suppressed: ReadonlySet<string> = new Set()) {
    this.#seed = seed;
    this.#suppressed = suppressed;
    for (const kind of FAULT_KINDS) {
      // Each seed goes without some kinds and is harsh with others, so that rare ones get their room.
      const level = this.pick(`level of ${kind}`, [0, 1, 1, HARSH]);
      this.#likelihood.set(kind, level * LIKELIHOOD[kind]);
    }
  }

  /** In [0, 1). */
  fraction(label: string, of = ''): number {
    const asked = this.#asked(label, of);
    return mix(asked.hash, asked.count++) / 0x1_0000_0000;
  }

  #asked(label: string, of: string): Asked {
    let asked = this.#labels.get(label)?.get(of);
    if (asked === undefined) {
      asked = { hash: hashLabel(this.#seed, `${label}@${of}`), count: 0 };
      const known = this.#labels.get(label) ?? new Map<string, Asked>();
      this.#labels.set(label, known.set(of, asked));
    }
    return asked;
  }

  /** A whole number from `low` to `high`, both included. */
  whole(label: string, low: number, high: number): number {
    return low + Math.floor(this.fraction(label) * (high - low + 1));
  }

  pick<T>(label: string, options: readonly [T, ...T[]], of = ''): T {
    return options[Math.floor(this.fraction(label, of) * options.length)] ?? options[0];
  }

  /** Does this fault happen at this site now? */
  fault(kind: FaultKind, site: string): boolean {
    if (this.fraction(kind, site) >= (this.#likelihood.get(kind) ?? 0) || !this.active)
      return false;
    const name = `${kind}@${site}#${this.#asked(kind, site).count}`;
    if (this.#suppressed.has(name)) return false;
    this.happened.push(name);
    return true;
  }

  /** Bytes for whoever asks for random ones. */
  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.whole('byte', 0, 255));
  }
}
