import { createPrivateKey, createPublicKey, sign, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { NETWORK } from '../../../definition/src/index.ts';
import { freshKey } from '../../../identity/src/certificate.ts';
import { clientOnly } from '../../../identity/src/extensions.ts';
import {
  type CertifiedKey,
  createRevocationList,
  issueDevice,
  issueUser,
  organizationKeys,
  readAuthority,
} from '../../../identity/src/index.ts';
import { issueOdd, type TestKeys, testKeys } from '../testing/keys.ts';
import { certificateId } from './canonical-certificate.ts';
import { ecdsaKey, refuseSignature, toLowS } from './ecdsa.ts';
import { Msp, UnknownIdentityError } from './msp.ts';
import { type MspFolder, readMspFolder } from './msp-folder.ts';
import { serializeIdentity } from './msp-manager.ts';
import { Signer } from './signer.ts';

const P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

let keys: TestKeys;
let folder: MspFolder;
let msp: Msp;

beforeAll(async () => {
  keys = await testKeys();
  folder = await readMspFolder('HospitalMSP', organizationKeys(keys.dir, 'hospital').mspFolder);
  msp = new Msp(folder);
});

afterAll(() => keys.remove());

function identityOf(pem: string) {
  return msp.identity(Buffer.from(pem));
}

/** The other signature that the same key's owner, or anybody, can make of a signature. */
function mirrored(der: Uint8Array): Uint8Array {
  const rLength = der[3] ?? 0;
  const s = BigInt(`0x${Buffer.from(der.subarray(6 + rLength)).toString('hex')}`);
  const other = (P256_ORDER - s).toString(16).padStart(64, '0');
  const bytes = Buffer.from(
    Number.parseInt(other.slice(0, 2), 16) > 0x7f ? `00${other}` : other,
    'hex',
  );
  const body = Buffer.concat([der.subarray(2, 4 + rLength), Buffer.of(0x02, bytes.length), bytes]);
  return Buffer.concat([Buffer.of(0x30, body.length), body]);
}

async function userKey(): Promise<CertifiedKey> {
  const issuer = await readAuthority(keys.dir, 'hospital', 'issuing');
  return issueUser({ issuer, role: 'nurse', subjectCommitment: 'ab', minutes: 5 });
}

describe('an MSP', () => {
  test.each([
    ['peer', (o: string) => keys.peer(o)],
    ['orderer', (o: string) => keys.orderer(o)],
    ['admin', (o: string) => keys.administrator(o)],
    ['client', (o: string) => keys.ingest(o)],
  ] as const)('knows a %s by its organizational unit', async (role, signerOf) => {
    const identity = keys.msps.deserialize((await signerOf('hospital')).serialized);
    expect(identity.refuse()).toBeUndefined();
    const satisfied = (['member', 'admin', 'client', 'peer', 'orderer'] as const).filter((r) =>
      identity.satisfies({ mspId: 'HospitalMSP', role: r }),
    );
    expect(satisfied.sort()).toEqual(['member', role].sort());
    expect(identity.satisfies({ mspId: 'ClinicMSP', role: 'member' })).toBe(false);
  });

  test('takes a short-lived user of the issuing authority', async () => {
    const { certificatePem } = await userKey();
    const identity = identityOf(certificatePem);
    expect(identity.refuse()).toBeUndefined();
    expect(identity.satisfies({ mspId: 'HospitalMSP', role: 'client' })).toBe(true);
  });

  test.each([
    ['a unit that is no role', { unit: 'finance' }, /does not have an OU/],
    ['no unit', { unit: '' }, /does not have an OU/],
    ['the root as its issuer', { authority: 'root' as const }, /leaf of the certification tree/],
  ])('refuses a certificate with %s', async (_what, odd, reason) => {
    const { certificatePem } = await issueOdd(keys.dir, 'hospital', odd);
    const identity = identityOf(certificatePem);
    expect(identity.refuse()).toMatch(reason);
    expect(identity.satisfies({ mspId: 'HospitalMSP', role: 'member' })).toBe(false);
  });

  test.each([['tls'], ['device']] as const)(
    'does not know a certificate of the %s authority',
    async (authority) => {
      const { certificatePem } = await issueOdd(keys.dir, 'hospital', { authority });
      expect(() => identityOf(certificatePem)).toThrow(UnknownIdentityError);
    },
  );

  test('does not know a device’s certificate, another organization’s user, or no certificate', async () => {
    const device = await readAuthority(keys.dir, 'hospital', 'device');
    const { publicKeySpki } = freshKey();
    const deviceId = 'd'.repeat(32);
    const devicePem = issueDevice({ issuer: device, deviceId, key: { publicKeySpki } });
    const clinic = await issueOdd(keys.dir, 'clinic', {});
    for (const pem of [devicePem, clinic.certificatePem, 'nonsense']) {
      expect(() => identityOf(pem)).toThrow(UnknownIdentityError);
    }
  });

  test('does not know an authority’s own claim to be an identity', async () => {
    const { certificatePem } = await readAuthority(keys.dir, 'hospital', 'issuing');
    expect(identityOf(certificatePem).refuse()).toMatch(/authority/);
  });

  test('takes an expired certificate, whose expiry others ask for', async () => {
    const { certificatePem } = await issueOdd(keys.dir, 'hospital', {
      notBefore: new Date(Date.now() - 3_600_000),
      notAfter: new Date(Date.now() - 60_000),
    });
    const identity = identityOf(certificatePem);
    expect(identity.refuse()).toBeUndefined();
    expect(identity.isExpiredAt(Date.now())).toBe(true);
    expect(identity.isExpiredAt(Date.now() - 120_000)).toBe(false);
  });

  test('does not know a certificate that is for TLS clients only, as Go’s verification has it', async () => {
    const { certificatePem } = await issueOdd(keys.dir, 'hospital', { extensions: [clientOnly()] });
    expect(() => identityOf(certificatePem)).toThrow(UnknownIdentityError);
  });

  test('refuses a certificate that is older than its authority', async () => {
    const { certificatePem } = await issueOdd(keys.dir, 'hospital', {
      notBefore: new Date(Date.now() - 10 * 86_400_000),
    });
    expect(() => identityOf(certificatePem)).toThrow(UnknownIdentityError);
  });

  test('refuses what its authority revoked, and nothing for another authority’s list', async () => {
    const { certificatePem } = await userKey();
    const serialNumber = identityOf(certificatePem).certificate.x509.serialNumber;
    const revocation = { serialNumber, revokedAt: new Date() };
    const [issuing, device] = await Promise.all([
      readAuthority(keys.dir, 'hospital', 'issuing'),
      readAuthority(keys.dir, 'hospital', 'device'),
    ]);
    const with_ = (issuer: CertifiedKey) =>
      new Msp({ ...folder, revocationLists: [createRevocationList(issuer, [revocation])] });
    const pem = Buffer.from(certificatePem);
    expect(with_(issuing).identity(pem).refuse()).toBe('The certificate has been revoked');
    expect(with_(device).identity(pem).refuse()).toBeUndefined();
  });

  test('refuses a certificate that has two roles', async () => {
    const client = { identifier: 'client', certifier: undefined };
    const both = new Msp({ ...folder, nodeUnits: { ...folder.nodeUnits, client, admin: client } });
    const { certificatePem } = await userKey();
    expect(both.identity(Buffer.from(certificatePem)).refuse()).toMatch(/not a combination/);
  });

  test('refuses a role’s unit under another authority than the certifier of the role', async () => {
    const rootPem = await readFile(
      organizationKeys(keys.dir, 'hospital').authority.root.certificateFile,
      'utf8',
    );
    const unit = (identifier: string) => ({ identifier, certifier: rootPem });
    const strict = new Msp({
      ...folder,
      nodeUnits: {
        client: unit('client'),
        peer: unit('peer'),
        admin: unit('admin'),
        orderer: unit('orderer'),
      },
    });
    const { certificatePem } = await userKey();
    expect(strict.identity(Buffer.from(certificatePem)).refuse()).toMatch(/certifiersIdentifier/);
  });
});

describe('signatures', () => {
  test('are made with a low s and hold for their message and key only', async () => {
    const user = await userKey();
    const signer = new Signer('HospitalMSP', user.certificatePem, user.privateKeyPem);
    const identity = keys.msps.deserialize(signer.serialized);
    const stranger = identityOf((await userKey()).certificatePem);
    const message = Buffer.from('a message');
    for (let i = 0; i < 20; i += 1) {
      const signature = signer.sign(message);
      expect(identity.refuseSignature(Buffer.from(message), signature)).toBeUndefined();
      expect(identity.refuseSignature(Buffer.from('another'), signature)).toMatch(/invalid/);
      expect(stranger.refuseSignature(Buffer.from(message), signature)).toMatch(/invalid/);
      expect(identity.refuseSignature(Buffer.from(message), mirrored(signature))).toMatch(
        /Invalid S/,
      );
    }
  });

  test('that were verified once are remembered with their message, not beyond it', () => {
    const { publicKeySpki, privateKeyPem } = freshKey();
    const key = ecdsaKey(
      createPublicKey({ key: Buffer.from(publicKeySpki), format: 'der', type: 'spki' }),
    );
    const message = Buffer.alloc(600, 'm');
    // Not made by a signer of this process, so that it is really verified the first time.
    const signature = toLowS(key, sign('sha256', message, createPrivateKey(privateKeyPem)));
    for (let turn = 0; turn < 2; turn += 1) {
      expect(refuseSignature(key, message, signature)).toBeUndefined();
    }
    const longer = Buffer.concat([signature, message.subarray(0, 256)]);
    expect(refuseSignature(key, message.subarray(256), longer)).toBeDefined();
    expect(refuseSignature(key, message.subarray(1), signature)).toMatch(/invalid/);
    const other = ecdsaKey(createPublicKey(createPrivateKey(freshKey().privateKeyPem)));
    expect(refuseSignature(other, message, signature)).toMatch(/invalid/);
  });

  test('that are no ECDSA signature are refused', async () => {
    const { certificatePem, privateKeyPem } = await userKey();
    const key = identityOf(certificatePem).certificate.publicKey;
    const message = Buffer.from('a message');
    const raw = sign('sha256', message, {
      key: createPrivateKey(privateKeyPem),
      dsaEncoding: 'ieee-p1363',
    });
    for (const signature of [new Uint8Array(), Buffer.from('3000', 'hex'), raw]) {
      expect(refuseSignature(key, message, signature)).toBeDefined();
    }
  });

  test('of both forms over a certificate give it one identifier', async () => {
    const { certificatePem } = await userKey();
    const { x509 } = identityOf(certificatePem).certificate;
    const issuing = await readAuthority(keys.dir, 'hospital', 'issuing');
    const issuerKey = ecdsaKey(new X509Certificate(issuing.certificatePem).publicKey);
    const der = x509.raw;
    // The signature is the last element of the certificate.
    const start = [...der.keys()].findLast(
      (i) => der[i] === 0x30 && i + 2 + (der[i + 1] ?? 0) === der.length,
    )!;
    const signature = der.subarray(start);
    const other = mirrored(signature);
    expect(Buffer.from(toLowS(issuerKey, other))).toEqual(Buffer.from(signature));
    const forged = Buffer.concat([der.subarray(0, start), other]);
    const grown = other.length - signature.length;
    forged.writeUInt16BE(forged.readUInt16BE(2) + grown, 2);
    forged.writeUInt8(forged.readUInt8(start - 2) + grown, start - 2);
    expect(new X509Certificate(forged).verify(issuerKey.key)).toBe(true);
    expect(forged.equals(der)).toBe(false);
    expect(certificateId(forged, issuerKey)).toBe(certificateId(der, issuerKey));
  });
});

describe('the MSPs of a channel', () => {
  test('find an identity by its MSP, the same one each time', async () => {
    const peer = await keys.peer('clinic');
    const identity = keys.msps.deserialize(peer.serialized);
    expect(identity.mspId).toBe('ClinicMSP');
    expect(keys.msps.deserialize(Buffer.from(peer.serialized))).toBe(identity);
  });

  test('do not know a certificate under another organization’s name, an unknown MSP, or garbage', async () => {
    const { certificatePem } = await userKey();
    for (const serialized of [
      serializeIdentity('ClinicMSP', certificatePem),
      serializeIdentity('NobodyMSP', certificatePem),
      Buffer.from('garbage'),
      new Uint8Array(),
    ]) {
      expect(keys.msps.find(serialized)).toBeUndefined();
    }
    expect(NETWORK.organizations).toHaveLength(3);
  });
});
