import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  X509Certificate,
} from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { Identifier, PulseError } from '@pulseledger/domain';
import { z } from 'zod';
import { type Enrol, Enrolled } from './enrolment.ts';

/** A certificate that ends sooner than this is renewed at the start. */
const RENEW_BEFORE_MS = 3_600_000;

/** An enrolled device: its key never leaves this process and its 0600 file. */
export interface DeviceIdentity extends Enrolled {
  readonly patientId: string;
  readonly privateKeyPem: string;
  /** Start of its assignment to the patient. */
  readonly fromMs: number;
  /** ES256 over the bytes, raw r‖s (64 bytes). */
  readonly sign: (bytes: Uint8Array) => Uint8Array;
}

/** Who a device is for and what it says of itself. */
export interface DeviceDescription {
  readonly patientId: string;
  readonly fromMs: number;
  readonly manufacturer: string;
  readonly model: string;
  readonly serial: string;
}

const StoredIdentity = z.intersection(
  Enrolled,
  z.object({ patientId: Identifier, fromMs: z.int() }),
);

/** Write a file whole or not at all, readable by the owner only. */
async function writePrivately(path: string, content: string): Promise<void> {
  const temporary = `${path}.new`;
  const file = await open(temporary, 'w', 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
}

async function privateKeyAt(path: string): Promise<KeyObject> {
  if (existsSync(path)) return createPrivateKey(await readFile(path, 'utf8'));
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  await writePrivately(path, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
  return privateKey;
}

async function storedIdentity(path: string): Promise<z.infer<typeof StoredIdentity> | undefined> {
  if (!existsSync(path)) return undefined;
  const stored = StoredIdentity.safeParse(JSON.parse(await readFile(path, 'utf8')));
  if (!stored.success) {
    throw new PulseError('invalid_input', 'a device identity file is damaged: remove its folder');
  }
  return stored.data;
}

function stillValid(certificatePem: string): boolean {
  const ends = Date.parse(new X509Certificate(certificatePem).validTo);
  return ends - Date.now() > RENEW_BEFORE_MS;
}

/**
 * The identity of a device: made and enrolled at the first call, read from the folder afterwards.
 * The key is made here and never sent; only its public half goes to the enrolment. Asking again with
 * the same key gives the same device, so a crash between enrolment and its record does no harm.
 *
 * @param folder Where `<slot>.key.pem` and `<slot>.json` live, both 0600.
 */
export async function deviceIdentity(
  folder: string,
  slot: string,
  description: DeviceDescription,
  enrol: Enrol,
): Promise<DeviceIdentity> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const key = await privateKeyAt(join(folder, `${slot}.key.pem`));
  const recordPath = join(folder, `${slot}.json`);
  const stored = await storedIdentity(recordPath);
  if (stored !== undefined && stillValid(stored.certificatePem)) return withKey(stored, key);
  const { patientId, fromMs } = stored ?? description;
  const publicKey = createPublicKey(key).export({ type: 'spki', format: 'der' });
  const enrolled = await enrol({
    publicKeySpkiBase64: publicKey.toString('base64'),
    patientId,
    fromMs,
    manufacturer: description.manufacturer,
    model: description.model,
    serial: description.serial,
  });
  if (!new X509Certificate(enrolled.certificatePem).checkPrivateKey(key)) {
    throw new PulseError('unauthenticated', 'the enrolment certified another key than ours');
  }
  const identity = { ...enrolled, patientId, fromMs };
  await writePrivately(recordPath, JSON.stringify(identity));
  return withKey(identity, key);
}

function withKey(identity: z.infer<typeof StoredIdentity>, key: KeyObject): DeviceIdentity {
  return {
    ...identity,
    privateKeyPem: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
    sign: (bytes) => sign('sha256', bytes, { key, dsaEncoding: 'ieee-p1363' }),
  };
}
