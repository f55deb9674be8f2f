import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';

const POLL_MS = 25;

/** Whether somebody accepts TCP connections there. */
export async function accepts(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const finish = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => {
      finish(true);
    });
    socket.once('error', () => {
      finish(false);
    });
  });
}

/** How a server is known over TLS. */
export interface TlsServer {
  readonly port: number;
  readonly host: string;
  readonly serverName: string;
  readonly rootCertificatePem: string;
}

/** Whether that server, and no other, speaks TLS there. */
export async function acceptsTls(server: TlsServer): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connectTls({
      host: server.host,
      port: server.port,
      servername: server.serverName,
      ca: server.rootCertificatePem,
      ALPNProtocols: ['h2'],
    });
    const finish = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('secureConnect', () => {
      finish(true);
    });
    socket.once('error', () => {
      finish(false);
    });
  });
}

/** Repeats a check until it says yes or the time is over. */
export async function eventually(
  check: () => Promise<boolean>,
  timeoutMs: number,
  pollMs: number = POLL_MS,
): Promise<boolean> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    if (await check()) return true;
    if (Date.now() >= end) return false;
    await delay(pollMs);
  }
}

/** The certificate (PEM) that a TLS server shows, trusted or not; undefined when none answers. */
export async function servedCertificate(address: {
  readonly host: string;
  readonly port: number;
}): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connectTls({ ...address, rejectUnauthorized: false, ALPNProtocols: ['h2'] });
    socket.once('secureConnect', () => {
      const pem = socket.getPeerX509Certificate()?.toString();
      socket.destroy();
      resolve(pem);
    });
    socket.once('error', () => {
      resolve(undefined);
    });
  });
}
