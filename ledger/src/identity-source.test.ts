import { inspect } from 'node:util';
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { IdentitySource, serviceSignatories } from './identity-source.ts';
import type { CertifiedKey } from './signatory.ts';
import { hospitalKeys } from './testing/identities.ts';
import { SecretStore } from './testing/secret-store.ts';

const NAME = 'pulseledger/test/ingest/hospital';

let keys: { issuingCa: CertifiedKey; ingest: CertifiedKey };
let store: SecretStore;
let client: SecretsManagerClient;
let nowMs: number;
let identities: IdentitySource;

beforeAll(async () => {
  keys = await hospitalKeys();
});

beforeEach(async () => {
  store = new SecretStore();
  client = await store.start();
  nowMs = 1_000_000;
  identities = new IdentitySource({
    client,
    prefix: 'pulseledger/test',
    maxAgeMs: 60_000,
    now: () => nowMs,
  });
  store.secrets.set(NAME, JSON.stringify(keys.ingest));
});

afterEach(() => {
  client.destroy();
  store.stop();
});

describe('an identity from the secret store', () => {
  it('is read once however many ask, and again after its maximum age', async () => {
    const got = await Promise.all(
      Array.from({ length: 10 }, () => identities.service('ingest', 'hospital')),
    );
    expect(new Set(got.map(({ certificatePem }) => certificatePem))).toEqual(
      new Set([keys.ingest.certificatePem]),
    );
    nowMs += 59_999;
    await identities.service('ingest', 'hospital');
    expect(store.reads).toEqual([NAME]);
    nowMs += 1;
    await identities.service('ingest', 'hospital');
    expect(store.reads).toEqual([NAME, NAME]);
  });

  it('does not show its private key in dumps, JSON or text', async () => {
    const identity = await identities.service('ingest', 'hospital');
    const body = keys.ingest.privateKeyPem.split('\n')[1]!;
    const shown = [
      inspect(identity, { depth: 9, showHidden: true }),
      JSON.stringify(identity),
      inspect(identities, { depth: 9, showHidden: true }),
    ].join('\n');
    expect(identity.privateKeyPem()).toContain(body);
    expect(shown).not.toContain(body);
  });

  it.each([
    ['is missing', undefined],
    ['is no JSON', 'secret-but-no-json'],
    ['has no key', JSON.stringify({ mspId: 'HospitalMSP', certificatePem: 'secret-text' })],
  ])('that %s is unavailable, without quoting the secret', async (_, secret) => {
    store.secrets.delete(NAME);
    if (secret !== undefined) store.secrets.set(NAME, secret);
    const error: unknown = await identities
      .service('ingest', 'hospital')
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'unavailable' });
    expect(inspect(error, { depth: 9 })).not.toContain('secret-');
  });

  it('that could not be read is asked for again by the next caller', async () => {
    store.secrets.delete(NAME);
    await expect(identities.service('ingest', 'hospital')).rejects.toThrow();
    store.secrets.set(NAME, JSON.stringify(keys.ingest));
    expect((await identities.service('ingest', 'hospital')).mspId).toBe('HospitalMSP');
  });
});

describe('the ingest signatory', () => {
  it('is the same as long as the secret is', async () => {
    const source = serviceSignatories(identities, 'hospital');
    const first = await source.current();
    nowMs += 60_000;
    expect(await source.current()).toBe(first);
    expect(store.reads).toHaveLength(2);
  });

  it('is read anew when the ledger refuses it, once in five seconds however many are refused', async () => {
    const source = serviceSignatories(identities, 'hospital');
    const refused = await source.current();
    store.secrets.set(NAME, JSON.stringify(keys.issuingCa));
    const others = await Promise.all(Array.from({ length: 5 }, () => source.afterRefusal(refused)));
    expect(others.map((other) => other?.certificatePem)).toEqual(
      Array(5).fill(keys.issuingCa.certificatePem),
    );
    expect(store.reads).toHaveLength(2);
    nowMs += 5_000;
    await source.afterRefusal(refused);
    expect(store.reads).toHaveLength(3);
  });

  it('has no other when the secret is still the one refused', async () => {
    const source = serviceSignatories(identities, 'hospital');
    expect(await source.afterRefusal(await source.current())).toBeUndefined();
  });
});
