import type { S3Client } from '@aws-sdk/client-s3';
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { SSMClient } from '@aws-sdk/client-ssm';
import type { Environment } from '../environments/environment.ts';
import { programsBucketName, secretPrefix } from '../lib/names.ts';
import { ChannelObjects } from './channel-objects.ts';
import { type MachineCommands, SystemsManagerCommands } from './machine-commands.ts';
import { Parameters } from './parameters.ts';
import { SecretValues } from './secret-values.ts';

/** Clients with the rights of an administrator of one account. */
export interface AccountClients {
  readonly ssm: Pick<SSMClient, 'send'>;
  readonly secrets: Pick<SecretsManagerClient, 'send'>;
  readonly objects: Pick<S3Client, 'send'>;
}

/** One account, as provisioning uses it. */
export interface AccountEdge {
  readonly secrets: SecretValues;
  readonly parameters: Parameters;
  readonly objects: ChannelObjects;
  readonly commands: MachineCommands;
}

/** The accounts of an environment. */
export interface Edges {
  /** What serves all organizations. */
  readonly common: AccountEdge;
  /** The account of that organization's nodes; the same object for the same account. */
  readonly of: (organization: string) => AccountEdge;
}

export interface EdgeOptions {
  readonly clientsOf: (account: string) => AccountClients;
  readonly pollMs?: number;
}

/** Reaches an environment's accounts through these clients. */
export function createEdges(environment: Environment, options: EdgeOptions): Edges {
  const made = new Map<string, AccountEdge>();
  const edgeOf = (account: string): AccountEdge => {
    const known = made.get(account);
    if (known !== undefined) return known;
    const { ssm, secrets, objects } = options.clientsOf(account);
    const edge: AccountEdge = {
      secrets: new SecretValues(secrets, secretPrefix(environment)),
      parameters: new Parameters(ssm),
      objects: new ChannelObjects(objects, programsBucketName(environment)),
      commands: new SystemsManagerCommands({
        client: ssm,
        ...(options.pollMs === undefined ? {} : { pollMs: options.pollMs }),
      }),
    };
    made.set(account, edge);
    return edge;
  };
  const accounts = new Map(environment.organizations.map(({ name, account }) => [name, account]));
  return {
    common: edgeOf(environment.account),
    of: (organization) => edgeOf(accounts.get(organization) ?? environment.account),
  };
}
