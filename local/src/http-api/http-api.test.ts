import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import type { IncomingHttpHeaders } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { PulseError } from '@pulseledger/domain';
import type { RecordClient, UserClaims } from '@pulseledger/ledger';
import { readAuthority } from '@pulseledger/network/identity';
import { createLocalJWKSet, exportJWK, SignJWT } from 'jose';
import { LambdaTimeoutError } from '../lambda-host/lambda-function.ts';
import { type RunningServer, serveLoopback } from '../loopback-server.ts';
import { createLogger } from '../process/logger.ts';
import { createTestAuthorities, type TestAuthorities } from '../test-support/devices.ts';
import { administratorCheck } from './access-token.ts';
import { apiApp, MAX_BODY_BYTES } from './api-app.ts';
import { type DeviceRecord, Enrolments } from './enrolment.ts';
import { Revocations } from './revocation.ts';

const PATIENT = 'a'.repeat(32);
const LIMITS = { running: 4, waiting: 8 };
const ISSUER = 'https://127.0.0.1:1';
const key = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const deviceKey = generateKeyPairSync('ec', { namedCurve: 'P-256' });

let folder: string;
let authorities: TestAuthorities;
let server: RunningServer;
let invoke: (event: unknown) => unknown;
let calls: [string, UserClaims, object][];
let refuse: PulseError | undefined;
let listed: [string, string][];

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

interface Asking {
  readonly method?: string;
  readonly headers?: Record<string, string | string[]>;
  readonly body?: string | Buffer;
}

function ask(path: string, { method = 'GET', headers = {}, body }: Asking = {}): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const options = { method, headers, ca: authorities.tlsCaPem, agent: false };
  const outgoing = httpsRequest(new URL(path, server.origin), options, (response) => {
    let text = '';
    response.on('data', (part: Buffer) => (text += part.toString()));
    response.on('end', () => {
      resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
    });
  });
  outgoing.on('error', reject);
  outgoing.end(body);
  return promise;
}

async function token(change: Record<string, unknown> = {}, typ = 'at+jwt'): Promise<string> {
  const claims = { org: 'hospital', role: 'administrator', subject_id: 'b'.repeat(32), ...change };
  return new SignJWT(claims)
    .setProtectedHeader({ alg: 'ES256', typ, kid: 'k' })
    .setIssuer(ISSUER)
    .setAudience('pulseledger-api')
    .setIssuedAt()
    .setExpirationTime('5m')
    .sign(key.privateKey);
}

function enrolment(change: Record<string, unknown> = {}): string {
  const spki = deviceKey.publicKey.export({ format: 'der', type: 'spki' });
  return JSON.stringify({
    publicKeySpkiBase64: spki.toString('base64'),
    patientId: PATIENT,
    fromMs: 1_000,
    manufacturer: 'Maker',
    model: 'Band',
    serial: '1',
    ...change,
  });
}

async function enrol(body: string, access?: string): Promise<Answer> {
  const authorization = `Bearer ${access ?? (await token())}`;
  const headers = { authorization, 'content-type': 'application/json' };
  return ask('/local/devices', { method: 'POST', headers, body });
}

function record(claims: UserClaims): DeviceRecord & Pick<RecordClient, 'revokeDevice'> {
  const change = (name: string) => (input: object) => {
    calls.push([name, claims, input]);
    return refuse === undefined
      ? Promise.resolve({ status: 'changed' as const })
      : Promise.reject(refuse);
  };
  return {
    registerDevice: change('register'),
    assignDevice: change('assign'),
    revokeDevice: change('revoke'),
  };
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pulse-api-'));
  authorities = await createTestAuthorities(folder);
  const published = { ...(await exportJWK(key.publicKey)), kid: 'k', alg: 'ES256' };
  const app = apiApp({
    invoke: (event) => Promise.try(() => invoke(event)),
    requireAdministrator: administratorCheck({
      issuer: ISSUER,
      audience: 'pulseledger-api',
      keys: createLocalJWKSet({ keys: [published] }),
    }),
    enrolments: new Enrolments({
      openRecord: record,
      deviceAuthority: (organization) => readAuthority(folder, organization, 'device'),
      saltKey: 'k'.repeat(32),
      brokerUrl: 'mqtts://127.0.0.1:8883',
      brokerCaPem: 'PEM',
    }),
    revocations: new Revocations({
      openRecord: record,
      deviceAuthority: (organization) => readAuthority(folder, organization, 'device'),
      list: (organization, certificatePem) => {
        listed.push([organization, certificatePem]);
        return Promise.resolve();
      },
      now: () => 1_700_000_000_000,
    }),
    logger: createLogger(() => undefined),
    now: () => 1_700_000_000_000,
    limits: LIMITS,
  });
  server = await serveLoopback(app, 0, authorities.tls);
});

beforeEach(() => {
  calls = [];
  listed = [];
  refuse = undefined;
  invoke = () => ({ statusCode: 200 });
});

afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

describe('the HTTP API', () => {
  test('hands a request to the function as payload 2.0', async () => {
    let seen: unknown;
    invoke = (event) => {
      seen = event;
      return { statusCode: 204 };
    };
    const headers = { 'X-Twice': ['a', 'b'], cookie: 'c=1; d=2', authorization: 'Bearer x' };
    const path = '/Observation/$lastn?code=a&code=b&patient=p%2Fq';
    expect((await ask(path, { headers })).status).toBe(204);
    expect(seen).toMatchObject({
      version: '2.0',
      rawPath: '/Observation/$lastn',
      rawQueryString: 'code=a&code=b&patient=p%2Fq',
      queryStringParameters: { code: 'a,b', patient: 'p/q' },
      headers: { 'x-twice': 'a, b', authorization: 'Bearer x' },
      cookies: ['c=1', 'd=2'],
      isBase64Encoded: false,
      requestContext: { http: { method: 'GET' }, stage: '$default', timeEpoch: 1_700_000_000_000 },
    });
    expect(seen).not.toHaveProperty('body');
  });

  test.each([
    ['application/fhir+json', '{"a":"ü"}', false],
    ['application/octet-stream', Buffer.from('{"a":"ü"}').toString('base64'), true],
  ])('hands over a body of type %s', async (type, body, isBase64Encoded) => {
    let seen: unknown;
    invoke = (event) => {
      seen = event;
      return {};
    };
    await ask('/Patient', { method: 'POST', headers: { 'content-type': type }, body: '{"a":"ü"}' });
    expect(seen).toMatchObject({ body, isBase64Encoded });
  });

  test.each(['DELETE', 'PUT', 'PATCH', 'OPTIONS', 'POST', 'HEAD'])(
    'hands over %s without a body as well',
    async (method) => {
      let seen: unknown;
      invoke = (event) => {
        seen = event;
        return { statusCode: 405 };
      };
      expect((await ask('/Patient', { method })).status).toBe(405);
      expect(seen).toMatchObject({ requestContext: { http: { method } } });
      expect(seen).not.toHaveProperty('body');
    },
  );

  test.each<[string, unknown, number, string]>([
    ['a whole response', { statusCode: 404, body: 'no', headers: { etag: 'W/"1"' } }, 404, 'no'],
    ['bytes', { statusCode: 200, body: 'w7w=', isBase64Encoded: true }, 200, 'ü'],
    ['a plain value', { resourceType: 'Patient' }, 200, '{"resourceType":"Patient"}'],
    ['nothing', undefined, 200, 'null'],
  ])('answers with %s that the function returned', async (_, result, status, text) => {
    invoke = () => result;
    expect(await ask('/x')).toMatchObject({ status, text });
  });

  test.each<[string, () => unknown, number, string]>([
    [
      'throws',
      () => {
        throw new Error('secret detail');
      },
      500,
      'exception',
    ],
    ['returns nonsense', () => ({ statusCode: 'x' }), 500, 'exception'],
    [
      'does not answer in time',
      () => {
        throw new LambdaTimeoutError();
      },
      504,
      'timeout',
    ],
  ])('answers with an OperationOutcome when the function %s', async (_, work, status, code) => {
    invoke = work;
    const answer = await ask('/x');
    expect(answer.status).toBe(status);
    expect(answer.headers['content-type']).toBe('application/fhir+json');
    expect(JSON.parse(answer.text)).toMatchObject({
      resourceType: 'OperationOutcome',
      issue: [{ code }],
    });
    expect(answer.text).not.toContain('secret');
  });

  test('refuses a body, and headers, that are too large', async () => {
    const body = Buffer.alloc(MAX_BODY_BYTES + 1);
    expect(await ask('/x', { method: 'POST', body })).toMatchObject({ status: 413 });
    expect(await ask('/x', { headers: { 'x-long': 'x'.repeat(20_000) } })).toMatchObject({
      status: 431,
    });
  });

  test('lets so many run, so many wait, and tells the rest to come back', async () => {
    const gate = Promise.withResolvers<undefined>();
    let running = 0;
    invoke = async () => {
      running += 1;
      await gate.promise;
      return { statusCode: 200 };
    };
    const answers: Answer[] = [];
    const all = Array.from({ length: LIMITS.running + LIMITS.waiting + 3 }, async () => {
      answers.push(await ask('/x'));
      if (answers.length === 3) gate.resolve(undefined);
    });
    await Promise.all(all);
    const refused = answers
      .slice(0, 3)
      .map(({ status, headers }) => [status, headers['retry-after']]);
    expect(refused).toEqual(Array.from({ length: 3 }, () => [429, '1']));
    expect(answers.slice(3).every(({ status }) => status === 200)).toBe(true);
    expect(running).toBe(LIMITS.running + LIMITS.waiting);
  });

  test('speaks TLS 1.2 or newer only, and says hello', async () => {
    const plain = fetch(server.origin.replace('https', 'http'));
    await expect(plain).rejects.toThrow();
    expect((await ask('/')).text).toContain('/metadata');
  });
});

describe('an enrolment', () => {
  test('registers and assigns the device and answers with its certificate', async () => {
    const answer = await enrol(enrolment());
    expect(answer.status).toBe(201);
    const enrolled = JSON.parse(answer.text) as Record<string, string>;
    expect(enrolled).toMatchObject({ brokerUrl: 'mqtts://127.0.0.1:8883', brokerCaPem: 'PEM' });
    expect(enrolled['certificatePem']).toMatch(/^-----BEGIN CERTIFICATE-----/);
    const claims = {
      organization: 'hospital',
      role: 'administrator',
      subjectId: 'b'.repeat(32),
    };
    const { deviceId } = enrolled;
    expect(calls).toEqual([
      ['register', claims, expect.objectContaining({ deviceId, manufacturer: 'Maker' })],
      ['assign', claims, { deviceId, patientId: PATIENT, fromMs: 1_000, untilMs: null }],
    ]);
  });

  test('of a device on loan gives a certificate that ends when asked, within two years', async () => {
    const untilMs = Math.floor(Date.now() / 1_000) * 1_000 + 3_600_000;
    const answer = await enrol(enrolment({ certificateUntilMs: untilMs }));
    const { certificatePem } = JSON.parse(answer.text) as { certificatePem: string };
    expect(Date.parse(new X509Certificate(certificatePem).validTo)).toBe(untilMs);
    const late = await enrol(enrolment({ certificateUntilMs: Date.now() + 3 * 365 * 86_400_000 }));
    expect(late.status).toBe(400);
  });

  test('that is repeated asks the ledger for exactly the same', async () => {
    const first = await enrol(enrolment());
    const asked = calls;
    calls = [];
    const second = await enrol(enrolment());
    expect(calls).toEqual(asked);
    const id = (answer: Answer) => (JSON.parse(answer.text) as { deviceId: string }).deviceId;
    expect(id(second)).toBe(id(first));
  });

  test.each<[string, Record<string, unknown>]>([
    ['a patient id that is none', { patientId: 'x' }],
    ['a field too many', { extra: 1 }],
    ['no serial', { serial: '' }],
    ['a key of another kind', { publicKeySpkiBase64: Buffer.from('key').toString('base64') }],
  ])('with %s is refused and reaches no ledger', async (_, change) => {
    const answer = await enrol(enrolment(change));
    expect(answer.status).toBe(400);
    expect(answer.headers['content-type']).toBe('application/problem+json');
    expect(JSON.parse(answer.text)).toMatchObject({ code: 'invalid_input' });
    expect(calls).toEqual([]);
  });

  test('passes on why the ledger refused it', async () => {
    refuse = new PulseError('conflict');
    expect(await enrol(enrolment())).toMatchObject({ status: 409 });
  });

  test('is for administrators with a valid token of the right type only', async () => {
    const doctor = await enrol(enrolment(), await token({ role: 'doctor' }));
    const idToken = await enrol(enrolment(), await token({}, 'jwt'));
    const forged = await enrol(enrolment(), `${await token()}x`);
    const none = await ask('/local/devices', { method: 'POST', body: enrolment() });
    expect([doctor, idToken, forged, none].map((a) => a.status)).toEqual([403, 401, 401, 401]);
    expect(calls).toEqual([]);
  });

  test('takes no large body', async () => {
    expect(await enrol(enrolment({ serial: 'x'.repeat(5_000) }))).toMatchObject({ status: 413 });
  });
});

describe('a revocation', () => {
  async function enrolled(): Promise<{ deviceId: string; certificatePem: string }> {
    const answer = await enrol(enrolment());
    calls = [];
    return JSON.parse(answer.text) as { deviceId: string; certificatePem: string };
  }

  async function revoke(deviceId: string, body: object, access?: string): Promise<Answer> {
    const authorization = `Bearer ${access ?? (await token())}`;
    const headers = { authorization, 'content-type': 'application/json' };
    const path = `/local/devices/${deviceId}/revoke`;
    return ask(path, { method: 'POST', headers, body: JSON.stringify(body) });
  }

  test('puts the certificate on the list and the device out of service on the ledger', async () => {
    const { deviceId, certificatePem } = await enrolled();
    expect(await revoke(deviceId, { certificatePem })).toMatchObject({ status: 204, text: '' });
    expect(listed).toEqual([['hospital', certificatePem]]);
    expect(calls).toEqual([
      ['revoke', expect.anything(), { deviceId, sinceMs: 1_700_000_000_000 }],
    ]);
  });

  test('of another device, of another authority, or of no certificate is refused', async () => {
    const { deviceId, certificatePem } = await enrolled();
    const other = await revoke('c'.repeat(32), { certificatePem });
    const clinic = await revoke(deviceId, { certificatePem }, await token({ org: 'clinic' }));
    const nonsense = await revoke(deviceId, { certificatePem: 'x' });
    expect([other, clinic, nonsense].map(({ status }) => status)).toEqual([400, 400, 400]);
    expect([listed, calls]).toEqual([[], []]);
  });

  test('closes the door also when the ledger cannot be reached, and says so', async () => {
    const { deviceId, certificatePem } = await enrolled();
    refuse = new PulseError('unavailable');
    expect(await revoke(deviceId, { certificatePem })).toMatchObject({ status: 503 });
    expect(listed).toHaveLength(1);
  });

  test('is for administrators only', async () => {
    const { deviceId, certificatePem } = await enrolled();
    const access = await token({ role: 'patient' });
    expect(await revoke(deviceId, { certificatePem }, access)).toMatchObject({ status: 403 });
    expect([listed, calls]).toEqual([[], []]);
  });
});
