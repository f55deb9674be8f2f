/** Tries to tell which transactions are about the same patient as one that is known. */
import type { SeenTransaction } from './transactions.ts';

/** How alike a known transaction and another one are; more is more. */
export type Feature = (known: SeenTransaction, other: SeenTransaction) => number;

/** Sets of transactions that hang together by private keys or by who read what whom wrote. */
class Groups {
  readonly #parent = new Map<string, string>();

  find(name: string): string {
    let root = name;
    for (let up = this.#parent.get(root); up !== undefined; up = this.#parent.get(root)) root = up;
    return root;
  }

  join(a: string, b: string): void {
    const [first, second] = [this.find(a), this.find(b)];
    if (first !== second) this.#parent.set(first, second);
  }
}

function placeOf({ block, index }: SeenTransaction): string {
  return `${block}.${index}`;
}

function shared(a: readonly string[], b: readonly string[]): number {
  const known = new Set(a);
  return b.filter((one) => known.has(one)).length;
}

/** Everything that a linker can compare, by name. */
export function featuresOf(all: readonly SeenTransaction[]): Readonly<Record<string, Feature>> {
  const groups = new Groups();
  for (const transaction of all) {
    const place = placeOf(transaction);
    for (const name of [...transaction.hashes, ...transaction.readFrom]) groups.join(place, name);
  }
  return {
    'shared private keys': (known, other) => shared(known.hashes, other.hashes),
    'what one read and the other wrote': (known, other) =>
      Number(known.readFrom.includes(placeOf(other)) || other.readFrom.includes(placeOf(known))),
    'any chain of shared keys': (known, other) =>
      Number(groups.find(placeOf(known)) === groups.find(placeOf(other))),
    'shared public reads': (known, other) => shared(known.publicReads, other.publicReads),
    'same certificate': (known, other) => Number(known.creator === other.creator),
    'number of writes': (known, other) => -Math.abs(known.writes - other.writes),
    'same organization': (known, other) => Number(known.mspId === other.mspId),
    'close in time': (known, other) => -Math.abs(known.atMs - other.atMs),
  };
}

/** A known transaction, and the others with the truth about each. */
export interface Case {
  readonly known: SeenTransaction;
  readonly same: readonly SeenTransaction[];
  readonly different: readonly SeenTransaction[];
}

/**
 * How often a transaction of the same patient is more alike than one of another: 1 = always, 0.5 =
 * chance (area under the ROC curve, ties half).
 */
export function scoreOf(cases: readonly Case[], feature: Feature): number {
  let wins = 0;
  let pairs = 0;
  for (const { known, same, different } of cases) {
    for (const a of same) {
      for (const b of different) {
        const [x, y] = [feature(known, a), feature(known, b)];
        wins += x > y ? 1 : Number(x === y) / 2;
        pairs += 1;
      }
    }
  }
  return pairs === 0 ? Number.NaN : wins / pairs;
}
