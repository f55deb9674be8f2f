import {
  GetFunctionConfigurationCommand,
  InvokeCommand,
  ListFunctionsCommand,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import type { Clients } from './clients.ts';
import { AwsTestFailure } from './failure.ts';

const PREFIX = 'pulseledger-dev-';
/** All variables of a function together (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html). */
export const MOST_VARIABLE_BYTES = 4_096;

/** Size of each function's variables as Lambda counts it, names and values as JSON, by the last part of its name. */
export async function variableBytes({ lambda }: Clients): Promise<ReadonlyMap<string, number>> {
  const { Functions = [] } = await lambda.send(new ListFunctionsCommand({}));
  return new Map(
    Functions.map(({ FunctionName = '', Environment }) => [
      FunctionName.replace(PREFIX, ''),
      Buffer.byteLength(JSON.stringify(Environment?.Variables ?? {})),
    ]),
  );
}

/** Gives a deployed function further variables. */
export async function addVariables(
  { lambda }: Clients,
  name: string,
  added: Readonly<Record<string, string>>,
): Promise<void> {
  const FunctionName = `${PREFIX}${name}`;
  const { Environment } = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
  const Variables = { ...Environment?.Variables, ...added };
  await lambda.send(
    new UpdateFunctionConfigurationCommand({ FunctionName, Environment: { Variables } }),
  );
}

/** Calls a function and waits for its answer. @throws AwsTestFailure with the error that it ended with */
export async function invoke({ lambda }: Clients, name: string, event: object): Promise<unknown> {
  const { FunctionError, Payload } = await lambda.send(
    new InvokeCommand({
      FunctionName: `${PREFIX}${name}`,
      Payload: Buffer.from(JSON.stringify(event)),
    }),
  );
  const text = Buffer.from(Payload ?? []).toString('utf8');
  if (FunctionError !== undefined) throw new AwsTestFailure(`${name} failed: ${text}`);
  return text === '' ? undefined : JSON.parse(text);
}
