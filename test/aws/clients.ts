import { CognitoIdentityProviderClient } from '@aws-sdk/client-cognito-identity-provider';
import { IoTClient } from '@aws-sdk/client-iot';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import { GetParameterCommand, PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import type { Emulator } from './emulator.ts';

const PREFIX = 'pulseledger/dev';

/** The SDK's clients of the emulated account, as its administrator uses them. */
export class Clients {
  readonly cognito: CognitoIdentityProviderClient;
  readonly iot: IoTClient;
  readonly lambda: LambdaClient;
  readonly sqs: SQSClient;
  readonly #secrets: SecretsManagerClient;
  readonly #parameters: SSMClient;

  constructor({ endpoint, caPem, account, credentials }: Emulator) {
    const options = {
      endpoint,
      credentials,
      region: account.region,
      requestHandler: { httpsAgent: { ca: caPem } },
    };
    this.cognito = new CognitoIdentityProviderClient(options);
    this.iot = new IoTClient(options);
    this.lambda = new LambdaClient(options);
    // Queues are asked for by the address that the emulator listens on, whatever name is in their URL.
    this.sqs = new SQSClient({ ...options, useQueueUrlAsEndpoint: false });
    this.#secrets = new SecretsManagerClient(options);
    this.#parameters = new SSMClient(options);
  }

  /** A value that one stack of dev tells the others. */
  async sharedValue(name: string): Promise<string> {
    const command = new GetParameterCommand({ Name: `/${PREFIX}/${name}` });
    const { Parameter } = await this.#parameters.send(command);
    return Parameter?.Value ?? '';
  }

  async shareValue(name: string, value: string): Promise<void> {
    const parameter = { Name: `/${PREFIX}/${name}`, Value: value, Type: 'String' } as const;
    await this.#parameters.send(new PutParameterCommand(parameter));
  }

  /** Fills a secret that the deployment has made empty. */
  async fillSecret(name: string, value: object): Promise<void> {
    const secret = { SecretId: `${PREFIX}/${name}`, SecretString: JSON.stringify(value) };
    await this.#secrets.send(new PutSecretValueCommand(secret));
  }

  close(): void {
    const { cognito, iot, lambda, sqs } = this;
    for (const client of [cognito, iot, lambda, sqs]) client.destroy();
    this.#secrets.destroy();
    this.#parameters.destroy();
  }
}
