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
} from './test-network.ts';
import type { Ledger, TxSimulator } from './types.ts';

/**
 * The ledger against a model that is as simple as it can be: a map that is copied for every simulation, and lists of
 * what was read. Transactions are endorsed now and committed some blocks later, so conflicts are frequent.
 */

const { VALID, MVCC_READ_CONFLICT, PHANTOM_READ_CONFLICT } = peer.TxValidationCode;
const KEYS = ['a', 'b', '\0c\0', 'd\ue000', 'd\u{10000}', 'e'];
const RUNS = 60;
const METADATA = 'VALIDATION_PARAMETER';

type Step =
  | { do: 'get' | 'delete'; secret: boolean; key: string }
  | { do: 'put' | 'mark'; secret: boolean; key: string; value: string }
  | { do: 'hash' | 'purge'; key: string }
  | { do: 'range'; start: string; end: string; take: number };

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

function simulateModel(world: World, steps: readonly Step[]): ModelTransaction {
  const transaction: ModelTransaction = { reads: [], ranges: [], writes: new Map() };
  const read = (key: string): void => {
    const current = world.get(key);
    transaction.reads.push({ key, at: current?.value === undefined ? undefined : current.at });
  };
  const write = (key: string, change: { value?: string | undefined; mark?: string }): void => {
    transaction.writes.set(key, { ...transaction.writes.get(key), ...change });
  };
  for (const step of steps) {
    if (step.do === 'get') read(cell(step.secret, step.key));
    else if (step.do === 'hash') read(cell(true, step.key));
    else if (step.do === 'put') write(cell(step.secret, step.key), { value: step.value });
    else if (step.do === 'mark') write(cell(step.secret, step.key), { mark: step.value });
    else if (step.do === 'delete') write(cell(step.secret, step.key), { value: undefined });
    else if (step.do === 'purge') write(cell(true, step.key), { value: undefined });
    else transaction.ranges.push(modelRange(world, step));
  }
  return transaction;
}

function modelRange(
  world: World,
  { start, end, take }: { start: string; end: string; take: number },
): ModelTransaction['ranges'][number] {
  const all = rangeOf(world, start, end);
  if (take > all.length) return { start, end, inclusive: false, seen: all };
  const seen = all.slice(0, take);
  const last = seen.at(-1)?.replace(/@[^@]*$/, '') ?? '';
  return { start, end: last, inclusive: true, seen };
}

function commitModel(
  world: World,
  block: number,
  transactions: readonly ModelTransaction[],
): number[] {
  const touched = new Set<string>();
  return transactions.map((transaction, index) => {
    const stale = ({ key, at }: ModelTransaction['reads'][number]): boolean => {
      const current = world.get(key);
      return touched.has(key) || (current?.value === undefined ? undefined : current.at) !== at;
    };
    const isPublic = ({ key }: { key: string }): boolean => key.startsWith('public/');
    if (transaction.reads.some((read) => isPublic(read) && stale(read))) return MVCC_READ_CONFLICT;
    const phantom = transaction.ranges.some(
      ({ start, end, inclusive, seen }) =>
        rangeOf(world, start, end, inclusive).join('|') !== seen.join('|'),
    );
    if (phantom) return PHANTOM_READ_CONFLICT;
    if (transaction.reads.some(stale)) return MVCC_READ_CONFLICT;
    const before = new Map(world);
    for (const [key, change] of transaction.writes) {
      const current = before.get(key);
      const value = 'value' in change ? change.value : current?.value;
      const gone = value === undefined;
      if (gone && !('value' in change)) continue;
      const kept = current?.value === undefined ? '' : current.mark;
      world.set(key, { value, mark: gone ? '' : (change.mark ?? kept), at: `${block}.${index}` });
      touched.add(key);
    }
    return VALID;
  });
}

async function simulateLedger(simulator: TxSimulator, steps: readonly Step[]): Promise<void> {
  const mark = (value: string): Map<string, Buffer> => new Map([[METADATA, Buffer.from(value)]]);
  for (const step of steps) {
    if (step.do === 'range') {
      const range = simulator.getStateRange(PULSE, step.start, step.end);
      for (let at = 0; at < step.take; at += 1) await range.next();
    } else if (step.do === 'hash') simulator.getPrivateDataHash(PULSE, PROVIDERS, step.key);
    else if (step.do === 'purge') simulator.purgePrivateData(PULSE, PROVIDERS, step.key);
    else if (step.secret) secretStep(simulator, step, mark);
    else publicStep(simulator, step, mark);
  }
}

type KeyStep = Extract<Step, { secret: boolean }>;

function secretStep(
  simulator: TxSimulator,
  step: KeyStep,
  mark: (value: string) => Map<string, Buffer>,
): void {
  if (step.do === 'get') simulator.getPrivateData(PULSE, PROVIDERS, step.key);
  else if (step.do === 'delete') simulator.deletePrivateData(PULSE, PROVIDERS, step.key);
  else if (step.do === 'put')
    simulator.putPrivateData(PULSE, PROVIDERS, step.key, Buffer.from(step.value));
  else simulator.putPrivateDataMetadata(PULSE, PROVIDERS, step.key, mark(step.value));
}

function publicStep(
  simulator: TxSimulator,
  step: KeyStep,
  mark: (value: string) => Map<string, Buffer>,
): void {
  if (step.do === 'get') simulator.getState(PULSE, step.key);
  else if (step.do === 'delete') simulator.deleteState(PULSE, step.key);
  else if (step.do === 'put') simulator.putState(PULSE, step.key, Buffer.from(step.value));
  else simulator.putStateMetadata(PULSE, step.key, mark(step.value));
}

const key = fc.constantFrom(...KEYS);
const bound = fc.constantFrom('', ...KEYS);
const secret = fc.boolean();
const value = fc.constantFrom('x', 'y', 'z');
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constantFrom('get' as const, 'delete' as const), secret, key }),
  {
    arbitrary: fc.record({
      do: fc.constantFrom('put' as const, 'mark' as const),
      secret,
      key,
      value,
    }),
    weight: 3,
  },
  fc.record({ do: fc.constantFrom('hash' as const, 'purge' as const), key }),
  fc.record({
    do: fc.constant('range' as const),
    start: bound,
    end: bound,
    take: fc.integer({ min: 1, max: KEYS.length + 1 }),
  }),
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
  const expected = world.get(cell(true, each));
  const hash = simulator.getPrivateDataHash(PULSE, PROVIDERS, each);
  expect(hash).toEqual(expected?.value === undefined ? undefined : sha256(expected.value));
  const mark = simulator.getPrivateDataMetadata(PULSE, PROVIDERS, each).get(METADATA);
  expect(Buffer.from(mark ?? []).toString()).toBe(expected?.mark ?? '');
  if (simulator.mspId === INSURER && expected?.value !== undefined) {
    expect(() => simulator.getPrivateData(PULSE, PROVIDERS, each)).toThrow('is not available');
  } else {
    expect(simulator.getPrivateData(PULSE, PROVIDERS, each)?.toString()).toBe(expected?.value);
  }
}

async function runHistory(ledger: Ledger, blocks: readonly (readonly Plan[])[]): Promise<World> {
  const world: World = new Map();
  let pending: Pending[] = [];
  for (const [round, plans] of blocks.entries()) {
    for (const [index, { steps, delay }] of plans.entries()) {
      const mspId = index % 2 === 0 ? HOSPITAL : CLINIC;
      const endorsed = await endorse(ledger, `${round}-${index}`, (s) => simulateLedger(s, steps), {
        mspId,
      });
      pending.push({ due: round + delay, endorsed, model: simulateModel(world, steps) });
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
