/** The rotation function's four steps on the ledger, while the service whose identity is rotated goes on signing. */
import { X509Certificate } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { MSP_IDS } from '@pulseledger/domain';
import {
  IdentitySource,
  RecordClient,
  type Signatory,
  type SignatorySource,
  serviceSignatories,
} from '@pulseledger/ledger';
import { certifyService, readAuthority } from '@pulseledger/network/identity';
import { LedgerWorld, type Wearer } from '../negative/support/ledger-world.ts';
import { PREFIX, RotatedSecrets, STEPS } from './secrets.ts';

const INGEST = 'ingest/hospital';
const CHUNK_READINGS = 5;

let world: LedgerWorld;
let secrets: RotatedSecrets;
let wearer: Wearer;
/** Of the service that goes on meanwhile: two transactions with chunks of one device would conflict. */
let otherWearer: Wearer;
let nextSequence = 1;

const close: (() => Promise<void>)[] = [];
/** What the function has logged. */
const logged: unknown[] = [];

beforeAll(async () => {
  jest.spyOn(console, 'log').mockImplementation((line) => {
    logged.push(JSON.parse(String(line)));
  });
  world = await LedgerWorld.start('devnet');
  close.push(() => world.stop());
  secrets = await RotatedSecrets.start(world.folder, world.keys, world.network.profile);
  close.push(() => secrets.close());
  wearer = await world.wearer();
  otherWearer = await world.wearer();
});

afterAll(async () => {
  jest.restoreAllMocks();
  for (const one of close.toReversed()) await one();
});

/** The ingest service as it runs: its secret is in memory for a while, here for less than on AWS. */
function service(maxAgeMs: number): { record: RecordClient; signatories: SignatorySource } {
  const identities = new IdentitySource({ client: secrets.client, prefix: PREFIX, maxAgeMs });
  const signatories = serviceSignatories(identities, 'hospital');
  const connection = world.connection('hospital');
  return { record: new RecordClient({ connection, signatories }), signatories };
}

/** Signs and commits a transaction of its own. */
async function record(by: RecordClient, of: Wearer = wearer): Promise<string> {
  const firstSequence = nextSequence;
  nextSequence += CHUNK_READINGS;
  const { results } = await by.recordChunks([of.chunk({ firstSequence })]);
  return results[0]?.status ?? 'none';
}

/** Commits one transaction after the other until it is told to end; what became of them. */
function keepRecording(by: RecordClient): { stop: () => Promise<string[]> } {
  const ended = new AbortController();
  const work = (async () => {
    const found: string[] = [];
    while (!ended.signal.aborted) {
      found.push(await record(by, otherWearer).catch((error: unknown) => String(error)));
      await delay(10);
    }
    return found;
  })();
  return {
    stop: () => {
      ended.abort();
      return work;
    },
  };
}

describe('rotating the identity of the ingest service', () => {
  test('no transaction fails before, during and after it, and the former identity is good for the overlap', async () => {
    const { record: by, signatories } = service(50);
    const before = await secrets.current(INGEST);
    const former: Signatory = await world.ingest();
    const running = keepRecording(by);
    expect(await record(by)).toBe('recorded');

    const token = await secrets.begin('ingest', 'hospital');
    for (const step of STEPS) {
      await secrets.step(step, INGEST, token);
      expect(await record(by)).toBe('recorded');
      const { version } = await secrets.current(INGEST);
      expect(version).toBe(step === 'finishSecret' ? token : before.version);
    }

    await delay(60);
    expect(await record(by)).toBe('recorded');
    const after = await secrets.current(INGEST);
    expect((await signatories.current()).certificatePem).toBe(after.certificatePem);
    // Who has not read the secret again yet.
    expect(await record(world.client(former))).toBe('recorded');
    const outcomes = await running.stop();
    expect(outcomes.length).toBeGreaterThan(3);
    expect(new Set(outcomes)).toEqual(new Set(['recorded']));

    const [was, is] = [before, after].map((one) => new X509Certificate(one.certificatePem));
    expect(is?.subject).toBe(was?.subject);
    expect(is?.publicKey.equals(was!.publicKey)).toBe(false);
    expect(Date.parse(was!.validTo)).toBeGreaterThan(Date.now() + 86_400_000);
    expect(await secrets.labels(INGEST)).toMatchObject({ [before.version]: ['AWSPREVIOUS'] });
    expect(logged).toContainEqual(
      expect.objectContaining({
        operation: 'finishSecret',
        formerValidUntil: new Date(was!.validTo).toISOString(),
        validUntil: new Date(is!.validTo).toISOString(),
      }),
    );
  });

  test('its steps may be repeated, also after the last', async () => {
    const token = await secrets.begin('ingest', 'hospital');
    const made = new Set<string>();
    for (const step of STEPS) {
      await secrets.step(step, INGEST, token);
      await secrets.step(step, INGEST, token);
      if (step === 'finishSecret') made.add((await secrets.current(INGEST)).certificatePem);
    }
    for (const step of STEPS) await secrets.step(step, INGEST, token);
    made.add((await secrets.current(INGEST)).certificatePem);
    expect(made.size).toBe(1);
    expect(await record(service(0).record)).toBe('recorded');
  });

  test('an identity that the ledger does not take never becomes current, and signing goes on', async () => {
    const before = await secrets.current(INGEST);
    const token = await secrets.begin('ingest', 'hospital');
    // Of the right authority and in the right name, but a service that may not do what ingest does.
    const wrong = certifyService({
      issuer: await readAuthority(world.keys, 'hospital', 'issuing'),
      service: 'api',
      commonName: 'ingest.hospital.pulse.test',
    });
    await secrets.putPending(INGEST, token, { mspId: MSP_IDS.hospital, ...wrong });
    await secrets.step('createSecret', INGEST, token);
    await secrets.step('setSecret', INGEST, token);
    await expect(secrets.step('testSecret', INGEST, token)).rejects.toMatchObject({
      code: 'access_denied',
    });
    expect(await secrets.current(INGEST)).toEqual(before);
    expect((await secrets.labels(INGEST))[token]).toEqual(['AWSPENDING']);
    expect(await record(service(0).record)).toBe('recorded');
  });
});

describe('an identity of another authority', () => {
  const API = 'api/insurer';

  test('is refused before it is tried', async () => {
    const before = await secrets.current(API);
    const token = await secrets.begin('api', 'insurer');
    const wrong = certifyService({
      issuer: await readAuthority(world.keys, 'clinic', 'issuing'),
      service: 'api',
      commonName: 'api.insurer.pulse.test',
    });
    await secrets.putPending(API, token, { mspId: MSP_IDS.insurer, ...wrong });
    await expect(secrets.step('setSecret', API, token)).rejects.toMatchObject({
      code: 'invalid_input',
    });
    await expect(secrets.step('testSecret', API, token)).rejects.toMatchObject({
      code: 'unauthenticated',
    });
    expect(await secrets.current(API)).toEqual(before);
  });
});

test('an authority, and a version that does not wait, are not rotated', async () => {
  const authority = 'issuing-ca/hospital';
  const token = await secrets.begin('issuing-ca', 'hospital');
  const { version } = await secrets.current('api/insurer');
  await expect(secrets.step('createSecret', authority, token)).rejects.toMatchObject({
    code: 'invalid_input',
  });
  await secrets.step('createSecret', 'api/insurer', version);
  await expect(secrets.step('createSecret', 'api/insurer', 'f'.repeat(32))).rejects.toMatchObject({
    code: 'invalid_input',
  });
});
