import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Forwarder } from './forwarder.ts';

let server: Server;
let heard: string;
let forwarder: Forwarder;
let clients: Socket[];

/** Answers every byte with the same byte. */
beforeEach(async () => {
  heard = '';
  clients = [];
  server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => {
      heard += bytes.toString();
      socket.write(bytes);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  forwarder = await Forwarder.start(() => port);
});

afterEach(async () => {
  for (const client of clients) client.destroy();
  await forwarder.close();
  server.close();
  await once(server, 'close');
});

async function open(): Promise<Socket> {
  const client = connect(forwarder.port, '127.0.0.1');
  clients.push(client);
  client.on('error', () => undefined);
  await once(client, 'connect');
  return client;
}

/** Resolves however it closes; `once` would reject when it is reset. */
function closing(client: Socket): Promise<unknown> {
  return new Promise((resolve) => client.once('close', resolve));
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe('a forwarder', () => {
  test('brings requests there and answers back', async () => {
    const client = await open();
    client.write('question');
    const [answer] = (await once(client, 'data')) as [Buffer];
    expect(answer.toString()).toBe('question');
    expect(forwarder.connections).toBe(1);
    client.end();
    await closing(client);
    await until(() => forwarder.connections === 0);
  });

  test('that holds answers lets requests through, and drops the answers with the connection', async () => {
    const client = await open();
    let answered = '';
    client.on('data', (bytes: Buffer) => (answered += bytes.toString()));
    client.write('before');
    await until(() => answered === 'before');
    forwarder.holdAnswers();
    client.write('commit');
    await until(() => heard === 'beforecommit' && forwarder.heldBytes === 6);
    const closed = closing(client);
    expect(forwarder.reset()).toEqual({ connections: 1, droppedBytes: 6 });
    await closed;
    expect(answered).toBe('before');
  });

  test('works again after it was reset', async () => {
    const client = await open();
    const closed = closing(client);
    forwarder.holdAnswers();
    expect(forwarder.reset()).toEqual({ connections: 1, droppedBytes: 0 });
    await closed;
    const next = await open();
    next.write('again');
    const [answer] = (await once(next, 'data')) as [Buffer];
    expect(answer.toString()).toBe('again');
  });

  test('ends a connection to where nobody listens', async () => {
    const nowhere = await Forwarder.start(() => 1);
    const client = connect(nowhere.port, '127.0.0.1');
    client.on('error', () => undefined);
    await closing(client);
    await nowhere.close();
  });
});
