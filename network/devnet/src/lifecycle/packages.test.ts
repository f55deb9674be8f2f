import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { chaincodePackage, tarGz } from '../testing/chaincode-package.ts';
import { packageIdOf, readChaincodePackage } from './chaincode-package.ts';
import { LifecycleError } from './errors.ts';
import { InstalledPackages } from './installed-packages.ts';

let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'devnet-packages-'));
});

afterAll(() => rm(dir, { recursive: true }));

function refusal(bytes: Uint8Array): string {
  try {
    readChaincodePackage(bytes);
    return 'none';
  } catch (error) {
    if (error instanceof LifecycleError) return error.message;
    throw error;
  }
}

describe('a chaincode package', () => {
  test('says where the chaincode listens, under Fabric’s package id', () => {
    const bytes = chaincodePackage('assets_1.0', { address: '127.0.0.1:9999' });
    expect(readChaincodePackage(bytes)).toEqual({
      packageId: packageIdOf('assets_1.0', bytes),
      label: 'assets_1.0',
      address: '127.0.0.1:9999',
    });
  });

  test.each([
    [new Uint8Array(), 'gzip stream: EOF'],
    [Buffer.from('neither gzip nor tar'), 'gzip stream: gzip: invalid header'],
    [gzipSync(Buffer.alloc(1024)), 'did not find a code package inside the package'],
    [chaincodePackage('a b', { address: '127.0.0.1:1' }), "invalid label 'a b'"],
    [chaincodePackage('a', { address: 'nowhere' }), 'names no address'],
    [chaincodePackage('a', { address: 'a:1', tls_required: true }), 'without TLS only'],
    [chaincodePackage('a', { address: 'a:1' }, 'golang'), 'must be "ccaas", not "golang"'],
    [tarGz({ 'code.tar.gz': Buffer.alloc(1) }), 'missing metadata.json'],
    [tarGz({ link: new Uint8Array() }, '2'), 'tar entry link is not a regular file, type 50'],
  ])('that is none is refused (%#)', (bytes, text) => {
    expect(refusal(bytes)).toContain(text);
  });

  test('of any bytes is refused in words', () => {
    const good = Buffer.from(chaincodePackage('a', { address: '127.0.0.1:1' }));
    const spoilt = fc
      .tuple(fc.nat(good.length - 1), fc.integer({ min: 0, max: 255 }))
      .map(([at, value]) => {
        const bytes = Buffer.from(good);
        bytes[at] = value;
        return bytes;
      });
    fc.assert(
      fc.property(
        fc.oneof(spoilt, fc.uint8Array({ maxLength: 2048 }).map(gzipSync), fc.uint8Array()),
        (bytes) => {
          expect(typeof refusal(bytes)).toBe('string');
        },
      ),
    );
  });
});

describe('installed packages', () => {
  test('are there after a restart, each once', async () => {
    const folder = join(dir, 'peer');
    const packages = await InstalledPackages.open(folder);
    expect(packages.all).toEqual([]);
    const bytes = chaincodePackage('assets_1.0', { address: '127.0.0.1:9999' });
    const installed = await packages.install(bytes);
    await expect(packages.install(bytes)).rejects.toThrow(
      `chaincode already successfully installed (package ID '${installed.packageId}')`,
    );
    const again = await InstalledPackages.open(folder);
    expect(again.all).toEqual([installed]);
    expect(Buffer.compare(again.bytesOf(installed.packageId), bytes)).toBe(0);
    expect(() => again.bytesOf('ghost:00')).toThrow(
      "chaincode install package 'ghost:00' not found",
    );
  });
});
