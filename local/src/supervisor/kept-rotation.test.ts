import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { NETWORK } from '@pulseledger/network/definition';
import {
  type CertifiedKey,
  certifyService,
  createAuthorities,
  readAuthority,
} from '@pulseledger/network/identity';
import type { Secret } from '../identity-services/secret-store.ts';
import { keepRotated } from './kept-rotation.ts';

const DAY_MS = 86_400_000;
const PREFIX = 'pulseledger/local';

let folder: string;
let issuer: CertifiedKey;
let stranger: CertifiedKey;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pulse-kept-'));
  await createAuthorities(folder, NETWORK);
  issuer = await readAuthority(folder, 'hospital', 'issuing');
  stranger = await readAuthority(folder, 'clinic', 'issuing');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function secret(name: string, value: object, isRotated: boolean): Secret {
  const version = { versionId: 'v'.repeat(32), stages: ['AWSCURRENT'], createdAtMs: 0 };
  const versions = [{ ...version, value: JSON.stringify(value) }];
  return { name: `${PREFIX}/${name}`, isRotated, versions };
}

/** Certificates say when they begin in whole seconds. */
async function aSecondLater(): Promise<void> {
  const now = Math.floor(Date.now() / 1_000);
  while (Math.floor(Date.now() / 1_000) === now) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function ingest(by: CertifiedKey, lifetimeMs = 60 * DAY_MS): Secret {
  const commonName = 'ingest.hospital.pulse.test';
  const made = certifyService({ issuer: by, service: 'ingest', commonName, lifetimeMs });
  return secret('ingest/hospital', made, true);
}

describe('at a start', () => {
  test('a service keeps the identity that a rotation gave it', async () => {
    const authority = secret('issuing-ca/hospital', issuer, false);
    const fromKeys = ingest(issuer);
    await aSecondLater();
    const rotated = ingest(issuer);
    const kept = keepRotated([authority, fromKeys], [authority, rotated], Date.now());
    expect(kept).toEqual([authority, rotated]);
  });

  test('it gets the one in the folder of keys when that is younger, or the other of another authority or ending', async () => {
    const authority = secret('issuing-ca/hospital', issuer, false);
    const early = ingest(issuer);
    await aSecondLater();
    const fromKeys = ingest(issuer);
    expect(keepRotated([authority, fromKeys], [early], Date.now())[1]).toBe(fromKeys);
    await aSecondLater();
    for (const rotated of [ingest(stranger), ingest(issuer, DAY_MS / 2)]) {
      expect(keepRotated([authority, fromKeys], [rotated], Date.now())[1]).toBe(fromKeys);
    }
    expect(keepRotated([authority, fromKeys], [], Date.now())[1]).toBe(fromKeys);
  });
});
