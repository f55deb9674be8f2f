import { createHash, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { encode } from 'cborg';
import fc from 'fast-check';
import { PulseError } from '../errors.ts';
import { SoftwareAuthenticator } from '../testing/software-authenticator.ts';
import { type KnownPasskey, PasskeyAssertion, verifyAssertion } from './assertion.ts';
import { type CeremonyCrypto, ceremonyChallenge, RelyingParty } from './ceremony.ts';
import { PasskeyRegistration, verifyRegistration } from './registration.ts';

const ORIGIN = 'https://app.pulse.test';
const relyingParty: RelyingParty = { id: 'pulse.test', origins: [ORIGIN] };

function sha256(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest();
}

const crypto: CeremonyCrypto = {
  sha256,
  isSigned: (bytes, signature, spki) =>
    verify(
      'sha256',
      bytes,
      createPublicKey({ key: Buffer.from(spki, 'base64'), format: 'der', type: 'spki' }),
      signature,
    ),
};
const challenge = ceremonyChallenge('grant', { consentId: 'c0' }, sha256);

function authenticator(
  more: { origin?: string; attestation?: 'self'; keepsCounter?: boolean } = {},
) {
  return new SoftwareAuthenticator({ relyingPartyId: 'pulse.test', origin: ORIGIN, ...more });
}

function registered(device: SoftwareAuthenticator): KnownPasskey {
  const registration = device.register(challenge);
  return verifyRegistration(registration, { challenge, relyingParty, crypto });
}

function asserted(
  assertion: PasskeyAssertion,
  passkey: KnownPasskey,
  more: { challenge?: string; relyingParty?: RelyingParty } = {},
): KnownPasskey {
  return verifyAssertion(assertion, {
    challenge,
    relyingParty,
    passkeys: [passkey],
    crypto,
    ...more,
  });
}

function refusalOf(work: () => unknown): string {
  try {
    work();
    return 'accepted';
  } catch (error) {
    if (error instanceof PulseError && error.code === 'bad_assertion') return error.message;
    throw error;
  }
}

/** Client data with other members, signed by nobody again. */
function withClientData<T extends { clientDataJson: string }>(answer: T, change: object): T {
  const parsed: unknown = JSON.parse(Buffer.from(answer.clientDataJson, 'base64url').toString());
  const changed = Buffer.from(JSON.stringify(Object.assign({}, parsed, change)));
  return { ...answer, clientDataJson: changed.toString('base64url') };
}

function flip(base64Url: string, bit: number): string {
  const bytes = Buffer.from(base64Url, 'base64url');
  const at = bit % (bytes.length * 8);
  bytes.writeUInt8(bytes.readUInt8(at >> 3) ^ (1 << (at & 7)), at >> 3);
  return bytes.toString('base64url');
}

describe('a passkey', () => {
  it.each([{}, { attestation: 'self' as const }])('registers and asserts, %p', (more) => {
    const device = authenticator(more);
    const passkey = registered(device);
    expect(passkey).toMatchObject({ credentialId: device.credentialId, counter: 1 });
    const after = asserted(device.assert(challenge), passkey);
    expect(after).toEqual({ ...passkey, counter: 2 });
  });

  it('goes on in another process', () => {
    const device = authenticator();
    const passkey = registered(device);
    const other = new SoftwareAuthenticator({
      relyingPartyId: 'pulse.test',
      origin: ORIGIN,
      kept: device.keep(),
    });
    other.setCounter(7);
    expect(asserted(other.assert(challenge), passkey).counter).toBe(8);
  });

  it('may keep no counter, but not after it kept one', () => {
    const device = authenticator({ keepsCounter: false });
    const passkey = registered(device);
    expect(asserted(device.assert(challenge), passkey).counter).toBe(0);
    const refusal = refusalOf(() => asserted(device.assert(challenge), { ...passkey, counter: 1 }));
    expect(refusal).toMatch(/counter went back/);
  });

  it('accepts exactly the counters that rise', () => {
    const device = authenticator();
    const passkey = registered(device);
    const counters = fc.integer({ min: 1, max: 0xffff_ffff });
    fc.assert(
      fc.property(counters, counters, (known, next) => {
        device.setCounter(next - 1);
        const assertion = device.assert(challenge);
        const outcome = refusalOf(() => asserted(assertion, { ...passkey, counter: known }));
        expect(outcome === 'accepted').toBe(next > known);
      }),
      { numRuns: 50 },
    );
  });
});

describe('an assertion', () => {
  const device = authenticator();
  const passkey = registered(device);
  const assertion = device.assert(challenge);

  it('is refused after any single changed bit, wherever it is', () => {
    const fields = ['clientDataJson', 'authenticatorData', 'signature', 'credentialId'] as const;
    fc.assert(
      fc.property(fc.constantFrom(...fields), fc.nat(), (field, bit) => {
        const altered = { ...assertion, [field]: flip(assertion[field], bit) };
        expect(refusalOf(() => asserted(altered, passkey))).not.toBe('accepted');
      }),
      { numRuns: 2_000 },
    );
    expect(refusalOf(() => asserted(assertion, passkey))).toBe('accepted');
  });

  it('is refused with bytes before, behind or cut from any field', () => {
    const fields = ['clientDataJson', 'authenticatorData', 'signature'] as const;
    fc.assert(
      fc.property(
        fc.constantFrom(...fields),
        fc.uint8Array({ maxLength: 3 }),
        fc.uint8Array({ maxLength: 3 }),
        fc.nat(3),
        (field, before, after, cut) => {
          fc.pre(before.length + after.length + cut > 0);
          const bytes = Buffer.from(assertion[field], 'base64url');
          const kept = bytes.subarray(0, bytes.length - cut);
          const changed = Buffer.concat([before, kept, after]);
          fc.pre(!changed.equals(bytes));
          const altered = { ...assertion, [field]: changed.toString('base64url') };
          expect(refusalOf(() => asserted(altered, passkey))).not.toBe('accepted');
        },
      ),
    );
  });

  it('does not name any value when it is refused', () => {
    const texts = [
      refusalOf(() =>
        asserted(withClientData(assertion, { origin: 'https://evil.test' }), passkey),
      ),
      refusalOf(() => asserted({ ...assertion, credentialId: 'AAAA' }, passkey)),
    ];
    expect(texts.join(' ')).not.toMatch(/evil|AAAA/);
  });

  const stolen: [string, () => unknown, RegExp][] = [
    [
      'for another consent',
      () =>
        asserted(device.assert(ceremonyChallenge('grant', { consentId: 'c1' }, sha256)), passkey),
      /something else/,
    ],
    [
      'for the same content in another ceremony',
      () =>
        asserted(device.assert(ceremonyChallenge('revoke', { consentId: 'c0' }, sha256)), passkey),
      /something else/,
    ],
    [
      'of a registration',
      () => asserted(withClientData(assertion, { type: 'webauthn.create' }), passkey),
      /another kind/,
    ],
    [
      'from a page that looks alike',
      () => {
        const origin = 'https://app.pulse.test.evil.test';
        const other = new SoftwareAuthenticator({
          relyingPartyId: 'pulse.test',
          origin,
          kept: device.keep(),
        });
        other.setCounter(100);
        return asserted(other.assert(challenge), passkey);
      },
      /not listed/,
    ],
    [
      'for another site',
      () => {
        const other = new SoftwareAuthenticator({
          relyingPartyId: 'evil.test',
          origin: ORIGIN,
          kept: device.keep(),
        });
        other.setCounter(100);
        return asserted(other.assert(challenge), passkey);
      },
      /another site/,
    ],
    [
      'by another key under the same credential id',
      () => {
        const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
        const privateKeyPem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
        const other = new SoftwareAuthenticator({
          relyingPartyId: 'pulse.test',
          origin: ORIGIN,
          kept: { credentialId: device.credentialId, privateKeyPem },
        });
        other.setCounter(100);
        return asserted(other.assert(challenge), passkey);
      },
      /not signed/,
    ],
    [
      'from a page inside another one',
      () => asserted(withClientData(assertion, { crossOrigin: true }), passkey),
      /inside another/,
    ],
    [
      'with a counter that stands still',
      () => asserted(assertion, { ...passkey, counter: 2 }),
      /counter went back/,
    ],
    [
      'of a stranger',
      () => asserted(assertion, { ...passkey, credentialId: 'AAAA' }),
      /not one of/,
    ],
  ];
  it.each(stolen)('is refused %s', (_what, work, text) => {
    expect(refusalOf(work)).toMatch(text);
  });

  const flags: [string, number, RegExp][] = [
    ['nobody present', 0x04, /present/],
    ['nobody verified', 0x01, /verify/],
    ['a backup that cannot be', 0x15, /contradicts/],
    ['a new passkey announced', 0x45, /length|cut off/],
    ['extensions announced', 0x85, /CBOR/],
  ];
  it.each(flags)('is refused with %s', (_what, byte, text) => {
    const data = Buffer.from(assertion.authenticatorData, 'base64url');
    data.writeUInt8(byte, 32);
    const altered = { ...assertion, authenticatorData: data.toString('base64url') };
    expect(refusalOf(() => asserted(altered, passkey))).toMatch(text);
  });

  it('is taken with members that a browser may add to its data', () => {
    // Chromium adds one at random, so that nobody compares against a template.
    const data = { type: 'webauthn.get', challenge, origin: ORIGIN, crossOrigin: false };
    const added = { ...data, other_keys_can_be_added_here: 'do not compare' };
    const clientData = Buffer.from(JSON.stringify(added));
    const authenticatorData = Buffer.from(assertion.authenticatorData, 'base64url');
    const signed = Buffer.concat([authenticatorData, sha256(clientData)]);
    const answer = {
      ...assertion,
      clientDataJson: clientData.toString('base64url'),
      signature: sign('sha256', signed, device.keep().privateKeyPem).toString('base64url'),
    };
    expect(refusalOf(() => asserted(answer, passkey))).toBe('accepted');
  });

  it('takes base64url in one spelling only', () => {
    for (const signature of ['', 'AB', 'A', 'AA==', 'A+/A', 'ä'.repeat(4)]) {
      expect(PasskeyAssertion.safeParse({ ...assertion, signature }).success).toBe(false);
    }
    expect(PasskeyAssertion.safeParse(assertion).success).toBe(true);
  });
});

describe('a registration', () => {
  const device = authenticator();
  const registration = device.register(challenge);
  const context = { challenge, relyingParty, crypto };

  function attestation(change: (parts: Record<string, unknown>, authData: Buffer) => void): string {
    const authData = authDataOf(registration);
    const parts: Record<string, unknown> = { fmt: 'none', attStmt: {}, authData };
    change(parts, authData);
    const changed = { ...registration, attestationObject: base64UrlOf(encode(parts)) };
    return refusalOf(() => verifyRegistration(changed, context));
  }

  it('is refused for another challenge, type or page', () => {
    for (const change of [
      { challenge: 'AAAA' },
      { type: 'webauthn.get' },
      { origin: 'https://x' },
    ]) {
      const changed = withClientData(registration, change);
      expect(refusalOf(() => verifyRegistration(changed, context))).not.toBe('accepted');
    }
    const other = { ...relyingParty, id: 'other.test' };
    expect(
      refusalOf(() => verifyRegistration(registration, { ...context, relyingParty: other })),
    ).toMatch(/another site/);
  });

  const wrong: [string, Parameters<typeof attestation>[0], RegExp][] = [
    [
      'of a format that is not verified',
      (parts) => (parts['fmt'] = 'tpm'),
      /neither none nor self/,
    ],
    ['of none with a statement', (parts) => (parts['attStmt'] = { x: 1 }), /neither none nor self/],
    [
      'signed by another key',
      (parts) => {
        parts['fmt'] = 'packed';
        parts['attStmt'] = { alg: -7, sig: Buffer.alloc(70, 1) };
      },
      /not signed/,
    ],
    ['without a key', (parts, data) => (parts['authData'] = data.subarray(0, 37)), /cut off/],
    ['that is cut off', (parts, data) => (parts['authData'] = data.subarray(0, 36)), /cut off/],
    [
      'with bytes behind the key',
      (parts, data) => (parts['authData'] = Buffer.concat([data, Buffer.of(0)])),
      /too long/,
    ],
    ['without user verification', (_parts, data) => data.writeUInt8(0x41, 32), /verify/],
    [
      'with an RSA algorithm',
      (_parts, data) => {
        setAlgorithm(data, -257);
      },
      /ES256|CBOR/,
    ],
  ];
  it.each(wrong)('is refused %s', (_what, change, text) => {
    expect(attestation(change)).toMatch(text);
  });

  it('never fails otherwise than by refusing, whatever bytes come', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), (bytes) => {
        const changed = { ...registration, attestationObject: base64UrlOf(bytes) };
        expect(refusalOf(() => verifyRegistration(changed, context))).not.toBe('accepted');
      }),
    );
    fc.assert(
      fc.property(fc.nat(), (bit) => {
        const attestationObject = flip(registration.attestationObject, bit);
        refusalOf(() => verifyRegistration({ ...registration, attestationObject }, context));
      }),
      { numRuns: 1_000 },
    );
  });

  it('takes only what a browser gives', () => {
    expect(PasskeyRegistration.safeParse(registration).success).toBe(true);
    expect(PasskeyRegistration.safeParse({ ...registration, id: 'x' }).success).toBe(false);
  });
});

describe('a relying party', () => {
  it('has secure origins only', () => {
    const origins = (origin: string) =>
      RelyingParty.safeParse({ id: 'pulse.test', origins: [origin] }).success;
    expect(origins('https://127.0.0.1:8443')).toBe(true);
    expect(origins('http://localhost:3000')).toBe(true);
    for (const origin of ['http://app.pulse.test', 'https://a/b', 'https://*.pulse.test', 'null']) {
      expect(origins(origin)).toBe(false);
    }
  });
});

function base64UrlOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url');
}

/** Authenticator data in an attestation object of format none, which ends with it. */
function authDataOf({ attestationObject }: PasskeyRegistration): Buffer {
  const bytes = Buffer.from(attestationObject, 'base64url');
  return Buffer.from(bytes.subarray(bytes.indexOf(sha256(Buffer.from('pulse.test')))));
}

/** Writes another algorithm where the COSE key says ES256 (0x26), in place. */
function setAlgorithm(authData: Buffer, algorithm: number): void {
  const at = authData.indexOf(Buffer.of(0x03, 0x26));
  authData.writeUInt8(algorithm === -257 ? 0x27 : 0x26, at + 1);
}
