import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { type ChaincodeInterface, Shim } from 'fabric-shim';

export type Stub = Parameters<ChaincodeInterface['Invoke']>[0];
/** A stub call of a script: its name and its arguments. */
export type Step = readonly [string, ...(string | number | readonly unknown[])[]];

/** What a script does beside calling the stub: it decides how the transaction ends. */
export class Ending extends Error {
  readonly status: number;
  readonly payload: string;

  constructor(status: number, text: string, payload: string) {
    super(text);
    this.status = status;
    this.payload = payload;
  }
}

interface Found {
  readonly key: string;
  readonly value: Uint8Array;
}

function text(value: Uint8Array): string {
  return Buffer.from(value).toString();
}

/** Long values are told by length and hash. */
function shown(value: Uint8Array): string {
  if (value.length <= 200) return text(value);
  return `${value.length} bytes, sha256 ${createHash('sha256').update(value).digest('hex')}`;
}

async function entries(
  results: AsyncIterable<Found>,
  limit = Number.POSITIVE_INFINITY,
): Promise<string[]> {
  const found: string[] = [];
  if (limit === 0) return found;
  for await (const { key, value } of results) {
    found.push(`${key.replaceAll('\0', '|')}=${text(value)}`);
    if (found.length >= limit) break;
  }
  return found;
}

interface Page
  extends AsyncIterable<Found>,
    Promise<{ metadata: { fetchedRecordsCount: number; bookmark: string } }> {}

async function page(results: Page): Promise<unknown> {
  const found = await entries(results);
  const { metadata } = await results;
  const { fetchedRecordsCount: count, bookmark } = metadata;
  return { found, count, bookmark: bookmark.replaceAll('\0', '|') };
}

/** The arguments of a step as text. */
type Operation = (stub: Stub, ...args: string[]) => unknown;

function transient(stub: Stub, name: string): Uint8Array {
  const value = stub.getTransient().get(name);
  if (value === undefined) throw new Error(`no transient ${name}`);
  return value;
}

/** The shim's type does not say that there may be none. */
const base64 = (value: Uint8Array | undefined): string =>
  Buffer.from(value ?? []).toString('base64');
const bytesOf = (value: string): Buffer => Buffer.from(value);
const attributes = (list: string): string[] => list.split(',').filter((part) => part !== '');

const PUBLIC: Readonly<Record<string, Operation>> = {
  get: async (stub, key = '') => shown(await stub.getState(key)),
  put: (stub, key = '', value = '') => stub.putState(key, bytesOf(value)),
  putHex: (stub, key = '', value = '') => stub.putState(key, Buffer.from(value, 'hex')),
  getHex: async (stub, key = '') => Buffer.from(await stub.getState(key)).toString('hex'),
  putLarge: (stub, key = '', size = '') => stub.putState(key, Buffer.alloc(Number(size), 'x')),
  delete: (stub, key = '') => stub.deleteState(key),
  fill: async (stub, prefix = '', count = '') => {
    for (let i = 0; i < Number(count); i += 1) {
      await stub.putState(`${prefix}${String(i).padStart(3, '0')}`, bytesOf(String(i)));
    }
  },
  range: (stub, start = '', end = '') => entries(stub.getStateByRange(start, end)),
  rangeFirst: (stub, start = '', end = '', limit = '') =>
    entries(stub.getStateByRange(start, end), Number(limit)),
  rangeCount: async (stub, start = '', end = '') =>
    (await entries(stub.getStateByRange(start, end))).length,
  page: (stub, start = '', end = '', size = '', bookmark = '') =>
    page(stub.getStateByRangeWithPagination(start, end, Number(size), bookmark)),
  putComposite: (stub, type = '', list = '', value = '') =>
    stub.putState(stub.createCompositeKey(type, attributes(list)), bytesOf(value)),
  getComposite: async (stub, type = '', list = '') =>
    shown(await stub.getState(stub.createCompositeKey(type, attributes(list)))),
  partial: (stub, type = '', list = '') =>
    entries(stub.getStateByPartialCompositeKey(type, attributes(list))),
  partialPage: (stub, type = '', list = '', size = '', bookmark = '') =>
    page(
      stub.getStateByPartialCompositeKeyWithPagination(
        type,
        attributes(list),
        Number(size),
        bookmark.replaceAll('|', '\0'),
      ),
    ),
  query: (stub, query = '') => entries(stub.getQueryResult(query) as AsyncIterable<Found>),
  queryPage: (stub, query = '', size = '', bookmark = '') =>
    page(stub.getQueryResultWithPagination(query, Number(size), bookmark)),
  history: async (stub, key = '') => {
    const found: unknown[] = [];
    for await (const change of stub.getHistoryForKey(key)) {
      const { value, isDelete, txId } = change as {
        value: Uint8Array;
        isDelete: boolean;
        txId: string;
      };
      found.push({ value: text(value), isDelete, txId });
    }
    return found;
  },
  setPolicy: (stub, key = '', policy = '') =>
    stub.setStateValidationParameter(key, Buffer.from(policy, 'base64')),
  getPolicy: async (stub, key = '') => base64(await stub.getStateValidationParameter(key)),
};

const PRIVATE: Readonly<Record<string, Operation>> = {
  getPrivate: async (stub, collection = '', key = '') =>
    shown(await stub.getPrivateData(collection, key)),
  putPrivate: (stub, collection = '', key = '', value = '') =>
    stub.putPrivateData(collection, key, bytesOf(value)),
  putSecret: (stub, collection = '', key = '', name = '') =>
    stub.putPrivateData(collection, key, transient(stub, name)),
  deletePrivate: (stub, collection = '', key = '') => stub.deletePrivateData(collection, key),
  purgePrivate: (stub, collection = '', key = '') => stub.purgePrivateData(collection, key),
  hash: async (stub, collection = '', key = '') =>
    Buffer.from(await stub.getPrivateDataHash(collection, key)).toString('hex'),
  privateRange: (stub, collection = '', start = '', end = '') =>
    entries(stub.getPrivateDataByRange(collection, start, end)),
  putPrivateComposite: (stub, collection = '', type = '', list = '', value = '') =>
    stub.putPrivateData(
      collection,
      stub.createCompositeKey(type, attributes(list)),
      bytesOf(value),
    ),
  privatePartial: (stub, collection = '', type = '', list = '') =>
    entries(stub.getPrivateDataByPartialCompositeKey(collection, type, attributes(list))),
  privateQuery: (stub, collection = '', query = '') =>
    entries(stub.getPrivateDataQueryResult(collection, query)),
  setPrivatePolicy: (stub, collection = '', key = '', policy = '') =>
    stub.setPrivateDataValidationParameter(collection, key, Buffer.from(policy, 'base64')),
  getPrivatePolicy: async (stub, collection = '', key = '') =>
    base64(await stub.getPrivateDataValidationParameter(collection, key)),
};

interface Invoked {
  readonly status: number;
  readonly message: string;
  readonly payload: Uint8Array;
}

const CONTEXT: Readonly<Record<string, Operation>> = {
  event: (stub, name = '', payload = '') => {
    stub.setEvent(name, bytesOf(payload));
  },
  creator: (stub) => stub.getCreator().mspid,
  channel: (stub) => stub.getChannelID(),
  txId: (stub) => stub.getTxID(),
  isTimeNow: (stub) => {
    const { seconds } = stub.getTxTimestamp() as unknown as { seconds: number };
    return Math.abs(Date.now() / 1000 - seconds) < 120;
  },
  arguments: (stub) => stub.getStringArgs().slice(1),
  argumentsHex: (stub) =>
    (stub as unknown as { getBufferArgs(): Uint8Array[] })
      .getBufferArgs()
      .slice(2)
      .map((one) => Buffer.from(one).toString('hex')),
  transientNames: (stub) => [...stub.getTransient().keys()].sort(),
  transient: (stub, name = '') => text(transient(stub, name)),
  hasBinding: (stub) => /^[0-9a-f]{64}$/.test(stub.getBinding()),
  invoke: async (stub, chaincode = '', script = '', channel = '') => {
    const answer = (await stub.invokeChaincode(
      chaincode,
      ['run', script],
      channel,
    )) as unknown as Invoked;
    return { status: answer.status, message: answer.message, payload: text(answer.payload) };
  },
  invokeRaw: async (stub, chaincode = '', fcn = '') => {
    const answer = (await stub.invokeChaincode(chaincode, [fcn], '')) as unknown as Invoked;
    return { status: answer.status, message: answer.message, payload: text(answer.payload) };
  },
  sleep: async (_stub, ms = '') => {
    await delay(Number(ms));
  },
  random: (stub, key = '') => stub.putState(key, bytesOf(String(Math.random()))),
  randomResult: () => String(Math.random()),
  fail: (_stub, message = '') => {
    throw new Error(message);
  },
  end: (_stub, status = '', message = '', payload = '') => {
    throw new Ending(Number(status), message, payload);
  },
  exit: () => process.exit(1),
  large: (_stub, size = '') => 'x'.repeat(Number(size)),
};

const OPERATIONS: Readonly<Record<string, Operation>> = { ...PUBLIC, ...PRIVATE, ...CONTEXT };

async function perform(stub: Stub, step: Step): Promise<unknown> {
  const [name, ...args] = step;
  if (name === 'try') {
    try {
      return await perform(stub, args as unknown as Step);
    } catch (error) {
      return `refused: ${error instanceof Error ? error.message : String(error)}`;
    }
  }
  const operation = OPERATIONS[name];
  if (operation === undefined) throw new Error(`no operation ${name}`);
  const result = await operation(stub, ...args.map(String));
  // What the peer answers to a write is empty.
  return result === undefined || result instanceof Uint8Array ? null : result;
}

async function run(stub: Stub, script: string): Promise<unknown[]> {
  const steps = JSON.parse(script) as readonly Step[];
  const results: unknown[] = [];
  for (const step of steps) results.push(await perform(stub, step));
  return results;
}

/** A response of any status; the shim's own make 200 and 500. */
function ended({ status, message, payload }: Ending): ReturnType<typeof Shim.success> {
  const response = Shim.success(Buffer.from(payload));
  return Object.assign(response, { status, message });
}

/**
 * A chaincode whose transactions are scripts: `run` with a JSON list of stub calls answers the list of their results. It
 * speaks to the shim itself, since a contract cannot choose the status of its response.
 */
export const PROBE: ChaincodeInterface = {
  Init: () => Promise.resolve(Shim.success(Buffer.alloc(0))),
  Invoke: async (stub) => {
    const { fcn, params } = stub.getFunctionAndParameters();
    if (fcn === 'nothing') return undefined as unknown as ReturnType<typeof Shim.success>;
    if (fcn === 'void') return Shim.success(Buffer.alloc(0));
    if (fcn !== 'run') return Shim.error(`no function ${fcn}`);
    try {
      return Shim.success(Buffer.from(JSON.stringify(await run(stub, params[0] ?? '[]'))));
    } catch (error) {
      if (error instanceof Ending) return ended(error);
      return Shim.error(error instanceof Error ? error.message : String(error));
    }
  },
};
