import { createHash } from 'node:crypto';
import {
  environmentPrefix,
  queueNames as namesOfQueues,
  type QueueNames,
} from '@pulseledger/domain';
import type { Environment } from '../environments/environment.ts';

/** Everything that one environment owns begins with this. */
export function prefix(environment: Environment): string {
  return environmentPrefix(environment.name);
}

/** Secrets below this prefix belong to the environment; the handlers are told it. */
export function secretPrefix(environment: Environment): string {
  return `pulseledger/${environment.name}`;
}

/** Bucket of encrypted documents; names of buckets are unique among everybody, hence the account. */
export function documentBucketName(environment: Environment): string {
  return `${prefix(environment)}-documents-${environment.account}`;
}

/** Names that stateful and stateless stacks agree on, so that neither exports to the other. */
export function queueNames(environment: Environment): QueueNames {
  return namesOfQueues(environment.name);
}

/** Bucket of the page's files. */
export function pageBucketName(environment: Environment): string {
  return `${prefix(environment)}-page-${environment.account}`;
}

/** Bucket of what S3 writes about requests to the other buckets. */
export function accessLogBucketName(environment: Environment): string {
  return `${prefix(environment)}-access-logs-${environment.account}`;
}

/** First label of the host on which people log in; shared by all of a region. */
export function loginDomainPrefix(environment: Environment): string {
  return `${prefix(environment)}-${environment.account}`;
}

/** Host of Cognito's login pages and token endpoint. */
export function loginHost(environment: Environment): string {
  return `${loginDomainPrefix(environment)}.auth.${environment.region}.amazoncognito.com`;
}

/** AWS IoT's custom authorizer of the live channel; connections name it. */
export function liveAuthorizerName(environment: Environment): string {
  return `${prefix(environment)}-live`;
}

/** Bucket of the programs that nodes run. */
export function programsBucketName(environment: Environment): string {
  return `${prefix(environment)}-programs-${environment.account}`;
}

/** Where an organization's machines log. */
export function nodeLogGroupName(environment: Environment, organization: string): string {
  return `/${prefix(environment)}/nodes/${organization}`;
}

/** Accounts of organizations that are not the environment's own, each once. */
export function otherAccounts(environment: Environment): string[] {
  const all = environment.organizations.map(({ account }) => account);
  return [...new Set(all)].filter((account) => account !== environment.account);
}

/** Folder of the bucket of programs for what the channel's making needs on machines; names are SHA-256. */
export const CHANNEL_FOLDER = 'channel/';

/** Secret of an organization's authorities but the issuing one; nothing that runs reads it. */
export function authoritySecretName(organization: string): string {
  return `authority/${organization}`;
}

/** Secret of an organization's administrator: empty but while the network is provisioned. */
export function administratorSecretName(organization: string): string {
  return `administrator/${organization}`;
}

/** Topic of SNS that wakes people. */
export function alarmTopicName(environment: Environment): string {
  return `${prefix(environment)}-alarms`;
}

/** Id of the group in which a provider's doctors write psychotherapy notes: the same whenever it is asked for. */
export function noteGroupId(environment: Environment, organization: string): string {
  const text = `${secretPrefix(environment)}/note-group/${organization}`;
  return createHash('sha256').update(text).digest('hex').slice(0, IDENTIFIER_DIGITS);
}

const IDENTIFIER_DIGITS = 32;

/** Secret of the private keys of that group. */
export function noteKeysSecretName(environment: Environment, organization: string): string {
  return `note-keys/${organization}/${noteGroupId(environment, organization)}`;
}
