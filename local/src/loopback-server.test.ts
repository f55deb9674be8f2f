import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Hono } from 'hono';
import { type RunningServer, serveLoopback } from './loopback-server.ts';

const IMPATIENT = { handshakeMs: 50, headersMs: 50, requestMs: 100, silenceMs: 200, checkMs: 10 };

let server: RunningServer;
let sockets: Socket[];

beforeEach(async () => {
  sockets = [];
  const app = new Hono();
  app.post('/', async (c) => c.text(await c.req.text()));
  server = await serveLoopback(app, 0, undefined, IMPATIENT);
});

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await server.close();
});

async function open(): Promise<{ socket: Socket; answer: () => string; closed: Promise<unknown> }> {
  const socket = connect(server.port, '127.0.0.1');
  sockets.push(socket);
  let text = '';
  socket.on('error', () => undefined);
  socket.on('data', (bytes: Buffer) => (text += bytes.toString()));
  const closed = new Promise((resolve) => socket.once('close', resolve));
  await once(socket, 'connect');
  return { socket, answer: () => text, closed };
}

describe('a server on loopback', () => {
  test('does not wait for headers that never end', async () => {
    const { socket, answer, closed } = await open();
    socket.write('POST / HTTP/1.1\r\nhost: x\r\nx-slow: ');
    await closed;
    expect(answer()).toMatch(/^HTTP\/1\.1 408 /);
  });

  test('does not wait for a body that never ends', async () => {
    const { socket, answer, closed } = await open();
    socket.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\nslowly');
    await closed;
    expect(answer()).toMatch(/^HTTP\/1\.1 408 /);
  });

  test('ends a connection on which nothing comes at all', async () => {
    const { closed } = await open();
    await closed;
  });

  test('answers everybody else meanwhile', async () => {
    const slow = await open();
    slow.socket.write('POST / HTTP/1.1\r\n');
    const answer = await fetch(server.origin, { method: 'POST', body: 'quick' });
    expect(await answer.text()).toBe('quick');
    await slow.closed;
  });
});
