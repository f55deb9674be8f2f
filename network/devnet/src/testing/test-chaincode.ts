import { type ChaincodeInterface, Shim } from 'fabric-shim';

type Stub = Parameters<ChaincodeInterface['Invoke']>[0];
type Operation = (stub: Stub, args: readonly string[]) => Promise<Uint8Array | undefined>;

const PROVIDERS = 'providers';

function transient(stub: Stub, name: string): Uint8Array {
  return stub.getTransient().get(name) ?? new Uint8Array();
}

/** What tests let a chaincode do; each takes its arguments as text. */
const OPERATIONS: Readonly<Record<string, Operation>> = {
  get: (stub, [key = '']) => stub.getState(key),
  put: async (stub, [key = '', value = '']) => {
    await stub.putState(key, Buffer.from(value));
    return Buffer.from(`put ${key}`);
  },
  /** Writes as many keys as asked for: a prefix and three digits. */
  fill: async (stub, [prefix = '', count = '0']) => {
    for (let i = 0; i < Number(count); i += 1) {
      await stub.putState(`${prefix}${String(i).padStart(3, '0')}`, Buffer.from('1'));
    }
    return undefined;
  },
  /** Reads before it writes, so that two of them conflict. */
  append: async (stub, [key = '', value = '']) => {
    const before = Buffer.from(await stub.getState(key)).toString();
    await stub.putState(key, Buffer.from(before + value));
    return Buffer.from(before + value);
  },
  putPrivate: async (stub, [collection = PROVIDERS, key = '']) => {
    await stub.putPrivateData(collection, key, Buffer.from(transient(stub, 'value')));
    return undefined;
  },
  /** As many private writes in one transaction as asked for. */
  putMany: async (stub, [count = '0', prefix = 'many']) => {
    const value = Buffer.from(transient(stub, 'value'));
    for (let i = 0; i < Number(count); i += 1) {
      await stub.getPrivateDataHash(PROVIDERS, `${prefix}-${i}`);
      await stub.putPrivateData(PROVIDERS, `${prefix}-${i}`, value);
    }
    return undefined;
  },
  getPrivate: (stub, [collection = PROVIDERS, key = '']) => stub.getPrivateData(collection, key),
  getPrivateHash: (stub, [collection = PROVIDERS, key = '']) =>
    stub.getPrivateDataHash(collection, key),
  purgePrivate: async (stub, [collection = PROVIDERS, key = '']) => {
    await stub.purgePrivateData(collection, key);
    return undefined;
  },
  range: async (stub, [start = '', end = '']) => {
    const found: string[] = [];
    for await (const { key } of stub.getStateByRange(start, end)) found.push(key);
    return Buffer.from(JSON.stringify(found));
  },
  page: async (stub, [start = '', end = '', size = '2', bookmark = '']) => {
    const found: string[] = [];
    const query = stub.getStateByRangeWithPagination(start, end, Number(size), bookmark);
    for await (const { key } of query) found.push(key);
    const { metadata } = await query;
    return Buffer.from(JSON.stringify({ found, bookmark: metadata.bookmark }));
  },
  history: async (stub, [key = '']) => {
    const values: string[] = [];
    for await (const { value } of stub.getHistoryForKey(key)) {
      values.push(Buffer.from(value).toString());
    }
    return Buffer.from(JSON.stringify(values));
  },
  event: async (stub, [name = '', payload = '']) => {
    await stub.putState(`event-${payload}`, Buffer.from(payload));
    stub.setEvent(name, Buffer.from(payload));
    return undefined;
  },
  keyPolicy: async (stub, [key = '']) => {
    await stub.setStateValidationParameter(key, transient(stub, 'policy'));
    return undefined;
  },
  creator: (stub) => Promise.resolve(Buffer.from(stub.getCreator().mspid)),
  sleep: async (_stub, [ms = '0']) => {
    await new Promise((resolve) => setTimeout(resolve, Number(ms)));
    return undefined;
  },
  /** Another answer at every peer. */
  random: (stub) =>
    stub.putState('random', Buffer.from(String(Math.random()))).then(() => undefined),
  fail: (_stub, [text = '']) => Promise.reject(new Error(text)),
};

/** A chaincode for tests, straight on fabric-shim. */
export const TEST_CHAINCODE: ChaincodeInterface = {
  Init: () => Promise.resolve(Shim.success(Buffer.alloc(0))),
  Invoke: async (stub) => {
    const { fcn, params } = stub.getFunctionAndParameters();
    const operation = OPERATIONS[fcn];
    if (operation === undefined) return Shim.error(`no operation ${fcn}`);
    try {
      return Shim.success(Buffer.from((await operation(stub, params)) ?? []));
    } catch (error) {
      return Shim.error(error instanceof Error ? error.message : String(error));
    }
  },
};
