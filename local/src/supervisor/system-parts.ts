import type { ConnectionProfile } from '@pulseledger/domain';
import type { LocalRole } from '../aws/role.ts';
import { type CloudInfo, iotArn } from '../cloud/cloud.ts';
import { EMERGENCY_QUEUE, QUARANTINE_QUEUE } from '../cloud/queue/queue-set.ts';
import { DOCUMENT_BUCKET } from '../cloud/s3-service.ts';
import { queueUrl } from '../cloud/sqs-service.ts';
import { OIDC_AUDIENCE } from '../identity-services/api-tokens.ts';
import type { IdentityServicesInfo } from '../identity-services/identity-services.ts';
import { LOOPBACK } from '../loopback-server.ts';
import { type Installation, SECRET_PREFIX } from './installation.ts';
import type { People } from './people.ts';

/** AWS locates this project in Europe; the name only has to be one. */
export const REGION = 'eu-central-1';

/** A connection between two parts, on whose way something can be put. */
export const LINKS = ['device-broker', 'lambda-queue', 'lambda-gateway', 'lambda-broker'] as const;
export type LinkName = (typeof LINKS)[number];

/** Puts something on the way to a port of this machine; the result is the port to use instead. */
export type Link = (name: LinkName, port: number) => Promise<number>;

/** Where the parts of a running system are. */
export interface SystemAddresses {
  readonly pageUrl: string;
  readonly apiUrl: string;
  readonly issuerUrl: string;
  readonly brokerUrl: string;
  readonly sqsUrl: string;
  /** Prometheus' text format. */
  readonly metricsUrl: string;
}

/** What the ingest function talks to. */
export interface IngestView {
  readonly sqsUrl: string;
  readonly iotUrl: string;
  readonly profile: ConnectionProfile;
}

/** What is known once broker, identity services and network run. */
export interface Parts {
  readonly installation: Installation;
  readonly people: People;
  readonly profile: ConnectionProfile;
  readonly addresses: SystemAddresses;
  readonly cloud: CloudInfo;
  readonly identity: IdentityServicesInfo;
  readonly ingest: IngestView;
}

/** The ingest function's view of the system, with what is put on its ways. */
export async function ingestView(
  link: Link,
  { ports }: CloudInfo,
  profile: ConnectionProfile,
): Promise<IngestView> {
  const { hospital } = profile.organizations;
  const [host = '', port = ''] = hospital.endpoint.split(':');
  const gateway = await link('lambda-gateway', Number(port));
  return {
    sqsUrl: `http://${LOOPBACK}:${String(await link('lambda-queue', ports.sqs))}`,
    iotUrl: `http://${LOOPBACK}:${String(await link('lambda-broker', ports.iot))}`,
    profile: {
      ...profile,
      organizations: {
        ...profile.organizations,
        hospital: { ...hospital, endpoint: `${host}:${String(gateway)}` },
      },
    },
  };
}

/** What a function that only reads and writes secrets finds in its environment. */
export function secretsEnvironment(role: LocalRole, secretsPort: number): Record<string, string> {
  return {
    AWS_REGION: REGION,
    AWS_ACCESS_KEY_ID: role.accessKeyId,
    AWS_SECRET_ACCESS_KEY: role.secretAccessKey,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: `http://${LOOPBACK}:${String(secretsPort)}`,
    PULSE_SECRET_PREFIX: SECRET_PREFIX,
  };
}

/** The same for the function that says who may listen to the live channel. */
export function liveAuthorizerEnvironment(
  role: LocalRole,
  secretsPort: number,
): Record<string, string> {
  return { ...secretsEnvironment(role, secretsPort), PULSE_IOT_ARN: iotArn(REGION) };
}

/** What a function finds in its environment on AWS, with endpoints of this machine. */
export function lambdaEnvironment(
  parts: Parts,
  name: string,
  role: LocalRole,
  view: IngestView = { ...parts.cloud, profile: parts.profile },
): Record<string, string> {
  const { installation, addresses, identity } = parts;
  return {
    AWS_REGION: REGION,
    AWS_ACCESS_KEY_ID: role.accessKeyId,
    AWS_SECRET_ACCESS_KEY: role.secretAccessKey,
    AWS_LAMBDA_FUNCTION_NAME: name,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: identity.secretsUrl,
    AWS_ENDPOINT_URL_SQS: view.sqsUrl,
    AWS_ENDPOINT_URL_S3: view.sqsUrl,
    DOCUMENT_BUCKET,
    AWS_ENDPOINT_URL_IOT_DATA_PLANE: view.iotUrl,
    NODE_EXTRA_CA_CERTS: installation.tlsCaFile,
    PULSE_SECRET_PREFIX: SECRET_PREFIX,
    PULSE_ORGANIZATION: 'hospital',
    PULSE_CONNECTION_PROFILE: JSON.stringify(view.profile),
    QUARANTINE_QUEUE_URL: queueUrl(view.sqsUrl, QUARANTINE_QUEUE),
    EMERGENCY_QUEUE_URL: queueUrl(view.sqsUrl, EMERGENCY_QUEUE),
    OIDC_ISSUER: identity.issuerUrl,
    OIDC_AUDIENCE,
    FHIR_BASE_URL: addresses.apiUrl,
  };
}
