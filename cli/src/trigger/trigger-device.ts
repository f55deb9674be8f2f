import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  sign,
} from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  attachSignature,
  encodeChunk,
  Identifier,
  type Reading,
  SALT_BYTES,
} from '@pulseledger/domain';
import { z } from 'zod';
import type { Api } from '../system/api.ts';
import { fingerprint } from '../system/system-file.ts';
import { writePrivately } from '../system/token.ts';

interface Enrolled {
  readonly deviceId: string;
  readonly certificatePem: string;
  readonly brokerUrl: string;
  readonly brokerCaPem: string;
}
const Enrolled: z.ZodType<Enrolled> = z.object({
  deviceId: Identifier,
  certificatePem: z.string().startsWith('-----BEGIN'),
  brokerUrl: z.url({ protocol: /^mqtts$/ }),
  brokerCaPem: z.string().startsWith('-----BEGIN'),
});
const Kept = z.object({
  system: z.string(),
  privateKeyPem: z.string(),
  /** Start of its assignment; an enrolment that is repeated is the same. */
  fromMs: z.int(),
  boot: z.int(),
});
type Kept = z.infer<typeof Kept>;

/** A simulated device of one patient, kept from one trigger to the next. */
export interface TriggerDevice extends Enrolled {
  readonly privateKeyPem: string;
  readonly boot: number;
}

/** Enrols it, or finds it enrolled; each time is a new start of the device. @throws Failure */
export async function enrolDevice(administrator: Api, patientId: string): Promise<TriggerDevice> {
  const { system } = administrator;
  const name = `trigger-${patientId}.json`;
  const before = await keptAt(join(system.dataFolder, 'cli', name));
  const known = before?.system === fingerprint(system) ? before : madeAnew(fingerprint(system));
  const kept: Kept = { ...known, boot: known.boot + 1 };
  // Before anything is sent: a boot number that was used once is never used again.
  await writePrivately(system, name, kept);
  const publicKey = createPublicKey(createPrivateKey(kept.privateKeyPem));
  const request = {
    publicKeySpkiBase64: publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
    ...{ patientId, fromMs: kept.fromMs },
    ...{ manufacturer: 'Pulseledger', model: 'trigger', serial: patientId.slice(0, 8) },
  };
  const enrolled = await administrator.ask('local/devices', Enrolled, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(request),
  });
  return { ...enrolled, privateKeyPem: kept.privateKeyPem, boot: kept.boot };
}

function madeAnew(system: string): Kept {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const privateKeyPem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  return { system, privateKeyPem, fromMs: Date.now() - 1_000, boot: 0 };
}

async function keptAt(file: string): Promise<Kept | undefined> {
  try {
    return Kept.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch {
    return undefined;
  }
}

/** A chunk of one reading, signed with the device's key. */
export function signedChunk(device: TriggerDevice, reading: Reading): Uint8Array {
  const body = encodeChunk({
    ...{ deviceId: device.deviceId, boot: device.boot, firstSequence: 0, zoneOffsetMinutes: 0 },
    readings: [reading],
    salt: new Uint8Array(randomBytes(SALT_BYTES)),
  });
  const key = createPrivateKey(device.privateKeyPem);
  return attachSignature(body, sign('sha256', body, { key, dsaEncoding: 'ieee-p1363' }));
}
