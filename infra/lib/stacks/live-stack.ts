import { Duration } from 'aws-cdk-lib';
import { ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnAuthorizer } from 'aws-cdk-lib/aws-iot';
import { Key } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import { acknowledge } from '../acknowledge.ts';
import { PulseFunction } from '../constructs/function.ts';
import { SharedNetwork } from '../constructs/shared-network.ts';
import { iotArn } from '../iot-arn.ts';
import { liveAuthorizerName, secretPrefix } from '../names.ts';
import { shared } from '../shared-value.ts';
import { EnvironmentStack, type EnvironmentStackProps } from './environment-stack.ts';

/** AWS IoT waits 5 s for a custom authorizer. */
const TIMEOUT = Duration.seconds(5);
/** New connections of pages at once. */
const CONCURRENCY = 20;

/** The live channel: pages connect to AWS IoT with a ticket of the API, which becomes a policy for exactly its topics. */
export class LiveStack extends EnvironmentStack {
  constructor(scope: Construct, id: string, props: EnvironmentStackProps) {
    super(scope, id, props);
    const { environment } = props;
    const network = new SharedNetwork(this, 'Network', environment);
    const fn = new PulseFunction(this, 'LiveAuthorizer', {
      environment,
      bundle: 'live-authorizer',
      description: 'Turns tickets of the live channel into policies',
      timeout: TIMEOUT,
      vpc: network.vpc,
      securityGroup: network.functions,
      key: Key.fromKeyArn(this, 'Key', shared(this, environment, 'data/key-arn')),
      reservedConcurrentExecutions: CONCURRENCY,
      variables: {
        PULSE_SECRET_PREFIX: secretPrefix(environment),
        PULSE_IOT_ARN: `arn:${this.partition}:iot:${this.region}:${this.account}`,
      },
    });
    acknowledge(fn.function, {
      'HIPAA.Security-LambdaDLQ': 'Called and awaited by AWS IoT: nothing is left to deliver.',
    });
    fn.allow(['secretsmanager:GetSecretValue'], [this.secretArn('live')]);
    fn.allow(['kms:Decrypt'], [shared(this, environment, 'data/identities-key-arn')]);
    const authorizerName = liveAuthorizerName(environment);
    const authorizer = new CfnAuthorizer(this, 'Authorizer', {
      authorizerName,
      authorizerFunctionArn: fn.function.functionArn,
      status: 'ACTIVE',
      // The ticket is sealed itself; a second signature beside it would add nothing.
      signingDisabled: true,
    });
    fn.function.addPermission('Iot', {
      principal: new ServicePrincipal('iot.amazonaws.com'),
      sourceArn: iotArn(this, `authorizer/${authorizerName}`),
      sourceAccount: this.account,
    });
    authorizer.node.addDependency(fn);
  }
}
