import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { SystemFile } from '../system-file.ts';
import { type TestAuthority, testAuthority } from '../test-support/certificates.ts';
import { type EnrolmentRequest, enrolmentAt } from './enrolment.ts';

interface Reply {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Record<string, string>;
}

let authority: TestAuthority;
let server: Server;
let base: string;
let requests: { readonly url: string; readonly body: string; readonly authorization: string }[];
let reply: (url: string, attempt: number) => Reply;

beforeEach(async () => {
  authority = await testAuthority();
  requests = [];
  const { serverKeyPem: key, serverCertificatePem: cert } = authority;
  server = createServer({ key, cert }, (request, response) => {
    let body = '';
    request.on('data', (part: Buffer) => {
      body += part.toString();
    });
    request.on('end', () => {
      const url = request.url ?? '';
      requests.push({ url, body, authorization: request.headers.authorization ?? '' });
      const answer = reply(url, requests.filter((r) => r.url === url).length);
      response.writeHead(answer.status, answer.headers);
      response.end(JSON.stringify(answer.body));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  base = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function system(more: Partial<SystemFile> = {}): SystemFile {
  return {
    tokenUrl: `${base}/token`,
    clientId: 'cli',
    apiCaPem: authority.caPem,
    enrolmentUrl: `${base}/devices`,
    dataFolder: '/nowhere',
    logins: [
      {
        user: 'root',
        password: 'p&w',
        role: 'administrator',
        organization: 'hospital',
        subjectId: 'f'.repeat(32),
      },
    ],
    patients: [],
    ...more,
  };
}

const REQUEST: EnrolmentRequest = {
  publicKeySpkiBase64: 'AA==',
  patientId: 'a'.repeat(32),
  fromMs: 1,
  manufacturer: 'm',
  model: 'm',
  serial: 's',
};
const token: Reply = { status: 200, body: { access_token: 'secret-token' } };

function enrolled(): Reply {
  return {
    status: 201,
    body: {
      deviceId: 'd'.repeat(32),
      certificatePem: authority.caPem,
      brokerUrl: 'mqtts://127.0.0.1:8883',
      brokerCaPem: authority.caPem,
    },
  };
}

describe('enrolment at a running system', () => {
  test('logs in as an administrator once and enrols with the token', async () => {
    reply = (url) => (url === '/token' ? token : enrolled());
    const enrol = enrolmentAt(system());
    await enrol(REQUEST);
    expect(await enrol(REQUEST)).toMatchObject({ deviceId: 'd'.repeat(32) });
    expect(requests.map((r) => r.url)).toEqual(['/token', '/devices', '/devices']);
    expect(new URLSearchParams(requests[0]?.body).get('password')).toBe('p&w');
    expect(requests[1]?.authorization).toBe('Bearer secret-token');
    expect(JSON.parse(requests[1]?.body ?? '')).toEqual(REQUEST);
  });

  test('waits and repeats when the system is busy or not ready', async () => {
    reply = (url, attempt) => {
      if (url === '/token') return token;
      if (attempt === 1) return { status: 429, body: {}, headers: { 'retry-after': '0.1' } };
      return attempt === 2 ? { status: 503, body: {} } : enrolled();
    };
    await enrolmentAt(system())(REQUEST);
    expect(requests.filter((r) => r.url === '/devices').length).toBe(3);
  });

  test('a refusal is told with its code, without what was sent', async () => {
    reply = (url) =>
      url === '/token'
        ? token
        : { status: 403, body: { code: 'access_denied', detail: 'secret detail' } };
    const refused = enrolmentAt(system())(REQUEST);
    await expect(refused).rejects.toThrow('the enrolment was refused: HTTP 403 (access_denied)');
    await expect(refused).rejects.not.toThrow('secret');
    reply = () => ({ status: 400, body: 'invalid_grant' });
    await expect(enrolmentAt(system())(REQUEST)).rejects.toThrow(
      'the administrator login was refused',
    );
  });

  test('no administrator login, a foreign certificate, a malformed answer', async () => {
    reply = (url) => (url === '/token' ? token : { status: 201, body: { deviceId: '../../etc' } });
    await expect(enrolmentAt(system({ logins: [] }))(REQUEST)).rejects.toThrow('no administrator');
    await expect(enrolmentAt(system())(REQUEST)).rejects.toThrow('otherwise than agreed');
    const stranger = await testAuthority();
    const before = requests.length;
    await expect(enrolmentAt(system({ apiCaPem: stranger.caPem }))(REQUEST)).rejects.toThrow(
      'certificate',
    );
    expect(requests.length).toBe(before);
  });
});
