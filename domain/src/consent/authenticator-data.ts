import { readCbor, spkiFromCose } from './cose-key.ts';
import { refuse } from './refusal.ts';

/** Lengths and flags of W3C WebAuthn L3 §6.1. */
const RP_ID_HASH_BYTES = 32;
const FLAGS_AT = 32;
const COUNTER_AT = 33;
const HEADER_BYTES = 37;
const AAGUID_BYTES = 16;
const ID_LENGTH_BYTES = 2;
const MAX_CREDENTIAL_ID_BYTES = 1_023;
const USER_PRESENT = 0x01;
const USER_VERIFIED = 0x04;
const BACKUP_ELIGIBLE = 0x08;
const BACKED_UP = 0x10;
const HAS_CREDENTIAL = 0x40;
const HAS_EXTENSIONS = 0x80;

/** A new credential, W3C WebAuthn L3 §6.5.1. */
export interface AttestedCredential {
  readonly credentialId: Uint8Array;
  readonly publicKeySpkiBase64: string;
}

/** What an authenticator signs, W3C WebAuthn L3 §6.1. */
export interface AuthenticatorData {
  readonly rpIdHash: Uint8Array;
  readonly userPresent: boolean;
  readonly userVerified: boolean;
  readonly backupEligible: boolean;
  readonly backedUp: boolean;
  readonly counter: number;
  readonly credential: AttestedCredential | undefined;
}

interface Parsed {
  readonly credential: AttestedCredential;
  readonly rest: Uint8Array;
}

function parseCredential(bytes: Uint8Array): Parsed {
  const start = AAGUID_BYTES + ID_LENGTH_BYTES;
  if (bytes.length < start) return refuse('The authenticator’s data is cut off.');
  const length = ((bytes[AAGUID_BYTES] ?? 0) << 8) | (bytes[AAGUID_BYTES + 1] ?? 0);
  if (length === 0 || length > MAX_CREDENTIAL_ID_BYTES || bytes.length < start + length) {
    return refuse('The passkey’s identifier has a length that none can have.');
  }
  const { item, rest } = readCbor(bytes.subarray(start + length));
  const credentialId = bytes.slice(start, start + length);
  return { credential: { credentialId, publicKeySpkiBase64: spkiFromCose(item) }, rest };
}

/**
 * Takes authenticator data apart. Not one byte may be left over.
 *
 * @throws PulseError `bad_assertion`.
 */
export function parseAuthenticatorData(bytes: Uint8Array): AuthenticatorData {
  if (bytes.length < HEADER_BYTES) return refuse('The authenticator’s data is cut off.');
  const flags = bytes[FLAGS_AT] ?? 0;
  const header = bytes.subarray(HEADER_BYTES);
  const parsed = (flags & HAS_CREDENTIAL) === 0 ? undefined : parseCredential(header);
  const behind = parsed?.rest ?? header;
  const left = (flags & HAS_EXTENSIONS) === 0 ? behind : readCbor(behind).rest;
  if (left.length > 0) return refuse('The authenticator’s data is too long.');
  return {
    rpIdHash: bytes.slice(0, RP_ID_HASH_BYTES),
    userPresent: (flags & USER_PRESENT) !== 0,
    userVerified: (flags & USER_VERIFIED) !== 0,
    backupEligible: (flags & BACKUP_ELIGIBLE) !== 0,
    backedUp: (flags & BACKED_UP) !== 0,
    counter: new DataView(bytes.buffer, bytes.byteOffset).getUint32(COUNTER_AT),
    credential: parsed?.credential,
  };
}
