import { GetCallerIdentityCommand, type STSClient } from '@aws-sdk/client-sts';
import { ProvisionError } from './errors.ts';

/**
 * Makes sure that credentials are those of the account that the table names, before anything is changed.
 *
 * @throws ProvisionError saying what is missing or whose credentials these are.
 */
export async function checkAccount(
  client: Pick<STSClient, 'send'>,
  wanted: { readonly account: string; readonly profile?: string | undefined },
): Promise<void> {
  const { account, profile } = wanted;
  let found: string | undefined;
  try {
    found = (await client.send(new GetCallerIdentityCommand({}))).Account;
  } catch (error) {
    throw new ProvisionError(explain(error, account, profile), { cause: error });
  }
  if (found === account) return;
  throw new ProvisionError(
    `These credentials${of(profile)} are of account ${found ?? 'unknown'}, and the environment's table names ` +
      `${account}. Choose others with AWS_PROFILE or --profile ${account}=<name>, or mend infra/environments.`,
  );
}

function of(profile: string | undefined): string {
  return profile === undefined ? '' : ` (profile ${profile})`;
}

function explain(error: unknown, account: string, profile: string | undefined): string {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  if (name === 'CredentialsProviderError') {
    return (
      `There are no AWS credentials${of(profile)}. Log in (aws sso login, or AWS_PROFILE, or AWS_ACCESS_KEY_ID and ` +
      `AWS_SECRET_ACCESS_KEY) as an administrator of account ${account}.`
    );
  }
  if (/Expired|InvalidClientToken|SignatureDoesNotMatch/.test(name)) {
    return `AWS does not take these credentials${of(profile)} (${name}). Log in again as an administrator of account ${account}.`;
  }
  return `AWS did not say whose credentials these are${of(profile)}: ${message}`;
}
