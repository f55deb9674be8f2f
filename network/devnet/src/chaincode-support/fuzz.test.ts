import { once } from 'node:events';
import { createServer } from 'node:net';
import { Server, ServerCredentials, type ServerDuplexStream } from '@grpc/grpc-js';
import { peer } from '@hyperledger/fabric-protos';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ChaincodeConnection } from './connection.ts';
import { ChaincodeHandler } from './handler.ts';
import { decodeMessage, MessageType } from './message.ts';
import type { TransactionContext } from './transaction-context.ts';

const RUNS = 60;
const EXECUTE_MS = 200;
const LAUNCH_MS = 20_000;

type Stream = ServerDuplexStream<Buffer, Buffer>;

/** Answers of the chaincode to a transaction, byte by byte. */
let answers: readonly Uint8Array[] = [];
let server: Server;
let connection: ChaincodeConnection;

function register(): Buffer {
  const id = new peer.ChaincodeID();
  id.setName('fuzz:1');
  const message = new peer.ChaincodeMessage();
  message.setType(MessageType.REGISTER);
  message.setPayload(id.serializeBinary());
  return Buffer.from(message.serializeBinary());
}

function serve(call: Stream): void {
  call.write(register());
  call.on('data', (data: Buffer) => {
    if (decodeMessage(data).type !== MessageType.TRANSACTION) return;
    for (const answer of answers) call.write(Buffer.from(answer));
  });
  call.on('error', () => undefined);
  call.on('end', () => {
    call.end();
  });
}

/** What a transaction needs of its context when nothing is asked of the state. */
const context = {
  namespace: 'fuzz',
  parameters: { channel: 'records', txId: 'a', signedProposal: new peer.SignedProposal() },
  closeAllQueries: () => Promise.resolve(),
} as unknown as TransactionContext;

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  return address !== null && typeof address === 'object' ? address.port : 0;
}

beforeAll(async () => {
  server = new Server();
  const raw = (data: Buffer): Buffer => data;
  server.addService(
    {
      connect: {
        path: '/protos.Chaincode/Connect',
        requestStream: true,
        responseStream: true,
        requestSerialize: raw,
        requestDeserialize: raw,
        responseSerialize: raw,
        responseDeserialize: raw,
      },
    },
    { connect: serve },
  );
  const address = `127.0.0.1:${await freePort()}`;
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(address, ServerCredentials.createInsecure(), (error) => {
      if (error === null) resolve();
      else reject(error);
    });
  });
  connection = new ChaincodeConnection({
    address,
    chaincodeId: 'fuzz:1',
    launchTimeoutMs: LAUNCH_MS,
    invoke: () => new Uint8Array(),
  });
});

afterAll(() => {
  connection.close();
  server.forceShutdown();
});

async function execute(): Promise<string> {
  const handler = await connection.launch();
  return handler.execute(context, new Uint8Array(), EXECUTE_MS).then(
    () => 'answered',
    () => 'failed',
  );
}

const message: fc.Arbitrary<Uint8Array> = fc
  .record({
    type: fc.nat({ max: 30 }),
    channel: fc.constantFrom('records', '', 'ghost'),
    txId: fc.constantFrom('a', '', 'b'),
    payload: fc.uint8Array({ maxLength: 60 }),
  })
  .map(({ type, channel, txId, payload }) => {
    const made = new peer.ChaincodeMessage();
    made.setType(type as peer.ChaincodeMessage.TypeMap[keyof peer.ChaincodeMessage.TypeMap]);
    made.setChannelId(channel);
    made.setTxid(txId);
    made.setPayload(payload);
    return made.serializeBinary();
  });

test('whatever a chaincode sends on its stream, a transaction ends and the next one finds it again', async () => {
  const sent = fc.array(fc.oneof(message, fc.uint8Array({ maxLength: 80 })), { maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(sent, async (bytes) => {
      answers = bytes;
      expect(['answered', 'failed']).toContain(await execute());
    }),
    { numRuns: RUNS },
  );
  const completed = new peer.ChaincodeMessage();
  completed.setType(MessageType.COMPLETED);
  completed.setChannelId('records');
  completed.setTxid('a');
  answers = [completed.serializeBinary()];
  expect(await execute()).toBe('answered');
}, 60_000);

test('the peer’s end takes messages in any order, before and after it is registered', () => {
  const any = fc.array(message, { maxLength: 12 });
  fc.assert(
    fc.property(any, (bytes) => {
      let isEnded = false;
      const handler = new ChaincodeHandler(
        {
          write: () => undefined,
          end: () => {
            isEnded = true;
          },
        },
        { invoke: () => new Uint8Array(), onReady: () => undefined },
      );
      for (const one of bytes) handler.receive(decodeMessage(one));
      handler.terminate();
      expect(typeof isEnded).toBe('boolean');
    }),
  );
});
