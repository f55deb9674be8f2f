import { isIPv4 } from 'node:net';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { z } from 'zod';

/** Names of the environments; each becomes one Stage. */
export const ENVIRONMENT_NAMES = ['dev', 'staging', 'prod'] as const;
export type EnvironmentName = (typeof ENVIRONMENT_NAMES)[number];

/** One organization of the network, and the AWS account that its nodes run in. */
export interface OrganizationSettings {
  readonly name: string;
  readonly mspId: string;
  readonly provider: boolean;
  readonly account: string;
  /**
   * What the environment's zones are called in this organization's account; AWS names them anew in each account
   * (compare zone ids). Left out when the names are the same.
   */
  readonly availabilityZones?: readonly string[] | undefined;
  readonly peers: number;
  readonly orderers: number;
}

/** A Graviton instance with a volume of its own. */
export interface NodeSettings {
  /** E.g. `m7g.large`. */
  readonly instanceType: string;
  readonly volumeGiB: number;
}

/** Everything in which environments differ. What is not here is the same in all of them. */
export interface Environment {
  readonly name: EnvironmentName;
  /** Account of what serves all organizations: devices, queues, API, page. */
  readonly account: string;
  readonly region: string;
  /** Named here, so that synthesis looks nothing up. */
  readonly availabilityZones: readonly string[];
  readonly vpcCidr: string;
  /** AMI of the nodes (Amazon Linux 2023, arm64). Given, never looked up: a new one would replace ledgers. */
  readonly nodeImageId: string;
  /** Archive of the programs that nodes run (docs/DEPLOY.md says how it is made), and its SHA-256. */
  readonly nodePrograms: { readonly key: string; readonly sha256: string };
  /** Host of the account's MQTT endpoint, from `aws iot describe-endpoint --endpoint-type iot:Data-ATS`. */
  readonly iotDataHost: string;
  /** Managed prefix list of S3 in the region, from `aws ec2 describe-managed-prefix-lists`. */
  readonly s3PrefixListId: string;
  /** DNS zone of the nodes' names; private to the VPC. */
  readonly domain: string;
  readonly organizations: readonly OrganizationSettings[];
  readonly consensus: 'raft' | 'bft';
  readonly peer: NodeSettings;
  readonly orderer: NodeSettings;
  readonly ingest: {
    /** Batches worked on at once; bounds what reaches the peers' gateways. */
    readonly maxConcurrency: number;
    /** Longest wait for a fuller batch, seconds: a floor of the latency when traffic is low. */
    readonly batchingWindowSeconds: number;
    readonly batchSize: number;
  };
  readonly api: {
    readonly requestsPerSecond: number;
    readonly burst: number;
    /** Where the page is served from; the only origin that may call the API. */
    readonly pageOrigin: string;
    /** Certificate of the page's host, made by hand: CloudFront takes them from us-east-1 only. */
    readonly pageCertificateArn: string;
  };
  readonly logRetention: RetentionDays;
  /** Backups of ledgers are kept so long. */
  readonly backupRetentionDays: number;
  /** Stacks that hold data resist deletion; their resources stay when a stack goes. */
  readonly isProtected: boolean;
  /** Who hears alarms. */
  readonly alarmEmail: string;
}

const accountId = z.string().regex(/^\d{12}$/, 'is not an AWS account id (12 digits)');
const days = z.int().min(1).max(3_653);

const node = z.strictObject({
  instanceType: z.string().regex(/^[a-z]\d+g[a-z]*\.[a-z0-9]+$/, 'is not a Graviton instance type'),
  volumeGiB: z.int().min(20).max(16_384),
});

const organization = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9-]{0,20}$/),
  mspId: z.string().regex(/^[A-Za-z0-9]{1,40}$/),
  provider: z.boolean(),
  account: accountId,
  availabilityZones: z.array(z.string()).optional(),
  peers: z.int().min(1).max(9),
  orderers: z.int().min(0).max(9),
});

const FEWEST_BFT_ORDERERS = 4;
const MOST_ZONES = 3;

const shape = z.strictObject({
  name: z.enum(ENVIRONMENT_NAMES),
  account: accountId,
  region: z.string().regex(/^[a-z]{2}(?:-[a-z]+)+-\d$/),
  availabilityZones: z.array(z.string()).min(1).max(MOST_ZONES),
  vpcCidr: z.string().refine(isPrivateCidr, 'is not a private /16, e.g. 10.20.0.0/16'),
  nodePrograms: z.strictObject({
    key: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,99}\.tar\.gz$/),
    sha256: z.string().regex(/^[0-9a-f]{64}$/, 'is not a SHA-256'),
  }),
  nodeImageId: z.string().regex(/^ami-[0-9a-f]{17}$/),
  iotDataHost: z.string().regex(/^[a-z0-9]+-ats\.iot\.[a-z0-9-]+\.amazonaws\.com$/),
  s3PrefixListId: z.string().regex(/^pl-[0-9a-f]{8,17}$/),
  domain: z.string().regex(/^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/),
  organizations: z.array(organization).min(3),
  consensus: z.enum(['raft', 'bft']),
  peer: node,
  orderer: node,
  ingest: z.strictObject({
    maxConcurrency: z.int().min(2).max(1_000),
    batchingWindowSeconds: z.int().min(0).max(300),
    batchSize: z.int().min(1).max(10_000),
  }),
  api: z.strictObject({
    requestsPerSecond: z.int().min(1).max(10_000),
    burst: z.int().min(1).max(5_000),
    pageOrigin: z.url({ protocol: /^https$/ }),
    pageCertificateArn: z
      .string()
      .regex(/^arn:aws:acm:us-east-1:\d{12}:certificate\/[0-9a-f-]{36}$/, 'is not of us-east-1'),
  }),
  logRetention: z.enum(RetentionDays),
  backupRetentionDays: days,
  isProtected: z.boolean(),
  alarmEmail: z.email(),
});

/** SQS takes more than ten messages a batch only with a window to collect them in. */
const BATCH_WITHOUT_WINDOW = 10;

/** Checks one environment; the message names what is wrong. */
export const environmentSchema: z.ZodType<Environment> = shape.superRefine((value, context) => {
  for (const message of complaints(value)) context.addIssue({ code: 'custom', message });
});

function complaints(environment: Environment): string[] {
  const { ingest } = environment;
  const found = [...zoneComplaints(environment), ...ordererComplaints(environment)];
  if (ingest.batchSize > BATCH_WITHOUT_WINDOW && ingest.batchingWindowSeconds === 0) {
    found.push(`a batch of ${ingest.batchSize} needs a batching window`);
  }
  return found;
}

function zoneComplaints({ availabilityZones, region, organizations }: Environment): string[] {
  const foreign = availabilityZones.filter((zone) => !zone.startsWith(region));
  const found = foreign.map((zone) => `zone ${zone} is not in ${region}`);
  for (const { name, availabilityZones: own = availabilityZones } of organizations) {
    if (own.length !== availabilityZones.length) {
      found.push(`${name} names ${own.length} zones, and there are ${availabilityZones.length}`);
    }
  }
  return found;
}

function ordererComplaints({ organizations, consensus }: Environment): string[] {
  const orderers = organizations.reduce((sum, { orderers: own }) => sum + own, 0);
  if (orderers === 0) return ['no organization runs an orderer'];
  if (consensus !== 'bft' || orderers >= FEWEST_BFT_ORDERERS) return [];
  return [`BFT needs ${FEWEST_BFT_ORDERERS} orderers; there are ${orderers}`];
}

function isPrivateCidr(text: string): boolean {
  const [address = '', bits] = text.split('/');
  if (bits !== '16' || !isIPv4(address)) return false;
  return /^(?:10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.)/.test(address);
}
