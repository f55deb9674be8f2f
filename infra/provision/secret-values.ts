import {
  GetSecretValueCommand,
  PutSecretValueCommand,
  ResourceNotFoundException,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { ProvisionError } from './errors.ts';

/** Values of an environment's secrets. The stack `identities` makes the secrets; here they are filled. */
export class SecretValues {
  readonly #client: Pick<SecretsManagerClient, 'send'>;
  readonly #prefix: string;

  constructor(client: Pick<SecretsManagerClient, 'send'>, prefix: string) {
    this.#client = client;
    this.#prefix = prefix;
  }

  /** Name in full, as machines are told it. */
  nameOf(name: string): string {
    return `${this.#prefix}/${name}`;
  }

  /** The value; undefined while the secret is empty. */
  async read(name: string): Promise<string | undefined> {
    try {
      const command = new GetSecretValueCommand({ SecretId: this.nameOf(name) });
      return (await this.#client.send(command)).SecretString;
    } catch (error) {
      if (error instanceof ResourceNotFoundException) return undefined;
      throw error;
    }
  }

  /** @throws ProvisionError when there is no such secret. */
  async write(name: string, value: string): Promise<void> {
    const SecretId = this.nameOf(name);
    try {
      await this.#client.send(new PutSecretValueCommand({ SecretId, SecretString: value }));
    } catch (error) {
      if (!(error instanceof ResourceNotFoundException)) throw error;
      throw new ProvisionError(
        `There is no secret ${SecretId}. The stack "identities" makes it: deploy that first.`,
        { cause: error },
      );
    }
  }
}
