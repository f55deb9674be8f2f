import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SSMClient } from '@aws-sdk/client-ssm';
import { STSClient } from '@aws-sdk/client-sts';
import { InvalidArgumentError } from 'commander';
import type { Environment } from '../environments/environment.ts';
import { checkAccount } from './credentials.ts';
import type { AccountClients } from './edges.ts';

/** Names of profiles of the AWS CLI, by account. */
export type Profiles = Readonly<Record<string, string>>;

/** Reads one `--profile <account>=<name>`. @throws InvalidArgumentError */
export function collectProfile(text: string, before: Profiles = {}): Profiles {
  const [, account, name] = /^(\d{12})=(.+)$/.exec(text) ?? [];
  if (account === undefined || name === undefined) {
    throw new InvalidArgumentError('an account id and a profile, e.g. 111111111111=clinic');
  }
  return { ...before, [account]: name };
}

/** Every account of an environment, once. */
export function accountsOf({ account, organizations }: Environment): string[] {
  return [...new Set([account, ...organizations.map((organization) => organization.account)])];
}

interface ClientConfiguration {
  readonly region: string;
  readonly profile?: string;
}

function configuration(
  { region }: Environment,
  profiles: Profiles,
  account: string,
): ClientConfiguration {
  const profile = profiles[account];
  return { region, ...(profile === undefined ? {} : { profile }) };
}

/** Clients of the AWS SDK; endpoints come from the environment (AWS_ENDPOINT_URL…), as locally. */
export function awsClients(
  environment: Environment,
  profiles: Profiles,
): (account: string) => AccountClients {
  return (account) => {
    const settings = configuration(environment, profiles, account);
    return {
      ssm: new SSMClient(settings),
      secrets: new SecretsManagerClient(settings),
      objects: new S3Client(settings),
    };
  };
}

/** @throws ProvisionError when credentials for one of the accounts are missing or are another account's. */
export async function checkAccounts(environment: Environment, profiles: Profiles): Promise<void> {
  for (const account of accountsOf(environment)) {
    const client = new STSClient(configuration(environment, profiles, account));
    await checkAccount(client, { account, profile: profiles[account] });
  }
}
