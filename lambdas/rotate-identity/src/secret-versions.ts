import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  ResourceNotFoundException,
  type SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';

/** Names that Secrets Manager itself gives to versions. */
export const CURRENT = 'AWSCURRENT';
export const PENDING = 'AWSPENDING';

/** What is known of a secret without its value. */
export interface SecretDescription {
  readonly name: string;
  readonly isRotated: boolean;
  /** Staging labels by the id of the version. */
  readonly stages: ReadonlyMap<string, readonly string[]>;
}

/** The versions of secrets, as far as a rotation needs them. Every method throws what the SDK's client throws. */
export class SecretVersions {
  readonly #client: Pick<SecretsManagerClient, 'send'>;

  constructor(client: Pick<SecretsManagerClient, 'send'>) {
    this.#client = client;
  }

  async describe(secretId: string): Promise<SecretDescription> {
    const answer = await this.#client.send(new DescribeSecretCommand({ SecretId: secretId }));
    return {
      name: answer.Name ?? '',
      isRotated: answer.RotationEnabled === true,
      stages: new Map(Object.entries(answer.VersionIdsToStages ?? {})),
    };
  }

  /** The value under a label, of that version if one is named; undefined when there is none. */
  async value(secretId: string, label: string, versionId?: string): Promise<string | undefined> {
    try {
      const version = versionId === undefined ? {} : { VersionId: versionId };
      const answer = await this.#client.send(
        new GetSecretValueCommand({ SecretId: secretId, VersionStage: label, ...version }),
      );
      return answer.SecretString;
    } catch (error) {
      if (error instanceof ResourceNotFoundException) return undefined;
      throw error;
    }
  }

  /** Keeps a value as the version that waits. */
  async putPending(secretId: string, versionId: string, value: string): Promise<void> {
    await this.#client.send(
      new PutSecretValueCommand({
        SecretId: secretId,
        ClientRequestToken: versionId,
        SecretString: value,
        VersionStages: [PENDING],
      }),
    );
  }

  /** Makes a version the one that services read; Secrets Manager calls the former AWSPREVIOUS. */
  async makeCurrent(secretId: string, versionId: string, former: string): Promise<void> {
    await this.#client.send(
      new UpdateSecretVersionStageCommand({
        SecretId: secretId,
        VersionStage: CURRENT,
        MoveToVersionId: versionId,
        RemoveFromVersionId: former,
      }),
    );
  }
}
