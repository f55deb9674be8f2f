import { X509Certificate } from 'node:crypto';
import { MSP_IDS, PulseError } from '@pulseledger/domain';
import { LedgerIdentity, parseIdentity } from '@pulseledger/ledger';
import { certifyService } from '@pulseledger/network/identity';
import { type RotationRequest, type ServiceOf, serviceOf } from './rotation-request.ts';
import { CURRENT, PENDING, type SecretVersions } from './secret-versions.ts';

const DAY_MS = 86_400_000;

/**
 * How long a certificate that a rotation makes is valid: twice the time between rotations (infra, `ROTATION_DAYS`), so that
 * the former one outlives every cache and every transaction under way, and one rotation may fail.
 */
export const LIFETIME_MS: number = 60 * DAY_MS;

/** What the steps need. */
export interface RotationMeans {
  readonly versions: Pick<SecretVersions, 'describe' | 'value' | 'putPending' | 'makeCurrent'>;
  /** What stands before `/<service>/<organization>` in the secrets' names. */
  readonly prefix: string;
  /** The authority that issues the organization's Fabric identities. */
  readonly issuingCa: (organization: ServiceOf['organization']) => Promise<LedgerIdentity>;
  /** Asks the ledger something as this service. @throws PulseError when it is not answered */
  readonly prove: (identity: LedgerIdentity, service: ServiceOf) => Promise<void>;
}

/** What a step has done. */
export interface StepResult extends ServiceOf {
  readonly step: RotationRequest['Step'];
  /** `already` when an earlier invocation had done it. */
  readonly outcome: 'done' | 'already';
  /** Until when the former certificate goes on being accepted; after the last step. */
  readonly formerValidUntil?: Date;
  readonly validUntil?: Date;
}

interface Rotation extends ServiceOf {
  readonly secretId: string;
  readonly token: string;
  /** The version that services sign with now. */
  readonly currentVersion: string;
}

/**
 * One step of a rotation. The steps may be repeated in any number: what is done already is left as it is.
 *
 * @throws PulseError `invalid_input` for a secret that is no service's or not under rotation, or a version that does not
 *   wait; `unavailable` when a value cannot be read; what the ledger says when it does not take the new identity.
 */
export async function rotate(request: RotationRequest, means: RotationMeans): Promise<StepResult> {
  const { Step: step, SecretId: secretId, ClientRequestToken: token } = request;
  const { name, isRotated, stages } = await means.versions.describe(secretId);
  const service = serviceOf(name, means.prefix);
  if (service === undefined) throw refused('The secret is not the identity of a service.');
  if (!isRotated) throw refused('The secret is not under rotation.');
  const labels = stages.get(token);
  if (labels?.includes(CURRENT) === true) return { ...service, step, outcome: 'already' };
  if (labels?.includes(PENDING) !== true) throw refused('The version does not wait.');
  const [currentVersion] = [...stages].find(([, own]) => own.includes(CURRENT)) ?? [];
  if (currentVersion === undefined) throw refused('There is no identity yet: provision it first.');
  const rotation = { ...service, secretId, token, currentVersion };
  return { ...service, step, ...(await STEPS[step](rotation, means)) };
}

type Step = (
  rotation: Rotation,
  means: RotationMeans,
) => Promise<Omit<StepResult, 'step' | keyof ServiceOf>>;

const STEPS: Readonly<Record<RotationRequest['Step'], Step>> = {
  createSecret: create,
  setSecret: check,
  testSecret: test,
  finishSecret: finish,
};

/** A new key, and a certificate from the issuing authority in the same name. */
async function create(rotation: Rotation, means: RotationMeans): ReturnType<Step> {
  const { secretId, token, service, organization } = rotation;
  if ((await means.versions.value(secretId, PENDING, token)) !== undefined) {
    return { outcome: 'already' };
  }
  const current = await identityOf(rotation, means, CURRENT);
  const { certificatePem, privateKeyPem } = await means.issuingCa(organization).then((issuer) =>
    certifyService({
      issuer: { certificatePem: issuer.certificatePem, privateKeyPem: issuer.privateKeyPem() },
      commonName: commonNameOf(current),
      service,
      lifetimeMs: LIFETIME_MS,
    }),
  );
  const made = { mspId: MSP_IDS[organization], certificatePem, privateKeyPem };
  await means.versions.putPending(secretId, token, JSON.stringify(made));
  return { outcome: 'done' };
}

/**
 * Nothing has to be told the new certificate: peers and orderers take everyone whom the issuing authority has certified.
 * So this looks at what was made: it is the authority's, of the organization, in the same name, with its key.
 */
async function check(rotation: Rotation, means: RotationMeans): ReturnType<Step> {
  const [pending, current, issuer] = await Promise.all([
    identityOf(rotation, means, PENDING),
    identityOf(rotation, means, CURRENT),
    means.issuingCa(rotation.organization),
  ]);
  const certificate = new X509Certificate(pending.certificatePem);
  const isIssued = certificate.verify(new X509Certificate(issuer.certificatePem).publicKey);
  if (!isIssued) throw refused('The new certificate is not of the issuing authority.');
  const isSame = pending.mspId === current.mspId && commonNameOf(pending) === commonNameOf(current);
  if (!isSame) throw refused('The new certificate is of somebody else.');
  return { outcome: 'done' };
}

/** The new identity asks the ledger, before anybody depends on it. */
async function test(rotation: Rotation, means: RotationMeans): ReturnType<Step> {
  await means.prove(await identityOf(rotation, means, PENDING), rotation);
  return { outcome: 'done' };
}

/** From here on services read the new identity; who has the former one in memory goes on with it. */
async function finish(rotation: Rotation, means: RotationMeans): ReturnType<Step> {
  const { secretId, token, currentVersion } = rotation;
  const [pending, current] = await Promise.all([
    identityOf(rotation, means, PENDING),
    identityOf(rotation, means, CURRENT),
  ]);
  await means.versions.makeCurrent(secretId, token, currentVersion);
  return { outcome: 'done', formerValidUntil: endOf(current), validUntil: endOf(pending) };
}

async function identityOf(
  { secretId, token }: Rotation,
  { versions }: RotationMeans,
  label: typeof CURRENT | typeof PENDING,
): Promise<LedgerIdentity> {
  return parseIdentity(
    await versions.value(secretId, label, label === PENDING ? token : undefined),
  );
}

function endOf({ certificatePem }: LedgerIdentity): Date {
  return new Date(new X509Certificate(certificatePem).validTo);
}

function commonNameOf({ certificatePem }: LedgerIdentity): string {
  const { subject } = new X509Certificate(certificatePem);
  const name = /^CN=(.+)$/m.exec(subject)?.[1];
  if (name === undefined) throw refused('The certificate has no common name.');
  return name;
}

function refused(message: string): PulseError {
  return new PulseError('invalid_input', message);
}
