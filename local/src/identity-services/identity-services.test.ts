import { createHash, generateKeyPairSync, randomUUID } from 'node:crypto';
import { chmod, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import type { IncomingHttpHeaders } from 'node:http';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  BatchGetSecretValueCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  ListSecretVersionIdsCommand,
  PutSecretValueCommand,
  RotateSecretCommand,
  SecretsManagerClient,
  UpdateSecretVersionStageCommand,
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

interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** Over TLS, trusting the local TLS CA and nothing else. */
function ask(url: URL, form?: Record<string, string>, cookie = ''): Promise<RawAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<RawAnswer>();
  const outgoing = request(
    url,
    {
      ca: authorities.tlsCaPem,
      method: form === undefined ? 'GET' : 'POST',
      headers: {
        ...(cookie === '' ? {} : { cookie }),
        ...(form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
      },
    },
    (response) => {
      let text = '';
      response.on('data', (part: Buffer) => (text += part.toString()));
      response.on('end', () => {
        const { statusCode = 0, headers } = response;
        resolve({ status: statusCode, headers, text });
      });
    },
  );
  outgoing.on('error', reject);
  outgoing.end(form === undefined ? undefined : new URLSearchParams(form).toString());
  return promise;
}

async function call(path: string, form?: Record<string, string>): Promise<Answer> {
  const { status, text } = await ask(new URL(`${urls.issuerUrl}${path}`), form);
  const body = text.startsWith('{') ? (JSON.parse(text) as Answer['body']) : { text };
  return { status, body };
}

const PAGE = 'http://localhost:8080/';
const VERIFIER = 'v'.repeat(43);

/** A browser that signs in: what it is sent back with to the page, or the form it is shown again. */
class Browser {
  readonly #cookies = new Map<string, string>();

  async #go(url: URL, form?: Record<string, string>): Promise<RawAnswer> {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await ask(url, form, cookie);
    for (const line of answer.headers['set-cookie'] ?? []) {
      const [name = '', value = ''] = (line.split(';')[0] ?? '').split(/=(.*)/s);
      this.#cookies.set(name, value);
    }
    return answer;
  }

  /** The page of the issuer that asks for a password, as a URL. */
  async begin(change: Record<string, string> = {}): Promise<URL> {
    const start = new URL(`${urls.issuerUrl}/authorize`);
    start.search = new URLSearchParams({
      client_id: 'pulseledger-page',
      response_type: 'code',
      redirect_uri: PAGE,
      scope: 'openid',
      state: 'abc',
      code_challenge: createHash('sha256').update(VERIFIER).digest('base64url'),
      code_challenge_method: 'S256',
      ...change,
    }).toString();
    const { headers } = await this.#go(start);
    return new URL(headers.location ?? '', start);
  }

  async signIn(form: URL, password: string): Promise<RawAnswer> {
    const answer = await this.#go(form, { user: doctor.user, password });
    return answer.headers.location === undefined
      ? answer
      : this.#go(new URL(answer.headers.location, form));
  }
}

function redeem(code: string, verifier = VERIFIER): Promise<Answer> {
  return call('/token', {
    grant_type: 'authorization_code',
    client_id: 'pulseledger-page',
    redirect_uri: PAGE,
    code,
    code_verifier: verifier,
  });
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
      rotation: {
        file: join(folder, 'rotate.cjs'),
        region: 'eu-central-1',
        profileFile: join(folder, 'profile.json'),
      },
      roles: [ingest],
      region: 'eu-central-1',
      tls: authorities.tls,
      logins: [doctor],
      signingKey: { ...privateKey.export({ format: 'jwk' }), kid: 'key-1' },
      pageUrls: [PAGE],
      ports: { secrets: 0, issuer: 0 },
    }),
    createLogger(() => undefined),
  );
  urls = identityServicesInfo.parse(services.info);
});

beforeEach(async () => {
  const secrets = [{ name: NAME, isRotated: true, versions: [CURRENT, PREVIOUS] }];
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
    await writeFile(
      secretsFile,
      formatSecrets([{ name: NAME, isRotated: true, versions: [rotated] }]),
    );
    await utimes(secretsFile, new Date(), new Date(Date.now() + 5_000));
    const { SecretString } = await client().send(new GetSecretValueCommand({ SecretId: NAME }));
    expect(SecretString).toBe('newest');
  });

  describe('rotating', () => {
    const token = randomUUID();
    const put = (value: string) =>
      new PutSecretValueCommand({
        SecretId: NAME,
        ClientRequestToken: token,
        SecretString: value,
        VersionStages: ['AWSPENDING'],
      });
    const labels = async () => {
      const answer = await client().send(new DescribeSecretCommand({ SecretId: NAME }));
      return answer.VersionIdsToStages;
    };
    const move = (from: string) =>
      new UpdateSecretVersionStageCommand({
        SecretId: NAME,
        VersionStage: 'AWSCURRENT',
        MoveToVersionId: token,
        RemoveFromVersionId: from,
      });

    test('keeps a value that waits, once, and makes it current', async () => {
      await client().send(put('waiting'));
      await client().send(put('waiting'));
      await expect(client().send(put('other'))).rejects.toMatchObject({
        name: 'ResourceExistsException',
      });
      expect(await labels()).toMatchObject({ [CURRENT.versionId]: ['AWSCURRENT'] });
      await expect(client().send(move(PREVIOUS.versionId))).rejects.toMatchObject({
        name: 'InvalidParameterException',
      });
      await client().send(move(CURRENT.versionId));
      await client().send(move(CURRENT.versionId));
      expect(await labels()).toEqual({
        [token]: ['AWSPENDING', 'AWSCURRENT'],
        [CURRENT.versionId]: ['AWSPREVIOUS'],
      });
      const { SecretString } = await client().send(new GetSecretValueCommand({ SecretId: NAME }));
      expect(SecretString).toBe('waiting');
    });

    test('leaves a version that waits when the function fails, and says so the next time', async () => {
      // There is no function in the file.
      const rotate = new RotateSecretCommand({ SecretId: NAME, ClientRequestToken: token });
      expect(await client().send(rotate)).toMatchObject({ VersionId: token });
      expect(await labels()).toMatchObject({
        [CURRENT.versionId]: ['AWSCURRENT'],
        [token]: ['AWSPENDING'],
      });
      await expect(
        client().send(new RotateSecretCommand({ SecretId: NAME })),
      ).rejects.toMatchObject({ name: 'InvalidRequestException' });
    });

    test('is for who may, and for secrets that a function rotates', async () => {
      const reader = client(
        createRole('reader', [{ action: 'secretsmanager:GetSecretValue', resource: NAME }]),
      );
      await expect(reader.send(new RotateSecretCommand({ SecretId: NAME }))).rejects.toMatchObject({
        name: 'UnrecognizedClientException',
      });
      await writeFile(
        secretsFile,
        formatSecrets([{ name: NAME, isRotated: false, versions: [CURRENT] }]),
      );
      await utimes(secretsFile, new Date(), new Date(Date.now() + 9_000));
      await expect(
        client().send(new RotateSecretCommand({ SecretId: NAME })),
      ).rejects.toMatchObject({ name: 'InvalidRequestException' });
    });
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
    const keys = await call('/.well-known/jwks.json');
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
    expect(await logIn(change)).toMatchObject({ status, body: { error } });
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

describe('a browser that signs in', () => {
  test('comes back with a code that the page turns into tokens, once', async () => {
    const browser = new Browser();
    const form = await browser.begin();
    const back = new URL((await browser.signIn(form, doctor.password)).headers.location ?? '');
    expect(`${back.origin}${back.pathname}`).toBe(PAGE);
    expect(back.searchParams.get('state')).toBe('abc');
    const code = back.searchParams.get('code') ?? '';
    const { status, body } = await redeem(code);
    expect(status).toBe(200);
    const keys = await call('/.well-known/jwks.json');
    const token = String(body['access_token']);
    const { payload } = await jwtVerify(token, createLocalJWKSet(keys.body as never), {
      issuer: urls.issuerUrl,
      audience: 'pulseledger-api',
      typ: 'at+jwt',
    });
    expect(payload).toMatchObject({ role: 'doctor', subject_id: doctor.subjectId });
    const refreshed = await call('/token', {
      grant_type: 'refresh_token',
      client_id: 'pulseledger-page',
      refresh_token: String(body['refresh_token']),
    });
    expect(refreshed.status).toBe(200);
    expect(await redeem(code)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
  });

  test('with a wrong password is asked again', async () => {
    const browser = new Browser();
    const again = await browser.signIn(await browser.begin(), 'wrong');
    expect(again.status).toBe(401);
    expect(again.text).toContain('That is not the password.');
    expect(again.headers['content-security-policy']).toContain("default-src 'none'");
  });

  test('gets nothing for a code without its verifier', async () => {
    const browser = new Browser();
    const back = await browser.signIn(await browser.begin(), doctor.password);
    const code = new URL(back.headers.location ?? '').searchParams.get('code') ?? '';
    expect(await redeem(code, 'w'.repeat(43))).toMatchObject({ status: 400 });
  });

  test('is never sent to an address that the page does not have', async () => {
    const refused = await new Browser().begin({ redirect_uri: 'http://localhost:9/' });
    expect(refused.searchParams.has('code')).toBe(false);
    expect(refused.origin).toBe(new URL(urls.issuerUrl).origin);
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
