import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MSP_IDS } from '@pulseledger/domain';
import { z } from 'zod';
import { certificateRequest } from '../../local/src/test-support/certificate-request.ts';
import { CHECKOUT } from '../integration/start.ts';
import { type LedgerWorld, randomId } from '../negative/support/ledger-world.ts';
import { ChunkSigner } from '../negative/support/signer-device.ts';
import { type BrokerAddress, Wearable } from '../negative/support/wearable.ts';
import { awsEnvironment } from './aws-environment.ts';
import { lastLines, run } from './child.ts';
import type { Emulator } from './emulator.ts';
import { AwsTestFailure } from './failure.ts';

const HOSPITAL = 'hospital';
const COMMAND = join(CHECKOUT, 'infra', 'devices', 'main.ts');
const Enrolled = z.object({ deviceId: z.string() });

/** A new patient of the hospital whom this practitioner treats. @returns the patient's id */
export async function treatedPatient(world: LedgerWorld, practitionerId: string): Promise<string> {
  const patientId = randomId();
  const organization = HOSPITAL;
  const claims = { organization, role: 'administrator' } as const;
  const administrator = world.client(await world.person(claims));
  const basics = { family: 'Test', given: [], birthDate: '1990', gender: 'unknown' } as const;
  await administrator.registerPatient({ patientId, basics, saltHex: randomId() });
  const patient = await world.person({ organization, role: 'patient', subjectId: patientId });
  await world.client(patient).setTreating({
    ...{ patientId, practitionerId, mspId: MSP_IDS[HOSPITAL] },
    ...{ fromMs: 0, untilMs: null, saltHex: randomId() },
  });
  return patientId;
}

export interface Enrolling {
  readonly emulator: Emulator;
  /** URL of the deployed API. */
  readonly apiUrl: string;
  /** Access token of an administrator. */
  readonly administrator: string;
  readonly patientId: string;
  readonly broker: BrokerAddress;
  readonly folder: string;
  readonly signal: AbortSignal;
}

/** A device that makes its own key, and is enrolled by `npm run devices:aws` at AWS IoT and on the ledger. */
export async function enrolledDevice(enrolling: Enrolling): Promise<Wearable> {
  const { emulator, apiUrl, administrator, patientId, broker, folder, signal } = enrolling;
  const signer = new ChunkSigner();
  const [csr, out] = [join(folder, 'device.csr'), join(folder, 'device.pem')];
  await writeFile(csr, await certificateRequest(signer.privateKeyPem));
  const model = ['--manufacturer', 'Test', '--model', 'AWS', '--serial', '1'];
  const wearer = ['--patient', patientId, '--from', '2026-01-01T00:00:00Z'];
  const places = ['--env', 'dev', '--api', apiUrl, '--csr', csr, '--out', out, '--json'];
  const { code, output } = await run(
    process.execPath,
    [COMMAND, 'enrol', ...model, ...wearer, ...places],
    {
      cwd: CHECKOUT,
      signal,
      env: { ...awsEnvironment(emulator, folder), PULSE_ACCESS_TOKEN: administrator },
    },
  );
  if (code !== 0) {
    throw new AwsTestFailure(`npm run devices:aws -- enrol failed:\n${lastLines(output)}`);
  }
  // Its steps are said beside it.
  const said: unknown = JSON.parse(output.split('\n').find((line) => line.startsWith('{')) ?? '');
  const { deviceId } = Enrolled.parse(said);
  const certificatePem = await readFile(out, 'utf8');
  return new Wearable({ deviceId, certificatePem }, patientId, signer, broker);
}
