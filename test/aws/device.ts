import {
  AttachPolicyCommand,
  AttachThingPrincipalCommand,
  CreateThingCommand,
  RegisterCertificateWithoutCACommand,
} from '@aws-sdk/client-iot';
import { MSP_IDS } from '@pulseledger/domain';
import { issueDevice, readAuthority } from '@pulseledger/network/identity';
import { type LedgerWorld, randomId } from '../negative/support/ledger-world.ts';
import { ChunkSigner } from '../negative/support/signer-device.ts';
import { type BrokerAddress, Wearable } from '../negative/support/wearable.ts';
import type { Clients } from './clients.ts';

const PREFIX = 'pulseledger-dev';
const HOSPITAL = 'hospital';

/** A device of the hospital for a new patient: on the ledger, with a certificate of the hospital's authority. */
export async function enrolOnLedger(
  world: LedgerWorld,
  practitionerId: string,
  broker: BrokerAddress,
): Promise<Wearable> {
  const [patientId, deviceId, signer] = [randomId(), randomId(), new ChunkSigner()];
  const claims = { organization: HOSPITAL, role: 'administrator' } as const;
  const administrator = world.client(await world.person(claims));
  const basics = { family: 'Test', given: [], birthDate: '1990', gender: 'unknown' } as const;
  await administrator.registerPatient({ patientId, basics, saltHex: randomId() });
  const { publicKeySpkiBase64 } = signer;
  const model = { manufacturer: 'Test', model: 'AWS', serial: '1' };
  await administrator.registerDevice({
    ...{ deviceId, publicKeySpkiBase64, ...model },
    saltHex: randomId(),
  });
  await administrator.assignDevice({ deviceId, patientId, fromMs: 0, untilMs: null });
  const patient = await world.person({
    organization: HOSPITAL,
    role: 'patient',
    subjectId: patientId,
  });
  await world.client(patient).setTreating({
    ...{ patientId, practitionerId, mspId: MSP_IDS[HOSPITAL] },
    ...{ fromMs: 0, untilMs: null, saltHex: randomId() },
  });
  const certificatePem = issueDevice({
    issuer: await readAuthority(world.keys, HOSPITAL, 'device'),
    deviceId,
    key: { publicKeySpki: Buffer.from(publicKeySpkiBase64, 'base64') },
  });
  return new Wearable({ deviceId, certificatePem }, patientId, signer, broker);
}

/** The device as a thing of AWS IoT, held to the policy that the ingest stack has made. */
export async function enrolOnAws({ iot }: Clients, device: Wearable): Promise<void> {
  const thingName = device.deviceId;
  await iot.send(new CreateThingCommand({ thingName, thingTypeName: `${PREFIX}-wearable` }));
  const { certificatePem } = device.identity;
  const { certificateArn } = await iot.send(
    new RegisterCertificateWithoutCACommand({ certificatePem, status: 'ACTIVE' }),
  );
  const principal = certificateArn;
  await iot.send(new AttachThingPrincipalCommand({ thingName, principal }));
  const policyName = `${PREFIX}-device`;
  await iot.send(new AttachPolicyCommand({ policyName, target: certificateArn }));
}
