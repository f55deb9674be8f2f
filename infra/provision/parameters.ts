import {
  GetParameterCommand,
  ParameterNotFound,
  PutParameterCommand,
  type SSMClient,
} from '@aws-sdk/client-ssm';
import { ProvisionError } from './errors.ts';

/** Parameters of Systems Manager: what is no secret and what stacks read when they are deployed. */
export class Parameters {
  readonly #client: Pick<SSMClient, 'send'>;

  constructor(client: Pick<SSMClient, 'send'>) {
    this.#client = client;
  }

  /** The value; undefined when there is no such parameter. */
  async read(name: string): Promise<string | undefined> {
    try {
      return (await this.#client.send(new GetParameterCommand({ Name: name }))).Parameter?.Value;
    } catch (error) {
      if (error instanceof ParameterNotFound) return undefined;
      throw error;
    }
  }

  /** Writes it unless it has that value already. */
  async write(name: string, value: string): Promise<void> {
    if ((await this.read(name)) === value) return;
    // More than 4 KB, as with many organizations, make an advanced parameter by themselves.
    const kind = { Type: 'String', Tier: 'Intelligent-Tiering', Overwrite: true } as const;
    await this.#client.send(new PutParameterCommand({ Name: name, Value: value, ...kind }));
  }
}

/**
 * Gives one account's parameters to another account, under the same names.
 *
 * @throws ProvisionError when one is not there: the stack that makes it has to be deployed first.
 */
export async function tellParameters(
  from: Parameters,
  to: Parameters,
  names: readonly string[],
): Promise<void> {
  for (const name of names) {
    const value = await from.read(name);
    if (value === undefined) {
      throw new ProvisionError(`The parameter ${name} is not there: deploy the stacks before it.`);
    }
    await to.write(name, value);
  }
}
