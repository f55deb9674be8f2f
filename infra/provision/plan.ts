import { servicesOf } from '@pulseledger/network/identity';
import type { Environment } from '../environments/environment.ts';
import { definitionOf, nodesOf } from '../lib/fabric/nodes.ts';
import {
  administratorSecretName,
  authoritySecretName,
  CHANNEL_FOLDER,
  noteKeysSecretName,
  programsBucketName,
  secretPrefix,
} from '../lib/names.ts';
import { parameterName } from '../lib/shared-value.ts';

/** A step and what it touches. */
export interface PlannedStep {
  readonly step: string;
  readonly touches: readonly string[];
}

/** What provisioning does for an environment, in its order; known without asking AWS anything. */
export function provisioningPlan(environment: Environment): PlannedStep[] {
  const definition = definitionOf(environment);
  const { organizations, channel, chaincode } = definition;
  const secret = (name: string): string => `secret ${secretPrefix(environment)}/${name}`;
  const parameter = (name: 'network' | 'connection-profile'): string =>
    `parameter ${parameterName(environment, `fabric/${name}`)}`;
  const nodes = nodesOf(environment);
  const hosts = (kind: 'peer' | 'orderer'): string[] =>
    nodes.filter((node) => node.kind === kind).map(({ host }) => `machine ${host}`);
  return [
    {
      step: 'read what there is; make the keys and certificates that are missing, put them into Secrets Manager',
      touches: organizations.flatMap((organization) => [
        secret(authoritySecretName(organization.name)),
        secret(`issuing-ca/${organization.name}`),
        ...nodes
          .filter((node) => node.organization === organization.name)
          .map(({ secretName }) => secret(secretName)),
        ...servicesOf(organization).map((service) => secret(`${service}/${organization.name}`)),
        ...(organization.provider
          ? [secret(noteKeysSecretName(environment, organization.name))]
          : []),
      ]),
    },
    {
      step: 'make the first block of the channel, once; put it, packages and collections where machines fetch them',
      touches: [`s3://${programsBucketName(environment)}/${CHANNEL_FOLDER}`, parameter('network')],
    },
    {
      step: 'bring each machine up to date by Systems Manager, orderers first; one by one when the network is in use',
      touches: [...hosts('orderer'), ...hosts('peer')],
    },
    {
      step: 'give each organization an administrator for two hours; take it away again at the end',
      touches: organizations.map(({ name }) => secret(administratorSecretName(name))),
    },
    { step: `orderers join channel ${channel} and elect a leader`, touches: hosts('orderer') },
    {
      step: 'later runs: change the channel to the organizations and peers of the table, signed by a majority',
      touches: [],
    },
    { step: `peers join channel ${channel}`, touches: hosts('peer') },
    {
      step: `install chaincode ${chaincode.name} ${chaincode.version}, approve it for each organization, commit it`,
      touches: [...hosts('peer'), parameter('network')],
    },
    { step: 'every peer reaches its chaincode and knows of the others', touches: hosts('peer') },
    {
      step:
        'once for each provider, as its administrator: keys to attest with, where passkeys are used, the key of the index of ' +
        'records, the group of authors of psychotherapy notes',
      touches: [parameter('network')],
    },
    {
      step: 'write the connection profile that functions are deployed with',
      touches: [parameter('connection-profile')],
    },
  ];
}

/** The plan as people read it. */
export function describePlan(plan: readonly PlannedStep[]): string {
  return plan
    .flatMap(({ step, touches }, index) => [
      `${String(index + 1).padStart(2)}. ${step}`,
      ...touches.map((what) => `      ${what}`),
    ])
    .join('\n');
}
