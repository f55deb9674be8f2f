import { createHash, X509Certificate } from 'node:crypto';
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { subjectCommitment } from '@pulseledger/domain';
import { IdentitySource } from './identity-source.ts';
import type { CertifiedKey, Signatory } from './signatory.ts';
import { hospitalKeys } from './testing/identities.ts';
import { SecretStore } from './testing/secret-store.ts';
import { type UserClaims, UserSessions } from './user-session.ts';

const NAME = 'pulseledger/test/issuing-ca/hospital';
const MINUTE_MS = 60_000;
const doctor: UserClaims = {
  organization: 'hospital',
  role: 'doctor',
  subjectId: '0123456789abcdef0123456789abcdef',
};

let keys: { issuingCa: CertifiedKey; ingest: CertifiedKey };
const store = new SecretStore();
let client: SecretsManagerClient;
let nowMs: number;
let sessions: UserSessions;

beforeAll(async () => {
  keys = await hospitalKeys();
  client = await store.start();
  store.secrets.set(NAME, JSON.stringify(keys.issuingCa));
});

afterAll(() => {
  client.destroy();
  store.stop();
});

beforeEach(() => {
  store.reads.length = 0;
  nowMs = 1_000_000;
  const now = () => nowMs;
  const identities = new IdentitySource({ client, prefix: 'pulseledger/test', now });
  sessions = new UserSessions({ identities, now });
});

/** Attributes as Fabric CA writes them. */
function attributes({ certificatePem }: Signatory): unknown {
  const der = new X509Certificate(certificatePem).raw.toString('latin1');
  const json = /\{"attrs":\{[^}]*\}\}/.exec(der)?.[0] ?? '';
  return (JSON.parse(json) as { attrs: unknown }).attrs;
}

describe('a user session', () => {
  it('has a certificate of at most 15 minutes from the issuing CA, without the person in it', async () => {
    const signatory = await sessions.open(doctor).current();
    const certificate = new X509Certificate(signatory.certificatePem);
    const issuer = new X509Certificate(keys.issuingCa.certificatePem);
    expect(certificate.checkIssued(issuer)).toBe(true);
    expect(Date.parse(certificate.validTo) - Date.now()).toBeLessThanOrEqual(15 * MINUTE_MS);
    expect(certificate.raw.includes(doctor.subjectId)).toBe(false);
    expect(certificate.raw.includes(Buffer.from(doctor.subjectId, 'hex'))).toBe(false);
    expect(signatory.mspId).toBe('HospitalMSP');
  });

  it('opens the commitment in its certificate', async () => {
    const signatory = await sessions.open(doctor).current();
    const { id, saltHex } = signatory.subject!;
    expect(id).toBe(doctor.subjectId);
    const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest();
    expect(attributes(signatory)).toEqual({
      role: 'doctor',
      subject: subjectCommitment(id, saltHex, sha256),
    });
  });

  it('is one for all requests of a person until two minutes before it expires', async () => {
    const [one, other] = await Promise.all([
      sessions.open(doctor).current(),
      sessions.open({ ...doctor }).current(),
    ]);
    expect(other).toBe(one);
    nowMs += 13 * MINUTE_MS - 1;
    expect(await sessions.open(doctor).current()).toBe(one);
    nowMs += 1;
    const renewed = await sessions.open(doctor).current();
    expect(renewed).not.toBe(one);
    expect(renewed.subject?.saltHex).not.toBe(one.subject?.saltHex);
  });

  it('is never shared by two people or two roles', async () => {
    const others: UserClaims[] = [
      doctor,
      { ...doctor, role: 'nurse' },
      { ...doctor, subjectId: 'f'.repeat(32) },
    ];
    const signatories = await Promise.all(others.map((claims) => sessions.open(claims).current()));
    expect(new Set(signatories).size).toBe(3);
  });

  it('that the ledger refuses is replaced once for all who were refused with it', async () => {
    const session = sessions.open(doctor);
    const refused = await session.current();
    const first = await session.afterRefusal(refused);
    expect(first).not.toBe(refused);
    expect(await session.afterRefusal(refused)).toBe(first);
    expect(store.reads).toEqual([NAME, NAME]);
  });

  it.each([
    ['hospital', 'insurance-agent'],
    ['insurer', 'doctor'],
    ['hospital', 'ingest'],
    ['insurer', 'api'],
  ] as const)('at the %s is not given out for role %s', (organization, role) => {
    expect(() => sessions.open({ ...doctor, organization, role })).toThrow(
      expect.objectContaining({ code: 'wrong_organization_for_role' }),
    );
  });

  it('whose issuing CA cannot be read begins anew with the next request', async () => {
    store.secrets.delete(NAME);
    await expect(sessions.open(doctor).current()).rejects.toMatchObject({ code: 'unavailable' });
    store.secrets.set(NAME, JSON.stringify(keys.issuingCa));
    expect((await sessions.open(doctor).current()).mspId).toBe('HospitalMSP');
  });
});
