import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { peer } from '@hyperledger/fabric-protos';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { NETWORK } from '../../../definition/src/index.ts';
import { openLedger } from '../ledger/open.ts';
import type { Ledger } from '../ledger/types.ts';
import { ChaincodeDefinitions } from '../lifecycle/chaincode-definitions.ts';
import { type TestKeys, testKeys } from '../testing/keys.ts';
import { ChaincodeHandler } from './handler.ts';
import { type ChaincodeMessage, MessageType } from './message.ts';
import { TransactionContext } from './transaction-context.ts';

const TIMEOUT_MS = 5_000;
const TX = 'ab'.repeat(32);

let keys: TestKeys;
let dir: string;
let ledger: Ledger;
let sent: ChaincodeMessage[];
let ended: number;
let handler: ChaincodeHandler;
let registered: string[];

beforeAll(async () => {
  keys = await testKeys();
  dir = await mkdtemp(join(tmpdir(), 'devnet-handler-'));
  ledger = await openLedger({
    dir,
    channel: NETWORK.channel,
    organizations: NETWORK.organizations.map((o) => o.mspId),
    namespaces: [NETWORK.chaincode],
    sync: false,
  });
});

afterAll(async () => {
  await ledger.close();
  await rm(dir, { recursive: true });
  await keys.remove();
});

beforeEach(() => {
  [sent, registered, ended] = [[], [], 0];
  const stream = {
    write: (message: ChaincodeMessage) => {
      sent.push(message);
    },
    end: () => {
      ended += 1;
    },
  };
  handler = new ChaincodeHandler(stream, {
    invoke: () => Buffer.from('answer of the other chaincode'),
    onReady: (id) => registered.push(id),
  });
});

function message(
  type: MessageType,
  payload: Uint8Array = new Uint8Array(),
  txId = TX,
): ChaincodeMessage {
  return { type, channel: 'records', txId, payload };
}

function register(): void {
  const id = new peer.ChaincodeID();
  id.setName('pulse_1.0:abc');
  handler.receive({ ...message(MessageType.REGISTER, id.serializeBinary()), txId: '' });
  sent = [];
}

async function withContext<T>(run: (context: TransactionContext) => Promise<T>): Promise<T> {
  const simulator = ledger.newSimulator({ mspId: 'HospitalMSP', txId: TX });
  const definitions = new ChaincodeDefinitions(NETWORK);
  const context = new TransactionContext(
    'pulse',
    {
      channel: 'records',
      txId: TX,
      signedProposal: new peer.SignedProposal(),
      creator: keys.msps.deserialize((await keys.ingest('clinic')).serialized),
      simulator,
    },
    (name) => definitions.collection('pulse', name),
  );
  try {
    return await run(context);
  } finally {
    await simulator.done();
  }
}

function text(of: ChaincodeMessage | undefined): string {
  return Buffer.from(of?.payload ?? []).toString();
}

function getState(key: string): Uint8Array {
  const request = new peer.GetState();
  request.setKey(key);
  return request.serializeBinary();
}

describe('a conversation with a chaincode', () => {
  test('begins with its registration', () => {
    const id = new peer.ChaincodeID();
    id.setName('pulse_1.0:abc');
    handler.receive(message(MessageType.REGISTER, id.serializeBinary()));
    expect(sent.map((m) => m.type)).toEqual([MessageType.REGISTERED, MessageType.READY]);
    expect(registered).toEqual(['pulse_1.0:abc']);
  });

  test.each([
    ['anything else', message(MessageType.GET_STATE)],
    ['a registration without a name', message(MessageType.REGISTER)],
    ['a registration that cannot be read', message(MessageType.REGISTER, Buffer.from([0xff]))],
  ])('ends when it begins with %s', (_what, first) => {
    handler.receive(first);
    expect(ended).toBe(1);
    expect(registered).toEqual([]);
  });

  test('ends with a message that is none of a chaincode’s', () => {
    register();
    handler.receive(message(MessageType.REGISTERED));
    expect(ended).toBe(1);
  });

  test('is not disturbed by keep-alives', () => {
    register();
    handler.receive(message(MessageType.KEEPALIVE));
    expect([ended, sent.length]).toEqual([0, 0]);
  });
});

describe('a transaction', () => {
  test('is started once, asks, and is completed', async () => {
    register();
    await withContext(async (context) => {
      const input = Buffer.from('input');
      const execution = handler.execute(context, input, TIMEOUT_MS);
      expect(sent).toMatchObject([{ type: MessageType.TRANSACTION, txId: TX, payload: input }]);
      await expect(handler.execute(context, input, TIMEOUT_MS)).rejects.toThrow(
        `txid: ${TX}(records) exists`,
      );
      handler.receive(message(MessageType.GET_STATE, getState('nothing')));
      expect(sent.at(-1)).toMatchObject({ type: MessageType.RESPONSE, txId: TX });
      handler.receive(message(MessageType.INVOKE_CHAINCODE));
      expect(text(sent.at(-1))).toBe('answer of the other chaincode');
      handler.receive(message(MessageType.COMPLETED, Buffer.from('done')));
      expect(text(await execution)).toBe('done');
    });
  });

  test('that is not running gets no answers from the ledger', () => {
    register();
    handler.receive(message(MessageType.GET_STATE, getState('a')));
    handler.receive(message(MessageType.INVOKE_CHAINCODE));
    expect(sent.map((m) => m.type)).toEqual([MessageType.ERROR, MessageType.ERROR]);
    expect(sent.map(text)).toEqual([
      `GET_STATE failed: transaction ID: ${TX}: no ledger context`,
      `INVOKE_CHAINCODE failed: transaction ID: ${TX}: could not get valid transaction`,
    ]);
  });

  test.each([
    [MessageType.QUERY_STATE_NEXT, 'QUERY_STATE_NEXT', 'query iterator not found'],
    [MessageType.PURGE_PRIVATE_DATA, 'PURGE_PRIVATE_DATA', 'only applicable for private data'],
  ])('is told why message %d is refused', async (type, name, reason) => {
    register();
    await withContext(async (context) => {
      const execution = handler.execute(context, new Uint8Array(), TIMEOUT_MS);
      handler.receive(message(type));
      await new Promise(setImmediate);
      expect(text(sent.at(-1))).toBe(`${name} failed: transaction ID: ${TX}: ${reason}`);
      handler.receive(message(MessageType.COMPLETED));
      await execution;
    });
  });

  test('is sent results in batches of a hundred, and one request at a time', async () => {
    register();
    await withContext(async (context) => {
      let next = 0;
      const iterator = {
        next: () =>
          Promise.resolve(
            next < 150
              ? { namespace: 'pulse', key: String(next++), value: new Uint8Array() }
              : undefined,
          ),
        close: () => Promise.resolve(),
      };
      const id = context.openQuery(iterator);
      const execution = handler.execute(context, new Uint8Array(), TIMEOUT_MS);
      const request = new peer.QueryStateNext();
      request.setId(id);
      const ask = async (): Promise<peer.QueryResponse> => {
        const before = sent.length;
        handler.receive(message(MessageType.QUERY_STATE_NEXT, request.serializeBinary()));
        // Before the first is answered this one is dropped, as in Fabric.
        handler.receive(message(MessageType.QUERY_STATE_NEXT, request.serializeBinary()));
        await new Promise(setImmediate);
        expect(sent).toHaveLength(before + 1);
        return peer.QueryResponse.deserializeBinary(sent.at(-1)!.payload);
      };
      const first = await ask();
      expect([first.getResultsList().length, first.getHasMore()]).toEqual([100, true]);
      const second = await ask();
      expect([second.getResultsList().length, second.getHasMore()]).toEqual([50, false]);
      handler.receive(message(MessageType.COMPLETED));
      await execution;
    });
  });

  test('fails when the chaincode takes too long, and can then be started again', async () => {
    register();
    await withContext(async (context) => {
      await expect(handler.execute(context, new Uint8Array(), 20)).rejects.toThrow(
        'timeout expired while executing transaction',
      );
      const again = handler.execute(context, new Uint8Array(), TIMEOUT_MS);
      handler.receive(message(MessageType.ERROR, Buffer.from('late')));
      expect((await again).type).toBe(MessageType.ERROR);
    });
  });

  test('fails when the chaincode goes away, as do those after it', async () => {
    register();
    await withContext(async (context) => {
      const execution = handler.execute(context, new Uint8Array(), TIMEOUT_MS);
      handler.terminate();
      await expect(execution).rejects.toThrow('chaincode stream terminated');
      await expect(handler.execute(context, new Uint8Array(), TIMEOUT_MS)).rejects.toThrow(
        'chaincode stream terminated',
      );
    });
  });
});
