import { createHmac } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type ErrorCode, PulseError } from '@pulseledger/domain';
import {
  base64url,
  type CryptoKey,
  exportJWK,
  exportSPKI,
  generateKeyPair,
  type JWK,
  type JWTHeaderParameters,
  type JWTPayload,
  SignJWT,
  UnsecuredJWT,
} from 'jose';
import {
  CLOCK_TOLERANCE_SECONDS,
  createTokenVerifier,
  JWKS_COOLDOWN_MS,
  JWKS_FAILURE_PAUSE_MS,
  JWKS_MAX_AGE_MS,
  type VerifyToken,
} from './token.ts';

const AUDIENCE = 'pulseledger-api';
const NOW_MS = Date.now();
const NOW = Math.floor(NOW_MS / 1000);
const SUBJECT_ID = 'ab'.repeat(16);

interface KeyPair {
  readonly publicKey: CryptoKey;
  readonly privateKey: CryptoKey;
}

/** The login service: a key set behind a real port, that can be told to fail, and counts who asks for what. */
class KeyService {
  keys: JWK[] = [];
  status = 200;
  readonly asked: string[] = [];
  #server: Server | undefined;

  async listen(): Promise<void> {
    const server = createServer((request, response) => {
      this.asked.push(request.url ?? '');
      response.writeHead(this.status, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ keys: this.keys }));
    });
    this.#server = server;
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
  }

  get url(): string {
    const { port } = this.#server?.address() as AddressInfo;
    return `http://127.0.0.1:${port}`;
  }

  async close(): Promise<void> {
    this.#server?.closeAllConnections();
    await new Promise((resolve) => this.#server?.close(resolve));
  }
}

const service = new KeyService();
let ec: KeyPair;
let rsa: KeyPair;
let stranger: KeyPair;
let ecKey: JWK;
let rsaKey: JWK;
let nowMs = NOW_MS;
let verify: VerifyToken;

beforeAll(async () => {
  await service.listen();
  ec = await generateKeyPair('ES256', { extractable: true });
  rsa = await generateKeyPair('RS256', { extractable: true });
  stranger = await generateKeyPair('ES256', { extractable: true });
  ecKey = { ...(await exportJWK(ec.publicKey)), kid: 'ec-1', alg: 'ES256', use: 'sig' };
  rsaKey = { ...(await exportJWK(rsa.publicKey)), kid: 'rsa-1', use: 'sig' };
});

afterAll(() => service.close());

beforeEach(() => {
  service.keys = [ecKey, rsaKey];
  service.status = 200;
  service.asked.length = 0;
  nowMs = NOW_MS;
  verify = createTokenVerifier({
    issuer: service.url,
    audience: AUDIENCE,
    profile: 'rfc9068',
    jwksUrl: new URL(`${service.url}/.well-known/jwks.json`),
    now: () => nowMs,
  });
});

function claims(): JWTPayload {
  return {
    iss: service.url,
    aud: AUDIENCE,
    sub: 'u-1',
    iat: NOW,
    exp: NOW + 900,
    org: 'hospital',
    role: 'doctor',
    subject_id: SUBJECT_ID,
  };
}

interface Making {
  readonly payload?: JWTPayload;
  readonly without?: readonly string[];
  readonly header?: Partial<JWTHeaderParameters>;
  readonly key?: CryptoKey;
}

function payloadOf(making: Making): JWTPayload {
  const all = { ...claims(), ...making.payload };
  return Object.fromEntries(
    Object.entries(all).filter(([name]) => making.without?.includes(name) !== true),
  );
}

function token(making: Making = {}): Promise<string> {
  return new SignJWT(payloadOf(making))
    .setProtectedHeader({ alg: 'ES256', kid: 'ec-1', typ: 'at+jwt', ...making.header })
    .sign(making.key ?? ec.privateKey, { crit: { x: true } });
}

async function codeFor(authorization: string | undefined): Promise<ErrorCode | 'accepted'> {
  try {
    await verify(authorization);
    return 'accepted';
  } catch (error) {
    if (error instanceof PulseError) return error.code;
    throw error;
  }
}

async function codeForToken(making: Making): Promise<ErrorCode | 'accepted'> {
  return codeFor(`Bearer ${await token(making)}`);
}

describe('an access token', () => {
  it('names the caller', async () => {
    const { caller } = await verify(`Bearer ${await token()}`);
    expect(caller).toEqual({
      issuer: service.url,
      subject: 'u-1',
      organization: 'hospital',
      role: 'doctor',
      subjectId: SUBJECT_ID,
    });
  });

  it('may be signed with RS256', async () => {
    const header = { alg: 'RS256', kid: 'rsa-1' };
    await expect(codeForToken({ header, key: rsa.privateKey })).resolves.toBe('accepted');
  });

  it('may have the full media type as its type', async () => {
    await expect(codeForToken({ header: { typ: 'application/at+jwt' } })).resolves.toBe('accepted');
  });

  it.each([
    ['no header', undefined],
    ['an empty header', ''],
    ['basic credentials', 'Basic dTpw'],
    ['no token', 'Bearer '],
    ['half a token', 'Bearer abc.def'],
    ['two tokens, as HTTP APIs join repeated headers', 'Bearer a.b.c,Bearer d.e.f'],
    ['a token that is too long', `Bearer ${'a'.repeat(9_000)}.b.c`],
  ])('is not %s', async (_, header) => {
    await expect(codeFor(header)).resolves.toBe('unauthenticated');
    expect(service.asked).toEqual([]);
  });

  it.each<[string, Making]>([
    ['another issuer', { payload: { iss: 'https://elsewhere.test' } }],
    ['another audience', { payload: { aud: 'another-api' } }],
    ['no audience', { without: ['aud'] }],
    ['no issuer', { without: ['iss'] }],
    ['no end', { without: ['exp'] }],
    ['no time of issue', { without: ['iat'] }],
    ['no subject', { without: ['sub'] }],
    ['an end that has passed', { payload: { exp: NOW - CLOCK_TOLERANCE_SECONDS - 1 } }],
    ['a beginning ahead', { payload: { nbf: NOW + CLOCK_TOLERANCE_SECONDS + 5 } }],
    ['a time of issue ahead', { payload: { iat: NOW + CLOCK_TOLERANCE_SECONDS + 5 } }],
    ['an issue long ago', { payload: { iat: NOW - 86_400 } }],
    ['an end that is no number', { payload: { exp: 'later' as unknown as number } }],
    ['the type of an id token', { header: { typ: 'JWT' } }],
    ['no organization', { without: ['org'] }],
    ['an unknown organization', { payload: { org: 'press' } }],
    ['no role', { without: ['role'] }],
    ['a service as role', { payload: { role: 'ingest' } }],
    ['two roles', { payload: { role: ['doctor', 'patient'] } }],
    ['no subject id', { without: ['subject_id'] }],
    ['a subject id of another form', { payload: { subject_id: '../../etc' } }],
    ['an unknown key id', { header: { kid: 'ec-2' } }],
    ['a path as key id', { header: { kid: '../../../dev/null' } }],
    ['an unknown critical extension', { header: { crit: ['x'], x: 1 } }],
  ])('with %s is refused', async (_, making) => {
    await expect(codeForToken(making)).resolves.toBe('unauthenticated');
  });

  it('is refused without a type', async () => {
    const made = new SignJWT(claims()).setProtectedHeader({ alg: 'ES256', kid: 'ec-1' });
    const header = `Bearer ${await made.sign(ec.privateKey)}`;
    await expect(codeFor(header)).resolves.toBe('unauthenticated');
  });

  it('is accepted within the stated tolerance of clocks', async () => {
    const payload = {
      exp: NOW - CLOCK_TOLERANCE_SECONDS + 5,
      nbf: NOW + CLOCK_TOLERANCE_SECONDS - 5,
    };
    await expect(codeForToken({ payload })).resolves.toBe('accepted');
  });

  it('is refused from an organization that does not give out the role', async () => {
    await expect(codeForToken({ payload: { org: 'insurer' } })).resolves.toBe(
      'wrong_organization_for_role',
    );
    const payload = { role: 'insurance-agent' };
    await expect(codeForToken({ payload })).resolves.toBe('wrong_organization_for_role');
  });
});

describe('a forged token', () => {
  it('without signature is refused', async () => {
    const unsigned = new UnsecuredJWT(claims()).encode();
    await expect(codeFor(`Bearer ${unsigned}`)).resolves.toBe('unauthenticated');
    const [, payload = ''] = unsigned.split('.');
    const header = base64url.encode(JSON.stringify({ alg: 'none', typ: 'at+jwt' }));
    await expect(codeFor(`Bearer ${header}.${payload}.AA`)).resolves.toBe('unauthenticated');
  });

  it('signed with a public key as if it were a secret is refused', async () => {
    const secret = await exportSPKI(rsa.publicKey);
    const header = base64url.encode(JSON.stringify({ alg: 'HS256', typ: 'at+jwt', kid: 'rsa-1' }));
    const payload = base64url.encode(JSON.stringify(claims()));
    const mac = createHmac('sha256', secret).update(`${header}.${payload}`).digest('base64url');
    await expect(codeFor(`Bearer ${header}.${payload}.${mac}`)).resolves.toBe('unauthenticated');
  });

  it('signed by a stranger under a known key id is refused', async () => {
    await expect(codeForToken({ key: stranger.privateKey })).resolves.toBe('unauthenticated');
  });

  it('that brings its own key is refused, and nobody is asked for it', async () => {
    const jwk = await exportJWK(stranger.publicKey);
    const evil = `${service.url}/evil.json`;
    for (const header of [{ jwk }, { jku: evil }, { x5u: evil }, { jku: evil, kid: 'evil' }]) {
      await expect(codeForToken({ key: stranger.privateKey, header })).resolves.toBe(
        'unauthenticated',
      );
    }
    expect(new Set(service.asked)).toEqual(new Set(['/.well-known/jwks.json']));
  });

  it('whose payload was changed is refused', async () => {
    const [header = '', , signature = ''] = (await token()).split('.');
    const payload = base64url.encode(JSON.stringify({ ...claims(), sub: 'u-2' }));
    await expect(codeFor(`Bearer ${header}.${payload}.${signature}`)).resolves.toBe(
      'unauthenticated',
    );
  });
});

describe('the keys of the login service', () => {
  // jose measures the age of its cache with the process's own clock.
  const realNow = Date.now;
  beforeEach(() => {
    Date.now = () => nowMs;
  });
  afterAll(() => {
    Date.now = realNow;
  });

  it('are fetched once for many tokens', async () => {
    const made = await Promise.all(Array.from({ length: 20 }, () => token()));
    await Promise.all(made.map((text) => verify(`Bearer ${text}`)));
    expect(service.asked).toHaveLength(1);
  });

  it('are asked for again at most once a cooldown, however many unknown key ids come', async () => {
    await verify(`Bearer ${await token()}`);
    const unknown = await Promise.all(
      Array.from({ length: 50 }, (_, n) => token({ header: { kid: `new-${n}` } })),
    );
    nowMs += JWKS_COOLDOWN_MS + 1;
    for (const text of unknown) expect(await codeFor(`Bearer ${text}`)).toBe('unauthenticated');
    expect(service.asked).toHaveLength(2);
  });

  it('may be rotated', async () => {
    await verify(`Bearer ${await token()}`);
    const fresh = await generateKeyPair('ES256', { extractable: true });
    service.keys = [{ ...(await exportJWK(fresh.publicKey)), kid: 'ec-2' }];
    nowMs += JWKS_COOLDOWN_MS + 1;
    const making = { header: { kid: 'ec-2' }, key: fresh.privateKey };
    await expect(codeForToken(making)).resolves.toBe('accepted');
    await expect(codeForToken({})).resolves.toBe('unauthenticated');
  });

  it('are used up to their age while the service is down, and then nobody comes in', async () => {
    const payload = { exp: NOW + 3_600 };
    await expect(codeForToken({ payload })).resolves.toBe('accepted');
    service.status = 500;
    nowMs += JWKS_MAX_AGE_MS - 1;
    await expect(codeForToken({ payload })).resolves.toBe('accepted');
    nowMs += 2;
    await expect(codeForToken({ payload })).resolves.toBe('unavailable');
  });

  it('are not asked for by every request while the service is down', async () => {
    service.status = 503;
    for (let n = 0; n < 10; n += 1) await expect(codeForToken({})).resolves.toBe('unavailable');
    expect(service.asked).toHaveLength(1);
    service.status = 200;
    nowMs += JWKS_FAILURE_PAUSE_MS + 1;
    await expect(codeForToken({})).resolves.toBe('accepted');
  });

  it('cannot be had from a port where nobody listens', async () => {
    const gone = createTokenVerifier({
      issuer: service.url,
      audience: AUDIENCE,
      profile: 'rfc9068',
      jwksUrl: new URL('http://127.0.0.1:1/jwks.json'),
      now: () => nowMs,
    });
    await expect(gone(`Bearer ${await token()}`)).rejects.toMatchObject({ code: 'unavailable' });
  });
});
