import { GetQueueUrlCommand, SQSClient } from '@aws-sdk/client-sqs';
import { queueNames } from '@pulseledger/domain';
import { z } from 'zod';
import { readCoordinates } from '../command/access.ts';
import { CommandFailure, EXIT, queueFailure } from '../command/failure.ts';
import { QuarantineAccess } from '../supervisor/system-file.ts';

const Coordinates = z.object({ quarantine: QuarantineAccess });

/** Where stranded messages are, and who may have them. */
export interface Queues {
  readonly client: SQSClient;
  readonly quarantineUrl: string;
  readonly deadLetterUrl: string;
  readonly ingestUrl: string;
  /** What a failed call means to the person at the command. */
  readonly explain: (error: unknown) => unknown;
}

/** Those of a system on this machine. @throws CommandFailure */
export async function localQueues(systemFile: string): Promise<Queues> {
  const { quarantine: access } = await readCoordinates(systemFile, Coordinates);
  const { region, endpoint, accessKeyId, secretAccessKey } = access;
  return {
    client: new SQSClient({ region, endpoint, credentials: { accessKeyId, secretAccessKey } }),
    quarantineUrl: access.quarantineQueueUrl,
    deadLetterUrl: access.deadLetterQueueUrl,
    ingestUrl: access.ingestQueueUrl,
    explain: (error) => queueFailure(systemFile, error),
  };
}

/** Those of an environment on AWS, with the credentials and the region of the AWS CLI. @throws CommandFailure */
export async function deployedQueues(
  environment: string,
  profile: string | undefined,
): Promise<Queues> {
  const client = new SQSClient(profile === undefined ? {} : { profile });
  const explain = (error: unknown): unknown => deployedFailure(environment, error);
  const urlOf = async (QueueName: string): Promise<string> => {
    const { QueueUrl = '' } = await client.send(new GetQueueUrlCommand({ QueueName }));
    return QueueUrl;
  };
  const { quarantine, deadLetter, ingest } = queueNames(environment);
  try {
    const [quarantineUrl = '', deadLetterUrl = '', ingestUrl = ''] = await Promise.all(
      [quarantine, deadLetter, ingest].map(urlOf),
    );
    return { client, quarantineUrl, deadLetterUrl, ingestUrl, explain };
  } catch (error) {
    client.destroy();
    throw explain(error);
  }
}

/** The SDK's words; the error has no name of its own. */
const NO_REGION = 'Region is missing';
const UNKNOWN_QUEUE: ReadonlySet<string> = new Set([
  'QueueDoesNotExist',
  'AWS.SimpleQueueService.NonExistentQueue',
]);
const REFUSED: ReadonlySet<string> = new Set([
  'AccessDenied',
  'AccessDeniedException',
  'CredentialsProviderError',
  'ExpiredToken',
  'InvalidClientTokenId',
]);

function deployedFailure(environment: string, error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  if (UNKNOWN_QUEUE.has(error.name)) {
    return new CommandFailure(
      EXIT.noSystem,
      `This account has no queues of an environment ${environment} in this region. ` +
        'Name the account with --profile, the region with AWS_REGION, the environment with --env.',
      error,
    );
  }
  if (error.message === NO_REGION) {
    return new CommandFailure(
      EXIT.usage,
      `In which region environment ${environment} is was not said. Set AWS_REGION, or give a profile that has one.`,
      error,
    );
  }
  if (REFUSED.has(error.name)) {
    return new CommandFailure(
      EXIT.notEntitled,
      `AWS does not let you do this (${error.name}). ` +
        "Log in (aws sso login), or take a profile that may read the environment's queues and use its key.",
      error,
    );
  }
  return error;
}
