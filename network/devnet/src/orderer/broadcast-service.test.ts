import { once } from 'node:events';
import {
  Client,
  type ClientDuplexStream,
  credentials,
  Server,
  ServerCredentials,
  status,
} from '@grpc/grpc-js';
import { common, orderer } from '@hyperledger/fabric-protos';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Refusal } from './broadcast-filters.ts';
import { BROADCAST_SERVICE, broadcastHandlers } from './broadcast-service.ts';

const REFUSAL: Refusal = { status: common.Status.BAD_REQUEST, info: 'channel does not exist' };

let server: Server;
let client: Client;
let ordered: string[];

beforeAll(async () => {
  const channel = (name: string, refusal?: Refusal) => ({
    orderer: {
      broadcast: () => {
        ordered.push(name);
        return refusal;
      },
    },
  });
  server = new Server();
  const channels = new Map([
    ['first', channel('first', REFUSAL)],
    ['second', channel('second')],
  ]);
  server.addService(BROADCAST_SERVICE, broadcastHandlers(channels));
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
  client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
});

afterAll(() => {
  client.close();
  server.forceShutdown();
});

function open(): ClientDuplexStream<Uint8Array, orderer.BroadcastResponse> {
  ordered = [];
  return client.makeBidiStreamRequest(
    BROADCAST_SERVICE.broadcast.path,
    (bytes: Uint8Array) => Buffer.from(bytes),
    (bytes: Buffer) => orderer.BroadcastResponse.deserializeBinary(new Uint8Array(bytes)),
  );
}

function envelope(channel: string): Uint8Array {
  const channelHeader = new common.ChannelHeader();
  channelHeader.setChannelId(channel);
  const header = new common.Header();
  header.setChannelHeader(channelHeader.serializeBinary());
  const payload = new common.Payload();
  payload.setHeader(header);
  const message = new common.Envelope();
  message.setPayload(payload.serializeBinary());
  return message.serializeBinary();
}

describe('broadcasting', () => {
  test('orders each envelope on the channel that it names', async () => {
    const stream = open();
    const answers: [number, string][] = [];
    stream.on('data', (response: orderer.BroadcastResponse) => {
      answers.push([response.getStatus(), response.getInfo()]);
    });
    for (const name of ['second', 'first', 'ghost']) stream.write(envelope(name));
    stream.end();
    await once(stream, 'end');
    expect(ordered).toEqual(['second', 'first', 'first']);
    expect(answers).toEqual([
      [common.Status.SUCCESS, ''],
      [common.Status.BAD_REQUEST, 'channel does not exist'],
      [common.Status.BAD_REQUEST, 'channel does not exist'],
    ]);
  });

  test('ends on bytes that are no envelope', async () => {
    const stream = open();
    stream.on('data', () => undefined);
    stream.write(Uint8Array.from([0x0a, 0xff, 0x01]));
    const [error] = (await once(stream, 'error')) as [{ code: number; details: string }];
    expect(error.code).toBe(status.INTERNAL);
    expect(error.details).toContain('grpc: failed to unmarshal the received message');
    expect(ordered).toEqual([]);
  });
});
