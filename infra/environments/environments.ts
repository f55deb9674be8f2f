import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { z } from 'zod';
import { type Environment, type EnvironmentName, environmentSchema } from './environment.ts';

const REGION = 'eu-central-1';
const ZONES = [`${REGION}a`, `${REGION}b`, `${REGION}c`];
/** al2023-ami-2023, arm64, in eu-central-1. Change it together with a planned replacement of the nodes. */
const IMAGE = 'ami-0f1e2d3c4b5a69788';

/** Set the hash to that of the archive which was uploaded: machines refuse any other. */
const PROGRAMS = { key: 'fabric-3.1.5-linux-arm64.tar.gz', sha256: '0'.repeat(64) };

/** A dev environment costs as little as it can: one zone, small nodes, one account, nothing retained. */
const dev: Environment = {
  name: 'dev',
  account: '111111111111',
  region: REGION,
  availabilityZones: [`${REGION}a`],
  vpcCidr: '10.20.0.0/16',
  nodeImageId: IMAGE,
  nodePrograms: PROGRAMS,
  iotDataHost: `a1b2c3d4e5f6g7-ats.iot.${REGION}.amazonaws.com`,
  s3PrefixListId: 'pl-6ea54007',
  domain: 'dev.pulseledger.internal',
  organizations: organizationsIn('111111111111', '111111111111', '111111111111', 1),
  consensus: 'raft',
  peer: { instanceType: 't4g.medium', volumeGiB: 20 },
  orderer: { instanceType: 't4g.small', volumeGiB: 20 },
  ingest: { maxConcurrency: 2, batchingWindowSeconds: 0, batchSize: 10 },
  api: { requestsPerSecond: 20, burst: 40, ...page('dev.pulseledger.example', '111111111111') },
  logRetention: RetentionDays.TWO_WEEKS,
  backupRetentionDays: 7,
  isProtected: false,
  alarmEmail: 'pulseledger-dev@pulseledger.example',
};

const staging: Environment = {
  ...dev,
  name: 'staging',
  account: '222222222222',
  availabilityZones: ZONES,
  vpcCidr: '10.30.0.0/16',
  domain: 'staging.pulseledger.internal',
  organizations: organizationsIn('222222222222', '222222222222', '222222222222', 2),
  peer: { instanceType: 'm7g.large', volumeGiB: 100 },
  orderer: { instanceType: 'm7g.medium', volumeGiB: 50 },
  ingest: { maxConcurrency: 10, batchingWindowSeconds: 1, batchSize: 500 },
  api: {
    requestsPerSecond: 200,
    burst: 400,
    ...page('staging.pulseledger.example', '222222222222'),
  },
  logRetention: RetentionDays.THREE_MONTHS,
  backupRetentionDays: 30,
  alarmEmail: 'pulseledger-staging@pulseledger.example',
};

/** Six years of access records are what HIPAA asks for (45 CFR 164.316(b)(2)(i)). */
const SIX_YEARS_DAYS: number = RetentionDays.SIX_YEARS;

const prod: Environment = {
  ...staging,
  name: 'prod',
  account: '333333333333',
  vpcCidr: '10.40.0.0/16',
  domain: 'pulseledger.internal',
  // Each organization runs its nodes in an account of its own; functions and API are with the hospital.
  organizations: organizationsIn('333333333333', '444444444444', '555555555555', 2),
  peer: { instanceType: 'm7g.xlarge', volumeGiB: 500 },
  orderer: { instanceType: 'm7g.large', volumeGiB: 200 },
  ingest: { maxConcurrency: 20, batchingWindowSeconds: 1, batchSize: 500 },
  api: { requestsPerSecond: 1_000, burst: 2_000, ...page('pulseledger.example', '333333333333') },
  logRetention: RetentionDays.SIX_YEARS,
  backupRetentionDays: SIX_YEARS_DAYS,
  isProtected: true,
  alarmEmail: 'pulseledger@pulseledger.example',
};

/** Where the page is, and its certificate in that account. */
function page(
  host: string,
  account: string,
): Pick<Environment['api'], 'pageOrigin' | 'pageCertificateArn'> {
  return {
    pageOrigin: `https://${host}`,
    pageCertificateArn: `arn:aws:acm:us-east-1:${account}:certificate/00000000-0000-4000-8000-000000000000`,
  };
}

function organizationsIn(
  hospital: string,
  clinic: string,
  insurer: string,
  peers: number,
): Environment['organizations'] {
  const each = { peers, orderers: 1 };
  return [
    { ...each, name: 'hospital', mspId: 'HospitalMSP', provider: true, account: hospital },
    { ...each, name: 'clinic', mspId: 'ClinicMSP', provider: true, account: clinic },
    { ...each, name: 'insurer', mspId: 'InsurerMSP', provider: false, account: insurer },
  ];
}

/** Every environment, checked. `cdk synth` makes all of them, so that a mistake shows before it is deployed. */
export const ENVIRONMENTS: Readonly<Record<EnvironmentName, Environment>> = checked({
  dev,
  staging,
  prod,
});

function checked<T extends Record<string, Environment>>(table: T): T {
  for (const [name, environment] of Object.entries(table)) {
    const result = environmentSchema.safeParse(environment);
    if (!result.success) {
      throw new Error(`environment ${name}: ${z.prettifyError(result.error)}`);
    }
  }
  return table;
}
