import { BASIC_INGEST_PREFIX } from '@pulseledger/domain';

/** What AWS IoT takes as a policy document, bytes. */
export const MAX_POLICY_BYTES = 2_048;

/** One statement of an IoT policy. */
export interface IotStatement {
  readonly Effect: 'Allow';
  readonly Action: string;
  readonly Resource: readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
}

export interface IotPolicyDocument {
  readonly Version: '2012-10-17';
  readonly Statement: readonly IotStatement[];
}

/** Filled in by AWS IoT from the thing that the certificate is attached to; a client cannot choose it. */
const THING = `\${iot:Connection.Thing.ThingName}`;

/**
 * What one device may do: connect under its own name, publish its chunks straight to the ingest rule, hear
 * its own acknowledgements and commands
 * (https://docs.aws.amazon.com/iot/latest/developerguide/thing-policy-variables.html).
 *
 * @param arn - ARN of a resource of AWS IoT in the environment's account, e.g. from `topic/x`.
 */
export function devicePolicy(arn: (resource: string) => string): IotPolicyDocument {
  const own = [`v1/${THING}/acks`, `v1/${THING}/commands`];
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Action: 'iot:Connect',
        Resource: [arn(`client/${THING}`)],
        Condition: { Bool: { 'iot:Connection.Thing.IsAttached': ['true'] } },
      },
      {
        Effect: 'Allow',
        Action: 'iot:Publish',
        Resource: [arn(`topic/${BASIC_INGEST_PREFIX}v1/${THING}/chunks`)],
      },
      {
        Effect: 'Allow',
        Action: 'iot:Subscribe',
        Resource: own.map((filter) => arn(`topicfilter/${filter}`)),
      },
      {
        Effect: 'Allow',
        Action: 'iot:Receive',
        Resource: own.map((topic) => arn(`topic/${topic}`)),
      },
    ],
  };
}
