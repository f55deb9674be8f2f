import type { DeviceRequest, WearerRequest } from '@pulseledger/domain';
import { requestedKey } from '@pulseledger/network/identity';
import { EnrolmentError } from './errors.ts';
import type { Register } from './register.ts';
import { deviceIdOf, isFor, type ThingCertificate, type Things } from './things.ts';

/** A device that is to be known. */
export interface EnrolmentRequest {
  /** PKCS #10, PEM, signed by the device: its private key stays where it is. */
  readonly certificateRequestPem: string;
  readonly device: Omit<DeviceRequest, 'publicKeySpkiBase64'>;
  readonly wearer: WearerRequest;
}

export interface EnrolmentMeans {
  readonly things: Pick<
    Things,
    'ensureThing' | 'certificates' | 'certify' | 'attach' | 'setStatus'
  >;
  readonly register: Pick<Register, 'register' | 'assign' | 'revoke'>;
  readonly onStep: (step: string) => void;
}

/** What the device needs to connect. */
export interface Enrolled {
  readonly deviceId: string;
  readonly certificatePem: string;
}

/**
 * Makes a device known: its thing and certificate at the broker, its key and wearer on the ledger. The certificate opens
 * the door last, so that nothing a device sends is refused as unknown. Each step looks at what is there: whenever it is
 * cut off, the same command goes on and makes nothing twice.
 *
 * @throws EnrolmentError for a request that is none, a revoked device, and what the ledger refuses; what AWS refuses
 */
export async function enrol(request: EnrolmentRequest, means: EnrolmentMeans): Promise<Enrolled> {
  const { things, register, onStep } = means;
  const publicKeySpki = keyIn(request.certificateRequestPem);
  const deviceId = deviceIdOf(publicKeySpki);
  await things.ensureThing(deviceId);
  onStep(`thing ${deviceId}`);
  const certificate = await certificateOf(deviceId, publicKeySpki, request, means);
  await things.attach(deviceId, certificate);
  onStep('certificate attached to the thing and to the policy of devices');
  const publicKeySpkiBase64 = Buffer.from(publicKeySpki).toString('base64');
  await register.register(deviceId, { ...request.device, publicKeySpkiBase64 });
  onStep('registered on the ledger');
  await register.assign(deviceId, request.wearer);
  onStep('assigned to who wears it');
  if (certificate.status !== 'ACTIVE') await things.setStatus(certificate, 'ACTIVE');
  onStep('certificate active');
  return { deviceId, certificatePem: certificate.pem };
}

/**
 * Takes a device out of service: no broker lets it in, and the ledger records nothing of it that is not there yet.
 * Repeating it is harmless.
 *
 * @returns how many certificates it had
 */
export async function revoke(deviceId: string, means: EnrolmentMeans): Promise<number> {
  const { things, register, onStep } = means;
  const certificates = await things.certificates(deviceId);
  // The door first: it needs no consensus, and the key may be in the wrong hands now.
  for (const certificate of certificates) {
    if (certificate.status !== 'REVOKED') await things.setStatus(certificate, 'REVOKED');
  }
  onStep('certificates revoked');
  await register.revoke(deviceId);
  onStep('revoked on the ledger');
  return certificates.length;
}

function keyIn(certificateRequestPem: string): Uint8Array {
  try {
    return requestedKey(certificateRequestPem).export({ format: 'der', type: 'spki' });
  } catch (cause) {
    throw new EnrolmentError(
      'The file is no certificate request that is signed with a P-256 key. Make one on the device: openssl req -new.',
      { cause },
    );
  }
}

/** The certificate that an earlier run has attached, or a new one. */
async function certificateOf(
  deviceId: string,
  publicKeySpki: Uint8Array,
  { certificateRequestPem }: EnrolmentRequest,
  { things, onStep }: EnrolmentMeans,
): Promise<ThingCertificate> {
  const all = await things.certificates(deviceId);
  const own = all.filter((one) => isFor(one, publicKeySpki));
  if (own.some(({ status }) => status === 'REVOKED')) {
    throw new EnrolmentError(
      `The device ${deviceId} was revoked, and its key with it. Make a new key on the device.`,
    );
  }
  const [known] = own;
  onStep(known === undefined ? 'certificate made' : 'certificate is there');
  return known ?? things.certify(certificateRequestPem);
}
