import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { PulseError } from '@pulseledger/domain';
import { type CryptoKey, exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { createTokenVerifier, type VerifyToken } from './token.ts';

const CLIENT = '4example23456789';
const NOW_MS = Date.now();
let server: Server;
let issuer: string;
let key: CryptoKey;
let verify: VerifyToken;

beforeAll(async () => {
  const pair = await generateKeyPair('RS256', { extractable: true });
  key = pair.privateKey;
  const jwk = { ...(await exportJWK(pair.publicKey)), kid: 'k1', alg: 'RS256', use: 'sig' };
  server = createServer((_, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ keys: [jwk] }));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  verify = createTokenVerifier({
    issuer,
    audience: CLIENT,
    profile: 'cognito',
    jwksUrl: new URL(`${issuer}/.well-known/jwks.json`),
    now: () => NOW_MS,
  });
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

/** As Cognito writes it: no `typ`, no `aud`. */
function token(changes: JWTPayload = {}): Promise<string> {
  const now = Math.floor(NOW_MS / 1_000);
  return new SignJWT({
    iss: issuer,
    sub: '7d1f',
    token_use: 'access',
    client_id: CLIENT,
    iat: now,
    exp: now + 300,
    org: 'clinic',
    role: 'nurse',
    subject_id: 'cd'.repeat(16),
    ...changes,
  })
    .setProtectedHeader({ alg: 'RS256', kid: 'k1' })
    .sign(key);
}

async function outcome(changes: JWTPayload): Promise<string> {
  return verify(`Bearer ${await token(changes)}`).then(
    () => 'accepted',
    (error: unknown) => (error instanceof PulseError ? error.code : 'failed'),
  );
}

describe('an access token of Amazon Cognito', () => {
  test('names the caller', async () => {
    const { caller } = await verify(`Bearer ${await token()}`);
    expect(caller).toMatchObject({
      organization: 'clinic',
      role: 'nurse',
      subjectId: 'cd'.repeat(16),
    });
  });

  test.each<[string, JWTPayload]>([
    ['an id token', { token_use: 'id', aud: CLIENT }],
    ['a token of another app client', { client_id: 'another' }],
    ['a token of no app client', { client_id: undefined }],
    ['an expired token', { exp: Math.floor(NOW_MS / 1_000) - 100 }],
    ['a token without a role', { role: undefined }],
  ])('is not %s', async (_, changes) => {
    await expect(outcome(changes)).resolves.toBe('unauthenticated');
  });
});
