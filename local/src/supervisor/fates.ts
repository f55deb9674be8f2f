import type { Fate } from '@pulseledger/device-simulator';
import type { QuarantineReason } from '@pulseledger/domain';

/** Something that was handed over, or was to be, and what must become of it. */
export interface Expectation {
  /** `chunk`, or the name of the attack. */
  readonly what: string;
  /** Client id under which it was sent. */
  readonly device: string;
  readonly sha256: string;
  readonly fate: Fate;
  /** Was it surely handed over? What may never have left need not have had its fate, but no other. */
  readonly binds: boolean;
}

/** An entry of the quarantine, by who sent it and what. */
export interface QuarantinedBytes {
  readonly clientId: string;
  readonly sha256: string;
  readonly reason: QuarantineReason;
}

/** A chunk on the ledger. */
export interface RecordedBytes {
  readonly device: string;
  readonly sha256: string;
}

/** Some handed over things that had another fate than they had to. */
export interface WrongFate {
  readonly what: string;
  readonly expected: string;
  readonly found: string;
  times: number;
}

/** How many had which fate, and what went otherwise. */
export interface FateAccount {
  /** By fate, e.g. `committed`, `quarantined: overlap`. */
  readonly met: Readonly<Record<string, number>>;
  readonly wrong: readonly WrongFate[];
}

/** What was found in the end. */
export interface Found {
  readonly recorded: readonly RecordedBytes[];
  readonly quarantined: readonly QuarantinedBytes[];
}

const NOTHING = 'nothing';

/** A fate in words. */
export function nameOfFate(fate: Fate): string {
  return typeof fate === 'string' ? fate : `quarantined: ${fate.quarantined}`;
}

/** By whom and what: the same bytes sent by another one are another matter. */
function key(device: string, sha256: string): string {
  return `${device}/${sha256}`;
}

/** Compares what had to become of everything with what was found; see `Fate` for the rules. */
export function judgeFates(expectations: readonly Expectation[], found: Found): FateAccount {
  return new Judge(expectations, found).account();
}

class Judge {
  readonly #expectations: readonly Expectation[];
  readonly #found: Found;
  readonly #reasons = new Map<string, Set<QuarantineReason>>();
  /** How often these bytes are on the ledger. */
  readonly #times = new Map<string, number>();
  /** Bytes that have to be, or may be, on the ledger. */
  readonly #rightful: ReadonlySet<string>;
  readonly #met: Record<string, number> = {};
  readonly #wrong = new Map<string, WrongFate>();

  constructor(expectations: readonly Expectation[], found: Found) {
    this.#expectations = expectations;
    this.#found = found;
    for (const { clientId, sha256, reason } of found.quarantined) {
      const reasons = this.#reasons.get(key(clientId, sha256)) ?? new Set();
      this.#reasons.set(key(clientId, sha256), reasons.add(reason));
    }
    for (const { sha256 } of found.recorded) {
      this.#times.set(sha256, (this.#times.get(sha256) ?? 0) + 1);
    }
    this.#rightful = new Set(
      expectations.filter(({ fate }) => fate === 'committed').map(({ sha256 }) => sha256),
    );
  }

  account(): FateAccount {
    for (const expectation of this.#expectations) this.#judge(expectation);
    this.#unexpected();
    return { met: this.#met, wrong: [...this.#wrong.values()] };
  }

  #judge(expectation: Expectation): void {
    const { what, fate, binds } = expectation;
    const found = this.#fateOf(expectation);
    const expected = nameOfFate(fate);
    const isRight = fate === 'refused' ? !binds && found === NOTHING : found === wanted(fate);
    if (isRight) this.#met[expected] = (this.#met[expected] ?? 0) + 1;
    else if (fate === 'refused' && binds) this.#blame(what, expected, `taken, then ${found}`);
    else if (binds || found !== NOTHING) this.#blame(what, expected, found);
  }

  /** What became of it, in the words of the fates. */
  #fateOf({ device, sha256, fate }: Expectation): string {
    const reasons = [...(this.#reasons.get(key(device, sha256)) ?? [])].sort();
    const words = reasons.map((reason) => nameOfFate({ quarantined: reason }));
    const times = this.#times.get(sha256) ?? 0;
    // Somebody else's bytes may rightly be on the ledger while their replay is not.
    const isAnothers = fate !== 'committed' && fate !== 'duplicate' && this.#rightful.has(sha256);
    if (times > 0 && !isAnothers)
      words.push(times === 1 ? 'committed' : 'committed more than once');
    return words.length === 0 ? NOTHING : words.join(' and ');
  }

  /** What is there although nobody handed it over, as far as our devices are concerned. */
  #unexpected(): void {
    const devices = new Set(this.#expectations.map(({ device }) => device));
    const known = new Set(this.#expectations.map(({ device, sha256 }) => key(device, sha256)));
    for (const { clientId, sha256, reason } of this.#found.quarantined) {
      if (!devices.has(clientId) || known.has(key(clientId, sha256))) continue;
      this.#blame('unknown bytes', NOTHING, nameOfFate({ quarantined: reason }));
    }
    for (const { device, sha256 } of this.#found.recorded) {
      if (!devices.has(device) || known.has(key(device, sha256))) continue;
      this.#blame('unknown bytes', NOTHING, 'committed');
    }
  }

  #blame(what: string, expected: string, found: string): void {
    const name = `${what}/${expected}/${found}`;
    const wrong = this.#wrong.get(name) ?? { what, expected, found, times: 0 };
    this.#wrong.set(name, wrong);
    wrong.times += 1;
  }
}

/** What must be found for a fate. A duplicate has changed nothing: its bytes are there once. */
function wanted(fate: Fate): string {
  return fate === 'duplicate' ? 'committed' : nameOfFate(fate);
}
