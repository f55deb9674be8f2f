import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { peer } from '@hyperledger/fabric-protos';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { sha256 } from './bytes.ts';
import {
  CLINIC,
  commit,
  drain,
  type Endorsed,
  endorse,
  HOSPITAL,
  INSURER,
  openTestLedger,
  PROVIDERS,
  PULSE,
  query,
} from './testing/test-network.ts';
import type { Ledger, TxSimulator } from './types.ts';

/**
 * The ledger against a model that is as simple as it can be: a map that is copied for every simulation, and lists of
 * what was read. Transactions are endorsed now and committed some blocks later, so conflicts are frequent.
 */

const { VALID, MVCC_READ_CONFLICT, PHANTOM_READ_CONFLICT } = peer.TxValidationCode;
const KEYS = ['a', 'b', '\0c\0', 'd\ue000', 'd\u{10000}', 'e'];
const RUNS = 60;
const METADATA = 'VALIDATION_PARAMETER';

/** What a transaction may do; `secret` = in the private collection. */
interface Actions {
  get(secret: boolean, key: string): void;
  hash(key: string): void;
  put(secret: boolean, key: string, value: string): void;
  delete(secret: boolean, key: string): void;
  purge(key: string): void;
  /** Changes key-level metadata. */
  mark(secret: boolean, key: string, value: string): void;
  /** Reads the first results of a range. */
  range(start: string, end: string, take: number): Promise<void> | void;
}

type Step = (actions: Actions) => Promise<void> | void;

interface Plan {
  readonly steps: readonly Step[];
  /** Blocks between endorsement and commit. */
  readonly delay: number;
}

interface Cell {
  value: string | undefined;
  mark: string;
  at: string;
}

/** Public keys, and private ones behind a slash. */
type World = Map<string, Cell>;

interface ModelTransaction {
  readonly reads: { key: string; at: string | undefined }[];
  readonly ranges: { start: string; end: string; inclusive: boolean; seen: string[] }[];
  readonly writes: Map<string, { value?: string | undefined; mark?: string }>;
}

function cell(secret: boolean, key: string): string {
  return `${secret ? 'secret' : 'public'}/${key}`;
}

function bytewise(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function inRange(key: string, start: string, end: string, inclusive: boolean): boolean {
  if (bytewise(key, start) < 0) return inclusive && key === end;
  return (end === '' && !inclusive) || bytewise(key, end) < 0 || (inclusive && key === end);
}

function rangeOf(world: World, start: string, end: string, inclusive = false): string[] {
  return [...world]
    .filter(([id, { value }]) => id.startsWith('public/') && value !== undefined)
    .map(([id, { at }]) => ({ key: id.slice('public/'.length), at }))
    .filter(({ key }) => inRange(key, start, end, inclusive))
    .sort((a, b) => bytewise(a.key, b.key))
    .map(({ key, at }) => `${key}@${at}`);
}

class ModelActions implements Actions {
  readonly transaction: ModelTransaction = { reads: [], ranges: [], writes: new Map() };
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  get(secret: boolean, key: string): void {
    const id = cell(secret, key);
    const current = this.#world.get(id);
    const at = current?.value === undefined ? undefined : current.at;
    this.transaction.reads.push({ key: id, at });
  }

  hash(key: string): void {
    this.get(true, key);
  }

  put(secret: boolean, key: string, value: string): void {
    this.#write(cell(secret, key), { value });
  }

  delete(secret: boolean, key: string): void {
    this.#write(cell(secret, key), { value: undefined });
  }

  purge(key: string): void {
    this.delete(true, key);
  }

  mark(secret: boolean, key: string, value: string): void {
    this.#write(cell(secret, key), { mark: value });
  }

  range(start: string, end: string, take: number): void {
    const all = rangeOf(this.#world, start, end);
    const seen = all.slice(0, take);
    const last = seen.at(-1)?.replace(/@[^@]*$/, '') ?? '';
    const range =
      take > all.length
        ? { start, end, inclusive: false, seen: all }
        : { start, end: last, inclusive: true, seen };
    this.transaction.ranges.push(range);
  }

  #write(id: string, change: { value?: string | undefined; mark?: string }): void {
    this.transaction.writes.set(id, { ...this.transaction.writes.get(id), ...change });
  }
}

function commitModel(
  world: World,
  block: number,
  transactions: readonly ModelTransaction[],
): number[] {
  const touched = new Set<string>();
  return transactions.map((transaction, index) => {
    const code = validateModel(world, touched, transaction);
    if (code === VALID) applyModel(world, touched, transaction, `${block}.${index}`);
    return code;
  });
}

function validateModel(
  world: World,
  touched: ReadonlySet<string>,
  { reads, ranges }: ModelTransaction,
): number {
  const stale = ({ key, at }: { key: string; at: string | undefined }): boolean => {
    const current = world.get(key);
    return touched.has(key) || (current?.value === undefined ? undefined : current.at) !== at;
  };
  if (reads.some((read) => read.key.startsWith('public/') && stale(read)))
    return MVCC_READ_CONFLICT;
  const phantom = ranges.some(
    ({ start, end, inclusive, seen }) =>
      rangeOf(world, start, end, inclusive).join('|') !== seen.join('|'),
  );
  if (phantom) return PHANTOM_READ_CONFLICT;
  return reads.some(stale) ? MVCC_READ_CONFLICT : VALID;
}

function applyModel(
  world: World,
  touched: Set<string>,
  { writes }: ModelTransaction,
  at: string,
): void {
  for (const [key, change] of writes) {
    const current = world.get(key);
    const value = 'value' in change ? change.value : current?.value;
    if (value === undefined && !('value' in change)) continue;
    const kept = current?.value === undefined ? '' : current.mark;
    world.set(key, { value, mark: value === undefined ? '' : (change.mark ?? kept), at });
    touched.add(key);
  }
}

class LedgerActions implements Actions {
  readonly #simulator: TxSimulator;

  constructor(simulator: TxSimulator) {
    this.#simulator = simulator;
  }

  get(secret: boolean, key: string): void {
    if (secret) this.#simulator.getPrivateData(PULSE, PROVIDERS, key);
    else this.#simulator.getState(PULSE, key);
  }

  hash(key: string): void {
    this.#simulator.getPrivateDataHash(PULSE, PROVIDERS, key);
  }

  put(secret: boolean, key: string, value: string): void {
    if (secret) this.#simulator.putPrivateData(PULSE, PROVIDERS, key, Buffer.from(value));
    else this.#simulator.putState(PULSE, key, Buffer.from(value));
  }

  delete(secret: boolean, key: string): void {
    if (secret) this.#simulator.deletePrivateData(PULSE, PROVIDERS, key);
    else this.#simulator.deleteState(PULSE, key);
  }

  purge(key: string): void {
    this.#simulator.purgePrivateData(PULSE, PROVIDERS, key);
  }

  mark(secret: boolean, key: string, value: string): void {
    const metadata = new Map([[METADATA, Buffer.from(value)]]);
    if (secret) this.#simulator.putPrivateDataMetadata(PULSE, PROVIDERS, key, metadata);
    else this.#simulator.putStateMetadata(PULSE, key, metadata);
  }

  async range(start: string, end: string, take: number): Promise<void> {
    const range = this.#simulator.getStateRange(PULSE, start, end);
    for (let at = 0; at < take; at += 1) await range.next();
  }
}

async function perform(steps: readonly Step[], actions: Actions): Promise<void> {
  for (const each of steps) await each(actions);
}

const key = fc.constantFrom(...KEYS);
const bound = fc.constantFrom('', ...KEYS);
const secret = fc.boolean();
const value = fc.constantFrom('x', 'y', 'z');
/** A step that prints itself, for the counterexample. */
function named(name: string, step: Step): Step {
  return Object.assign(step, { [fc.toStringMethod]: () => name });
}

const take = fc.integer({ min: 1, max: KEYS.length + 1 });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.tuple(secret, key).map(([s, k]) =>
    named(`get ${s} ${k}`, (on) => {
      on.get(s, k);
    }),
  ),
  fc.tuple(secret, key, value).map(([s, k, v]) =>
    named(`put ${s} ${k} ${v}`, (on) => {
      on.put(s, k, v);
    }),
  ),
  fc.tuple(secret, key, value).map(([s, k, v]) =>
    named(`mark ${s} ${k} ${v}`, (on) => {
      on.mark(s, k, v);
    }),
  ),
  fc.tuple(secret, key).map(([s, k]) =>
    named(`delete ${s} ${k}`, (on) => {
      on.delete(s, k);
    }),
  ),
  key.map((k) =>
    named(`hash ${k}`, (on) => {
      on.hash(k);
    }),
  ),
  key.map((k) =>
    named(`purge ${k}`, (on) => {
      on.purge(k);
    }),
  ),
  fc
    .tuple(bound, bound, take)
    .map(([from, to, n]) => named(`range ${from} ${to} ${n}`, (on) => on.range(from, to, n))),
);
const plan: fc.Arbitrary<Plan> = fc.record({
  steps: fc.array(step, { minLength: 1, maxLength: 5 }),
  delay: fc.integer({ min: 0, max: 2 }),
});
const history = fc.array(fc.array(plan, { maxLength: 4 }), { minLength: 1, maxLength: 8 });

interface Pending {
  readonly due: number;
  readonly endorsed: Endorsed;
  readonly model: ModelTransaction;
}

async function expectSameState(ledger: Ledger, world: World): Promise<void> {
  for (const mspId of [HOSPITAL, CLINIC, INSURER]) {
    await query(
      ledger,
      async (simulator) => {
        const listed = await drain(simulator.getStateRange(PULSE, '', ''));
        const expected = rangeOf(world, '', '').map((entry) => entry.replace(/@[^@]*$/, ''));
        expect(listed.map((each) => each.key)).toEqual(expected);
        for (const each of KEYS) {
          expectSameKey(simulator, world, each);
          expectSameSecret(simulator, world, each);
        }
      },
      mspId,
    );
  }
}

function expectSameKey(simulator: TxSimulator, world: World, each: string): void {
  const expected = world.get(cell(false, each));
  expect(simulator.getState(PULSE, each)?.toString()).toBe(expected?.value);
  const mark = simulator.getStateMetadata(PULSE, each).get(METADATA);
  expect(Buffer.from(mark ?? []).toString()).toBe(expected?.mark ?? '');
}

function expectSameSecret(simulator: TxSimulator, world: World, each: string): void {
  const { value: expected, mark: expectedMark } = world.get(cell(true, each)) ?? {
    value: undefined,
    mark: '',
  };
  const hash = simulator.getPrivateDataHash(PULSE, PROVIDERS, each);
  expect(hash).toEqual(expected && sha256(expected));
  const mark = simulator.getPrivateDataMetadata(PULSE, PROVIDERS, each).get(METADATA);
  expect(Buffer.from(mark ?? []).toString()).toBe(expectedMark);
  if (simulator.mspId === INSURER && expected !== undefined) {
    expect(() => simulator.getPrivateData(PULSE, PROVIDERS, each)).toThrow('is not available');
  } else {
    expect(simulator.getPrivateData(PULSE, PROVIDERS, each)?.toString()).toBe(expected);
  }
}

async function runHistory(ledger: Ledger, blocks: readonly (readonly Plan[])[]): Promise<World> {
  const world: World = new Map();
  let pending: Pending[] = [];
  for (const [round, plans] of blocks.entries()) {
    for (const [index, { steps, delay }] of plans.entries()) {
      const mspId = index % 2 === 0 ? HOSPITAL : CLINIC;
      const chaincode = (s: TxSimulator): Promise<void> => perform(steps, new LedgerActions(s));
      const endorsed = await endorse(ledger, `${round}-${index}`, chaincode, { mspId });
      const model = new ModelActions(world);
      await perform(steps, model);
      pending.push({ due: round + delay, endorsed, model: model.transaction });
    }
    const due = pending.filter((each) => each.due <= round);
    pending = pending.filter((each) => each.due > round);
    const codes = await commit(ledger, ...due.map(({ endorsed }) => endorsed));
    expect(codes).toEqual(
      commitModel(
        world,
        round + 1,
        due.map(({ model }) => model),
      ),
    );
  }
  return world;
}

describe('the ledger and a naive model of it', () => {
  it('give every transaction the same code and end in the same state, also after opening again', async () => {
    await fc.assert(
      fc.asyncProperty(history, async (blocks) => {
        const dir = await mkdtemp(join(tmpdir(), 'devnet-ledger-'));
        let ledger = await openTestLedger(dir);
        try {
          const world = await runHistory(ledger, blocks);
          await expectSameState(ledger, world);
          await ledger.close();
          ledger = await openTestLedger(dir);
          await expectSameState(ledger, world);
        } finally {
          await ledger.close();
          await rm(dir, { recursive: true });
        }
      }),
      { numRuns: RUNS },
    );
  });
});
