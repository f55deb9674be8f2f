import { randomBytes } from 'node:crypto';
import { MSP_IDS } from '@pulseledger/domain';
import {
  type CertifiedKey,
  IdentitySource,
  type IdentitySourceOptions,
  type LedgerConnection,
  RecordClient,
  UserSessions,
} from '@pulseledger/ledger';
import { organizationKeys, readAuthority, readCertifiedKey } from '@pulseledger/network/identity';
import type { Wearable } from './wearables.ts';

/** Registrations under way at the same time. */
const AT_ONCE = 64;
const DEVICES_A_PATIENT = 4;

/** The hospital's ingest service, as the network made it. */
export async function ingestIdentity(keysDir: string): Promise<CertifiedKey> {
  const files = organizationKeys(keysDir, 'hospital').service('ingest');
  return { mspId: MSP_IDS.hospital, ...(await readCertifiedKey(files)) };
}

/** Registers wearables and assigns them to invented patients, as the hospital's administrator. */
export async function enrol(
  connection: LedgerConnection,
  keysDir: string,
  wearables: readonly Wearable[],
): Promise<void> {
  const identities = new IdentitySource({ client: await keysAsSecrets(keysDir), prefix: 'bench' });
  const record = new RecordClient({
    connection,
    signatories: new UserSessions({ identities }).open({
      organization: 'hospital',
      role: 'administrator',
      subjectId: randomBytes(16).toString('hex'),
    }),
  });
  const patients = Array.from({ length: Math.ceil(wearables.length / DEVICES_A_PATIENT) }, () =>
    randomBytes(16).toString('hex'),
  );
  await eachOf(patients, (patientId) =>
    record.registerPatient({
      patientId,
      basics: { family: 'Bench', given: ['Patient'], birthDate: '1980', gender: 'unknown' },
      saltHex: randomBytes(16).toString('hex'),
    }),
  );
  await eachOf([...wearables.entries()], async ([index, wearable]) => {
    const { deviceId, publicKeySpkiBase64 } = wearable;
    await record.registerDevice({
      deviceId,
      publicKeySpkiBase64,
      manufacturer: 'Bench',
      model: 'B1',
      serial: String(index),
      saltHex: randomBytes(16).toString('hex'),
    });
    const patientId = patients[Math.floor(index / DEVICES_A_PATIENT)] ?? '';
    await record.assignDevice({ deviceId, patientId, fromMs: 0, untilMs: null });
  });
}

/** The issuing CA's key from the network's own folder, in the form in which the secret store holds it. */
async function keysAsSecrets(keysDir: string): Promise<IdentitySourceOptions['client']> {
  const issuing = await readAuthority(keysDir, 'hospital', 'issuing');
  const SecretString = JSON.stringify({ mspId: MSP_IDS.hospital, ...issuing });
  return { send: () => Promise.resolve({ SecretString, $metadata: {} }) };
}

/** Works on a list with a bounded number at a time; the first failure ends it. */
async function eachOf<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  const waiting = items.values();
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (const item of waiting) {
        await work(item);
      }
    }),
  );
}
