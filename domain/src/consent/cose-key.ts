import { decodeFirst } from 'cborg';
import { toBase64 } from './base64url.ts';
import { refuse } from './refusal.ts';

/** Labels and values of RFC 9052 §7 and RFC 9053 §2.1, §7.1.1 for an ES256 key on P-256. */
const KEY_TYPE = 1;
const ALGORITHM = 3;
const CURVE = -1;
const X = -2;
const Y = -3;
const EC2 = 2;
const ES256 = -7;
const P256 = 1;
const COORDINATE_BYTES = 32;

/** SubjectPublicKeyInfo of a P-256 key up to its uncompressed point (RFC 5480). */
const SPKI_PREFIX = Uint8Array.from([
  0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
  0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04,
]);

/** Reads one CBOR item with string and number keys alike; what follows it is the rest. */
export function readCbor(bytes: Uint8Array): { readonly item: unknown; readonly rest: Uint8Array } {
  try {
    const [item, rest] = decodeFirst(bytes, {
      useMaps: true,
      strict: true,
      allowIndefinite: false,
      rejectDuplicateMapKeys: true,
    }) as [unknown, Uint8Array];
    return { item, rest };
  } catch {
    return refuse('The authenticator’s data is not in CBOR’s canonical form.');
  }
}

function coordinate(key: ReadonlyMap<unknown, unknown>, label: number): Uint8Array {
  const value = key.get(label);
  if (!(value instanceof Uint8Array) || value.length !== COORDINATE_BYTES) {
    return refuse('The passkey’s public key is not a P-256 key.');
  }
  return value;
}

/**
 * The public key of a passkey as base64 of SubjectPublicKeyInfo. Whether the point is on the curve
 * is seen by who parses it.
 *
 * @param item - the decoded COSE_Key (RFC 9052 §7).
 * @throws PulseError `bad_assertion` for anything but ES256 on P-256.
 */
export function spkiFromCose(item: unknown): string {
  const isEs256 =
    item instanceof Map &&
    item.get(KEY_TYPE) === EC2 &&
    item.get(ALGORITHM) === ES256 &&
    item.get(CURVE) === P256;
  if (!isEs256) return refuse('The passkey does not sign with ES256.');
  const key: ReadonlyMap<unknown, unknown> = item;
  const spki = new Uint8Array(SPKI_PREFIX.length + 2 * COORDINATE_BYTES);
  spki.set(SPKI_PREFIX);
  spki.set(coordinate(key, X), SPKI_PREFIX.length);
  spki.set(coordinate(key, Y), SPKI_PREFIX.length + COORDINATE_BYTES);
  return toBase64(spki);
}
