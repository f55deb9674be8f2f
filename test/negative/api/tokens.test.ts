/** Forged, foreign, stale and misused access tokens (P2 to P6, P17). */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { PulseError } from '@pulseledger/domain';
import {
  createTokenVerifier,
  JWKS_COOLDOWN_MS,
  JWKS_MAX_AGE_MS,
  type VerifyToken,
} from '../../../lambdas/fhir-api/src/smart/token.ts';
import { testApi } from '../../../lambdas/fhir-api/src/testing/api.ts';
import { AMINA, amina, doctor, storyRecord } from '../../../lambdas/fhir-api/src/testing/story.ts';
import { AUDIENCE, KeyService } from './key-service.ts';

const NOW_MS = Date.UTC(2026, 10, 22, 12);
const service = new KeyService();
let nowMs = NOW_MS;
let verify: VerifyToken;

beforeAll(() => service.start());
afterAll(() => service.close());

beforeEach(() => {
  nowMs = NOW_MS;
  service.status = 200;
  service.asked.length = 0;
  verify = createTokenVerifier({
    issuer: service.url,
    audience: AUDIENCE,
    profile: 'rfc9068',
    jwksUrl: new URL(`${service.url}/jwks`),
    now: () => nowMs,
  });
});

async function outcome(token: string): Promise<string> {
  try {
    await verify(`Bearer ${token}`);
    return 'accepted';
  } catch (error) {
    if (error instanceof PulseError) return error.code;
    throw error;
  }
}

function unsigned(header: object, payload: object): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part(header)}.${part(payload)}.`;
}

describe('access tokens', () => {
  it('P2 with no signature, a symmetric one, an unknown key, or keys of their own are refused without a call elsewhere', async () => {
    const payload = service.payload(nowMs);
    const publicKey = new TextEncoder().encode(JSON.stringify(service.keys[0]));
    const stranger = await service.addKey('stranger', 'ES256', false);
    const tokens = [
      unsigned({ alg: 'none', typ: 'at+jwt' }, payload),
      `${unsigned({ alg: 'none', typ: 'at+jwt', kid: 'k-1' }, payload)}AAAA`,
      await service.sign(payload, { alg: 'HS256' }, publicKey),
      await service.sign(payload, { kid: 'stranger' }),
      await service.sign(payload, { kid: 'stranger', jwk: stranger }),
      await service.sign(payload, { kid: 'stranger', jku: `${service.url}/evil` }),
      await service.sign(payload, { kid: '../../../../etc/passwd' }),
    ];
    for (const token of tokens) expect(await outcome(token)).toBe('unauthenticated');
    expect(service.asked.filter((path) => path !== '/jwks')).toEqual([]);
  });

  it('P3 of another issuer, audience, time or kind are refused', async () => {
    const good = service.payload(nowMs);
    const now = Math.floor(nowMs / 1_000);
    const endless = Object.fromEntries(Object.entries(good).filter(([name]) => name !== 'exp'));
    const payloads = [
      { ...good, iss: 'https://elsewhere.test' },
      { ...good, iss: `${service.url}/` },
      { ...good, aud: 'another' },
      { ...good, exp: now - 60 },
      { ...good, nbf: now + 3_600 },
      { ...good, iat: now + 3_600, exp: now + 7_200 },
      endless,
      { ...good, iat: now - 13 * 3_600, exp: now + 900 },
      { ...good, role: 'king' },
    ];
    for (const payload of payloads) {
      expect(await outcome(await service.sign(payload))).toBe('unauthenticated');
    }
    for (const typ of ['JWT', 'id_token', 'logout+jwt']) {
      expect(await outcome(await service.sign(good, { typ }))).toBe('unauthenticated');
    }
    const wrongRole = { ...good, role: 'insurance-agent' };
    expect(await outcome(await service.sign(wrongRole))).toBe('wrong_organization_for_role');
    expect(await outcome(await service.sign(good))).toBe('accepted');
  });

  it('P4 of a new key are accepted within the cooldown, and a thousand unknown keys cause one fetch', async () => {
    expect(await outcome(await service.sign(service.payload(nowMs)))).toBe('accepted');
    await service.addKey('k-2', 'ES256');
    nowMs += JWKS_COOLDOWN_MS + 1;
    const token = await service.sign(service.payload(nowMs), { kid: 'k-2' });
    expect(await outcome(token)).toBe('unauthenticated');
    const fresh = createTokenVerifier({
      issuer: service.url,
      audience: AUDIENCE,
      profile: 'rfc9068',
      jwksUrl: new URL(`${service.url}/jwks`),
      now: () => nowMs,
    });
    await expect(fresh(`Bearer ${token}`)).resolves.toMatchObject({ caller: { role: 'patient' } });
    service.asked.length = 0;
    const unknown = await service.sign(service.payload(nowMs), { kid: 'nobody' });
    const all = await Promise.all(
      Array.from({ length: 1_000 }, () => fresh(`Bearer ${unknown}`).catch(() => 'refused')),
    );
    expect(all.every((one) => one === 'refused')).toBe(true);
    expect(service.asked.length).toBeLessThanOrEqual(1);
  });

  it('P5 are not accepted when the keys cannot be had, but as long as the known ones hold', async () => {
    const token = (): Promise<string> => service.sign(service.payload(nowMs));
    expect(await outcome(await token())).toBe('accepted');
    service.status = 500;
    nowMs += JWKS_MAX_AGE_MS / 2;
    expect(await outcome(await token())).toBe('accepted');
    const cold = createTokenVerifier({
      issuer: service.url,
      audience: AUDIENCE,
      profile: 'rfc9068',
      jwksUrl: new URL(`${service.url}/jwks`),
      now: () => nowMs,
    });
    await expect(cold(`Bearer ${await token()}`)).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('P6 with scopes do no more than the scopes say, of version 1 as of version 2', async () => {
    const resource = { resourceType: 'Condition', subject: { reference: `Patient/${AMINA}` } };
    const condition = JSON.stringify(resource);
    const post = {
      method: 'POST',
      headers: { 'content-type': 'application/fhir+json' },
      body: condition,
    };
    const entry = {
      resource,
      request: { method: 'POST', url: 'Condition' },
    };
    const batch = {
      ...post,
      body: JSON.stringify({ resourceType: 'Bundle', type: 'batch', entry: [entry] }),
    };
    const rows: [scope: string, read: number, search: number, create: number][] = [
      ['openid profile', 200, 200, 201],
      ['patient/Patient.r', 200, 403, 403],
      ['patient/Observation.rs', 403, 403, 403],
      ['patient/*.rs', 200, 200, 403],
      ['user/*.cruds', 200, 200, 201],
      ['user/Patient.read user/Condition.write', 200, 403, 201],
      ['user/*.*', 200, 200, 201],
      ['patient/Condition.c', 403, 403, 201],
      ['patient/Condition.uds', 403, 200, 403],
      ['patient/Condition.sr', 401, 401, 401],
      ['patient/Condition.rs?category=x', 401, 401, 401],
    ];
    for (const [scope, read, search, create] of rows) {
      const api = testApi(storyRecord(), [doctor], { scopes: new Map([[doctor.subject, scope]]) });
      const statuses = [
        (await api.send(doctor, `Patient/${AMINA}`)).status,
        (await api.send(doctor, `Condition?patient=${AMINA}`)).status,
        (await api.send(doctor, 'Condition', post)).status,
      ];
      expect([scope, ...statuses]).toEqual([scope, read, search, create]);
      const within = await api.send(doctor, '', batch);
      if (create === 403) expect(within.text).toContain('"status":"403"');
    }
  });

  it('P17 in an address are refused, whatever the parameter is called', async () => {
    const api = testApi(storyRecord(), [amina]);
    for (const name of ['access_token', 'token', 'authorization', 'bearer', 'ACCESS_TOKEN']) {
      const path = `Patient/${AMINA}?${name}=${amina.subject}`;
      expect((await api.send(undefined, path)).status).toBe(401);
      // Also beside a good one: the address is in logs by now.
      expect((await api.send(amina, path)).status).toBe(401);
    }
  });
});
