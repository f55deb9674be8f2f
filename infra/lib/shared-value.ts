import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import type { Construct } from 'constructs';
import type { Environment } from '../environments/environment.ts';

/** Values that one stack makes and another needs. */
export type SharedValue =
  | 'network/vpc-id'
  | 'network/metrics-sink'
  | `organization/${string}/key-arn`
  | `network/${'service' | 'node'}-subnet/${number}`
  | `network/security-group/${'function' | 'peer' | 'orderer'}`
  | `data/${'key-arn' | 'identities-key-arn' | 'issuing-key-arn'}`
  | 'api/id'
  | `fabric/${'connection-profile' | 'network' | 'programs' | `asset/${string}`}`
  | `identity/${'user-pool-id' | 'client-id'}`;

/** Name of the parameter that holds the value. */
export function parameterName(environment: Environment, value: SharedValue): string {
  return `/pulseledger/${environment.name}/${value}`;
}

/**
 * Tells other stacks a value. Parameters instead of exports: an export cannot change while another stack
 * imports it, which locks both.
 */
export function share(
  scope: Construct,
  environment: Environment,
  value: SharedValue,
  content: string,
): void {
  new StringParameter(scope, `Shared/${value}`, {
    parameterName: parameterName(environment, value),
    stringValue: content,
  });
}

/** The value when the stack is deployed, not when it is synthesised. */
export function shared(scope: Construct, environment: Environment, value: SharedValue): string {
  return StringParameter.valueForStringParameter(scope, parameterName(environment, value));
}

/**
 * What the stacks of an organization read that the environment's own account makes. An organization with an account of
 * its own is told it (`npm run deploy` does so): parameters do not cross accounts.
 */
export function valuesForOrganizations({
  availabilityZones,
}: Pick<Environment, 'availabilityZones'>): SharedValue[] {
  return [
    'network/vpc-id',
    'network/metrics-sink',
    'network/security-group/peer',
    'network/security-group/orderer',
    'fabric/programs',
    ...availabilityZones.map((_, index): SharedValue => `network/node-subnet/${index}`),
  ];
}
