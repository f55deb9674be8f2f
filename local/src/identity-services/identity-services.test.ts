import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { chmod, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  BatchGetSecretValueCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  ListSecretVersionIdsCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createLocalJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import { createRole, credentialsOf, type LocalRole } from '../aws/role.ts';
import type { Running } from '../process/child.ts';
import { createLogger } from '../process/logger.ts';
import { createTestAuthorities, type TestAuthorities } from '../test-support/devices.ts';
import { AttemptLimit } from './attempt-limit.ts';
import { identityServices, identityServicesInfo } from './identity-services.ts';
import { formatSecrets } from './secret-store.ts';

const ingest = createRole('ingest', [
  { action: 'secretsmanager:*', resource: 'pulseledger/test/ingest/*' },
]);
const CURRENT = {
  versionId: randomUUID(),
  stages: ['AWSCURRENT'],
  value: 'new',
  createdAtMs: 2e12,
};
const PREVIOUS = {
  versionId: randomUUID(),
  stages: ['AWSPREVIOUS'],
  value: 'old',
  createdAtMs: 1e12,
};
const NAME = 'pulseledger/test/ingest/hospital';
const doctor = {
  user: 'hospital-doctor',
  password: 'correct horse',
  organization: 'hospital',
  role: 'doctor',
  subjectId: 'a'.repeat(32),
} as const;

let folder: string;
let secretsFile: string;
let authorities: TestAuthorities;
let services: Running;
let urls: { secretsUrl: string; issuerUrl: string };
const clients: SecretsManagerClient[] = [];

function client(role: LocalRole = ingest): SecretsManagerClient {
  const one = new SecretsManagerClient({
    region: 'eu-central-1',
    endpoint: urls.secretsUrl,
    credentials: credentialsOf(role),
    maxAttempts: 1,
  });
  clients.push(one);
  return one;
}

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/** Over TLS, trusting the local TLS CA and nothing else. */
function call(path: string, form?: Record<string, string>): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const options = { ca: authorities.tlsCaPem, method: form === undefined ? 'GET' : 'POST' };
  const outgoing = request(new URL(path, urls.issuerUrl), options, (response) => {
    let text = '';
    response.on('data', (part: Buffer) => (text += part.toString()));
    response.on('end', () => {
      const body = text.startsWith('{') ? (JSON.parse(text) as Answer['body']) : { text };
      resolve({ status: response.statusCode ?? 0, body });
    });
  });
  outgoing.on('error', reject);
  outgoing.end(form === undefined ? undefined : new URLSearchParams(form).toString());
  return promise;
}

function logIn(change: Record<string, string> = {}): Promise<Answer> {
  const { user: username, password } = doctor;
  const form = { grant_type: 'password', client_id: 'pulseledger-cli', username, password };
  return call('/token', { ...form, ...change });
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pulse-identity-'));
  secretsFile = join(folder, 'secrets.json');
  authorities = await createTestAuthorities(join(folder, 'keys'));
  await writeFile(secretsFile, formatSecrets([]), { mode: 0o600 });
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  services = await identityServices.start(
    identityServices.configuration.parse({
      secretsFile,
      roles: [ingest],
      region: 'eu-central-1',
      tls: authorities.tls,
      logins: [doctor],
      signingKey: { ...privateKey.export({ format: 'jwk' }), kid: 'key-1' },
      ports: { secrets: 0, issuer: 0 },
    }),
    createLogger(() => undefined),
  );
  urls = identityServicesInfo.parse(services.info);
});

beforeEach(async () => {
  const secrets = [{ name: NAME, versions: [CURRENT, PREVIOUS] }];
  await writeFile(secretsFile, formatSecrets(secrets));
  await chmod(secretsFile, 0o600);
});

afterAll(async () => {
  for (const one of clients) one.destroy();
  await services.close();
  await rm(folder, { recursive: true });
});

describe('the unmodified Secrets Manager client', () => {
  test('reads the current value, and an earlier one by stage or version', async () => {
    const read = (input: object) =>
      client().send(new GetSecretValueCommand({ SecretId: NAME, ...input }));
    const current = await read({});
    expect(current).toMatchObject({
      Name: NAME,
      SecretString: 'new',
      VersionStages: ['AWSCURRENT'],
    });
    expect(current.CreatedDate).toEqual(new Date(2e12));
    expect((await read({ SecretId: current.ARN })).SecretString).toBe('new');
    expect((await read({ VersionStage: 'AWSPREVIOUS' })).SecretString).toBe('old');
    expect((await read({ VersionId: PREVIOUS.versionId })).SecretString).toBe('old');
    await expect(read({ VersionStage: 'AWSPENDING' })).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
  });

  test('reads several at once and hears what failed', async () => {
    const missing = 'pulseledger/test/ingest/none';
    const command = new BatchGetSecretValueCommand({ SecretIdList: [NAME, missing] });
    const { SecretValues, Errors } = await client().send(command);
    expect(SecretValues?.map((v) => v.SecretString)).toEqual(['new']);
    expect(Errors).toMatchObject([{ SecretId: missing, ErrorCode: 'ResourceNotFoundException' }]);
  });

  test('lists versions and describes a secret without its value', async () => {
    const { Versions } = await client().send(new ListSecretVersionIdsCommand({ SecretId: NAME }));
    expect(Versions?.map((v) => v.VersionStages)).toEqual([['AWSCURRENT'], ['AWSPREVIOUS']]);
    const description = await client().send(new DescribeSecretCommand({ SecretId: NAME }));
    expect(description.VersionIdsToStages).toEqual({
      [CURRENT.versionId]: ['AWSCURRENT'],
      [PREVIOUS.versionId]: ['AWSPREVIOUS'],
    });
  });

  test('sees a rotated secret at once', async () => {
    const rotated = { ...CURRENT, versionId: randomUUID(), value: 'newest' };
    await writeFile(secretsFile, formatSecrets([{ name: NAME, versions: [rotated] }]));
    await utimes(secretsFile, new Date(), new Date(Date.now() + 5_000));
    const { SecretString } = await client().send(new GetSecretValueCommand({ SecretId: NAME }));
    expect(SecretString).toBe('newest');
  });

  test('is refused the secrets of others, whether they exist or not', async () => {
    for (const SecretId of ['pulseledger/test/issuing-ca/hospital', 'anything']) {
      await expect(client().send(new GetSecretValueCommand({ SecretId }))).rejects.toMatchObject({
        name: 'AccessDeniedException',
      });
    }
    const stranger = client(createRole('stranger', ingest.permissions));
    await expect(
      stranger.send(new GetSecretValueCommand({ SecretId: NAME })),
    ).rejects.toMatchObject({ name: 'UnrecognizedClientException' });
  });

  test('gets nothing from a file that others can read', async () => {
    await chmod(secretsFile, 0o644);
    await expect(
      client().send(new GetSecretValueCommand({ SecretId: NAME })),
    ).rejects.toMatchObject({ name: 'InternalFailure' });
  });
});

describe('the OpenID Connect issuer', () => {
  test('gives an access token that its published keys verify', async () => {
    const { status, body } = await logIn();
    expect(status).toBe(200);
    expect(body).toMatchObject({ token_type: 'Bearer', expires_in: 900 });
    const found = await call('/.well-known/openid-configuration');
    expect(found.body).toMatchObject({ issuer: urls.issuerUrl });
    const keys = await call(new URL(String(found.body['jwks_uri'])).pathname);
    expect(JSON.stringify(keys.body)).not.toContain('"d"');
    const token = String(body['access_token']);
    expect(decodeProtectedHeader(token)).toMatchObject({ alg: 'ES256', typ: 'at+jwt' });
    const { payload } = await jwtVerify(token, createLocalJWKSet(keys.body as never), {
      issuer: urls.issuerUrl,
      audience: 'pulseledger-api',
      typ: 'at+jwt',
      requiredClaims: ['exp', 'iat', 'jti', 'client_id'],
    });
    expect(payload).toMatchObject({
      sub: 'hospital-doctor',
      org: 'hospital',
      role: 'doctor',
      subject_id: doctor.subjectId,
    });
  });

  test.each<[string, Record<string, string>, number, string]>([
    ['a wrong password', { password: 'wrong' }, 400, 'invalid_grant'],
    ['an unknown user', { username: 'nobody' }, 400, 'invalid_grant'],
    ['no password', { password: '' }, 400, 'invalid_grant'],
    ['another client', { client_id: 'other' }, 401, 'invalid_client'],
    ['another grant', { grant_type: 'client_credentials' }, 400, 'unsupported_grant_type'],
  ])('refuses %s', async (_, change, status, error) => {
    expect(await logIn(change)).toEqual({ status, body: { error } });
  });

  test('makes a guesser wait, and nobody else', async () => {
    for (let i = 0; i < 10; i++) await logIn({ username: 'guessed', password: String(i) });
    expect(await logIn({ username: 'guessed' })).toMatchObject({ status: 429 });
    expect(await logIn()).toMatchObject({ status: 200 });
  });

  test('takes no long form', async () => {
    expect(await logIn({ password: 'x'.repeat(10_000) })).toMatchObject({ status: 413 });
  });
});

describe('the limit of attempts', () => {
  test('ends after a minute without failures and never remembers more than it may', () => {
    let now = 0;
    const limit = new AttemptLimit(() => now);
    for (let i = 0; i < 10; i++) limit.failed('a');
    expect(limit.isBlocked('a')).toBe(true);
    now = 60_000;
    expect(limit.isBlocked('a')).toBe(false);
    for (let i = 0; i < 10; i++) limit.failed('b');
    for (let i = 0; i < 1_000; i++) limit.failed(`made up ${String(i)}`);
    expect(limit.isBlocked('b')).toBe(false);
  });
});
