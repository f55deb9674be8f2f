import { X509Certificate } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createRevocationList } from '@pulseledger/network/identity';
import {
  createTestAuthorities,
  createTestDevice,
  type TestAuthorities,
} from '../../test-support/devices.ts';
import { RevocationRegistry } from './revocation-registry.ts';

let folder: string;
let authorities: TestAuthorities;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pulse-revocations-'));
  authorities = await createTestAuthorities(folder);
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

describe('the revocation registry', () => {
  test('relies on a list until its next update is due, and says when that moment has come', async () => {
    const { deviceCa } = authorities;
    const file = join(folder, 'list.pem');
    await writeFile(file, createRevocationList(deviceCa, []));
    let nowMs = Date.now();
    const registry = new RevocationRegistry(
      [{ certificatePem: deviceCa.certificatePem, revocationListFile: file }],
      () => nowMs,
    );
    const device = new X509Certificate(createTestDevice(deviceCa).certificatePem);
    expect(registry.isRevoked(device)).toBe(true);
    expect(await registry.refresh()).toBe(true);
    expect(registry.isRevoked(device)).toBe(false);
    expect(await registry.refresh()).toBe(false);
    nowMs = new Date(new X509Certificate(deviceCa.certificatePem).validTo).getTime();
    expect(registry.isRevoked(device)).toBe(true);
    expect(await registry.refresh()).toBe(true);
    expect(await registry.refresh()).toBe(false);
  });
});
