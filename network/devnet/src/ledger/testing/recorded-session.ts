import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { HistoryIterator, StateIterator, TxSimulator } from '../types.ts';

/**
 * Sessions recorded from Hyperledger Fabric 3.1.5's own ledger (core/ledger/kvledger on LevelDB): random transactions, what
 * each call answered, the read-write sets as bytes, and codes and commit hash of each block. See ../recorded.test.ts.
 */

/** One call. Which of the fields count depends on the call; the rest are as empty as they can be. */
export interface RecordedStep {
  readonly op: string;
  readonly ns: string;
  readonly coll: string;
  readonly key: string;
  readonly value: string;
  /** Values in base64. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly start: string;
  readonly end: string;
  readonly take: number;
  readonly page: number;
}

export interface RecordedSimulation {
  readonly txId: string;
  readonly steps: readonly RecordedStep[];
  readonly answers: readonly string[];
  readonly publicRwset: string;
  readonly privateRwset: string;
}

export interface RecordedBlock {
  /** Endorsed before the block; some are committed later. */
  readonly simulations: readonly RecordedSimulation[];
  /** `lost`: without its private data; `refused`: the validator gave code 10. */
  readonly commits: readonly {
    readonly txId: string;
    readonly lost: boolean;
    readonly refused: boolean;
  }[];
  readonly codes: readonly number[];
  readonly commitHash: string;
}

export interface RecordedSession {
  readonly blocks: readonly RecordedBlock[];
}

const Text = z.string().default('');
const Step = z.object({
  op: z.string(),
  ns: z.string(),
  coll: Text,
  key: Text,
  value: Text,
  metadata: z.record(z.string(), z.string()).default({}),
  start: Text,
  end: Text,
  take: z.number().default(0),
  page: z.number().default(0),
});
const Simulation = z.object({
  txId: z.string(),
  steps: z.array(Step),
  answers: z.array(z.string()),
  publicRwset: z.string(),
  privateRwset: z.string(),
});
const Block = z.object({
  simulations: z.array(Simulation),
  commits: z.array(z.object({ txId: z.string(), lost: z.boolean(), refused: z.boolean() })),
  codes: z.array(z.number()),
  commitHash: z.string(),
});
const Session = z.object({ blocks: z.array(Block) });

export async function readSessions(folder: string): Promise<RecordedSession[]> {
  const lines = (await readFile(join(folder, 'recorded-sessions.jsonl'), 'utf8'))
    .trim()
    .split('\n');
  return lines.map((line) => Session.parse(JSON.parse(line)));
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
const valueText = (value: Uint8Array | undefined): string => (value ? base64(value) : 'nil');
const toMetadata = (entries: RecordedStep['metadata']): Map<string, Buffer> =>
  new Map(Object.entries(entries).map(([name, value]) => [name, Buffer.from(value, 'base64')]));
const policyText = (metadata: ReadonlyMap<string, Uint8Array>): string =>
  base64(metadata.get('VALIDATION_PARAMETER') ?? new Uint8Array());

async function walk(iterator: StateIterator, take: number): Promise<string> {
  let text = '';
  for (let at = 0; at < take; at += 1) {
    const next = await iterator.next();
    if (next === undefined) return `${text}END`;
    text += `${next.key}=${base64(next.value)};`;
  }
  return text;
}

async function walkHistory(history: HistoryIterator): Promise<string> {
  let text = '';
  for (let next = await history.next(); next; next = await history.next()) {
    text += `${next.getTxId()}=${next.getValue_asB64()},${next.getIsDelete()};`;
  }
  return `${text}END`;
}

type Answer = string | Promise<string>;
type Performer<R> = (on: TxSimulator, step: RecordedStep) => R;

const READS: ReadonlyMap<string, Performer<Answer>> = new Map<string, Performer<Answer>>([
  ['get', (on, { ns, key }) => valueText(on.getState(ns, key))],
  ['getMeta', (on, { ns, key }) => policyText(on.getStateMetadata(ns, key))],
  ['range', (on, { ns, start, end, take }) => walk(on.getStateRange(ns, start, end), take)],
  ['page', walkPage],
  ['history', (on, { ns, key }) => walkHistory(on.getHistoryForKey(ns, key))],
  ['query', (on, { ns, key }) => on.executeQuery(ns, key)],
  ['queryPage', (on, { ns, key }) => on.executeQueryPage(ns, key)],
  ['pget', (on, { ns, coll, key }) => valueText(on.getPrivateData(ns, coll, key))],
  ['phash', (on, { ns, coll, key }) => valueText(on.getPrivateDataHash(ns, coll, key))],
  ['pgetMeta', (on, { ns, coll, key }) => policyText(on.getPrivateDataMetadata(ns, coll, key))],
  [
    'prange',
    (on, { ns, coll, start, end, take }) =>
      walk(on.getPrivateDataRange(ns, coll, start, end), take),
  ],
  ['pquery', (on, { ns, coll, key }) => on.executeQueryOnPrivateData(ns, coll, key)],
]);

const WRITES: ReadonlyMap<string, Performer<void>> = new Map<string, Performer<void>>([
  [
    'put',
    (on, { ns, key, value }) => {
      on.putState(ns, key, Buffer.from(value));
    },
  ],
  [
    'putMeta',
    (on, { ns, key, metadata }) => {
      on.putStateMetadata(ns, key, toMetadata(metadata));
    },
  ],
  [
    'delete',
    (on, { ns, key }) => {
      on.deleteState(ns, key);
    },
  ],
  [
    'pput',
    (on, { ns, coll, key, value }) => {
      on.putPrivateData(ns, coll, key, Buffer.from(value));
    },
  ],
  [
    'pputMeta',
    (on, { ns, coll, key, metadata }) => {
      on.putPrivateDataMetadata(ns, coll, key, toMetadata(metadata));
    },
  ],
  [
    'pdelete',
    (on, { ns, coll, key }) => {
      on.deletePrivateData(ns, coll, key);
    },
  ],
  [
    'ppurge',
    (on, { ns, coll, key }) => {
      on.purgePrivateData(ns, coll, key);
    },
  ],
]);

async function walkPage(
  on: TxSimulator,
  { ns, start, end, take, page }: RecordedStep,
): Promise<string> {
  const range = on.getStateRangePage(ns, start, end, page);
  return `${await walk(range, take)}|${await range.bookmarkAndClose()}`;
}

/** Performs a step and writes its outcome as the recording does. */
export async function perform(simulator: TxSimulator, step: RecordedStep): Promise<string> {
  try {
    const read = READS.get(step.op);
    if (read !== undefined) return await read(simulator, step);
    const write = WRITES.get(step.op);
    if (write === undefined) throw new Error(`no such call: ${step.op}`);
    write(simulator, step);
    return 'ok';
  } catch (error) {
    return `error: ${error instanceof Error ? error.message : String(error)}`;
  }
}
