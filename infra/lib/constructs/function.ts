import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Aws, Duration } from 'aws-cdk-lib';
import { type ISecurityGroup, type IVpc, SubnetType } from 'aws-cdk-lib/aws-ec2';
import { ManagedPolicy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import {
  Architecture,
  Code,
  Function as LambdaFunction,
  Runtime,
  Tracing,
} from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import type { Environment } from '../../environments/environment.ts';
import { acknowledge } from '../acknowledge.ts';
import { iotArn } from '../iot-arn.ts';
import { prefix } from '../names.ts';
import { EncryptedLogGroup } from './log-group.ts';

const BUNDLES = join(import.meta.dirname, '..', '..', '..', 'dist', 'lambdas');
const NODE_MEMORY_MIB = 1_024;

export interface PulseFunctionProps {
  readonly environment: Environment;
  /** Folder of the bundle below `dist/lambdas`, and last part of the function's name. */
  readonly bundle: string;
  readonly description: string;
  readonly timeout: Duration;
  readonly variables: Readonly<Record<string, string>>;
  readonly vpc: IVpc;
  readonly securityGroup: ISecurityGroup;
  readonly key: IKey;
  /** Instances at once; keeps a flood at one function from starving the others. */
  readonly reservedConcurrentExecutions: number;
}

/** A function as all of ours are: the built bundle, Node 24 on Graviton, in the VPC, logs under our key. */
export class PulseFunction extends Construct {
  readonly function: LambdaFunction;
  readonly #policy: ManagedPolicy;

  constructor(scope: Construct, id: string, props: PulseFunctionProps) {
    super(scope, id);
    const { environment, bundle, key, vpc, securityGroup, variables, ...same } = props;
    const functionName = `${prefix(environment)}-${bundle}`;
    const logGroup = new EncryptedLogGroup(this, 'Logs', {
      environment,
      logGroupName: `/aws/lambda/${functionName}`,
      encryptionKey: key,
    });
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      description: `Rights of the function ${functionName}`,
    });
    // Grants of CDK become inline policies; a managed one can be reviewed and counted by itself.
    this.#policy = new ManagedPolicy(this, 'Rights', { roles: [role] });
    this.allow(['logs:CreateLogStream', 'logs:PutLogEvents'], [logGroup.logGroupArn]);
    this.allow(['kms:Decrypt'], [key.keyArn]);
    this.#allowInterfaces();
    this.function = new LambdaFunction(this, 'Function', {
      ...same,
      functionName,
      // Its rights stand in the managed policy alone: CDK's own grants would be inline ones.
      role: role.withoutPolicyUpdates(),
      logGroup,
      vpc,
      vpcSubnets: { subnetType: SubnetType.PRIVATE_ISOLATED },
      securityGroups: [securityGroup],
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: NODE_MEMORY_MIB,
      handler: 'index.handler',
      code: Code.fromAsset(bundleFolder(bundle), { exclude: ['*.map'] }),
      environment: { ...variables, NODE_OPTIONS: '--enable-source-maps' },
      environmentEncryption: key,
      tracing: Tracing.DISABLED,
    });
  }

  /** A function in a VPC makes network interfaces; these actions know no narrower resource. */
  #allowInterfaces(): void {
    this.#policy.addStatements(
      new PolicyStatement({
        actions: [
          'ec2:CreateNetworkInterface',
          'ec2:DescribeNetworkInterfaces',
          'ec2:DescribeSubnets',
          'ec2:DeleteNetworkInterface',
          'ec2:AssignPrivateIpAddresses',
          'ec2:UnassignPrivateIpAddresses',
        ],
        resources: ['*'],
      }),
    );
    acknowledge(this.#policy, {
      'AwsSolutions-IAM5[Resource::*]':
        'Lambda creates and removes its network interfaces; EC2 has no narrower resource for it (AWSLambdaVPCAccessExecutionRole has the same).',
    });
  }

  /** Lets the function publish on topics whose last or middle part is an id. */
  allowPublishing(topics: readonly string[]): void {
    const resources = topics.map((topic) => iotArn(this, `topic/${topic}`));
    this.allow(['iot:Publish'], resources);
    for (const resource of resources) {
      acknowledge(this.#policy, {
        [`AwsSolutions-IAM5[Resource::${resource}]`]:
          'One topic a device or patient pseudonym: there is no list of them in advance.',
      });
    }
  }

  /** Lets the function put, get and delete the objects of a bucket, each by its random name; it lists none. */
  allowObjects(bucket: string): void {
    const resource = `arn:${Aws.PARTITION}:s3:::${bucket}/*`;
    this.allow(['s3:PutObject', 's3:GetObject', 's3:DeleteObject'], [resource]);
    acknowledge(this.#policy, {
      [`AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:s3:::${bucket}/*]`]:
        'Objects have random names: there is no list of them in advance.',
    });
  }

  /** Lets the function read secrets of groups of people, which are made while the system runs. */
  allowSecretsBelow(resource: string): void {
    this.allow(['secretsmanager:GetSecretValue'], [resource]);
    acknowledge(this.#policy, {
      [`AwsSolutions-IAM5[Resource::${resource}]`]:
        'One secret a group of people: there is no list of them in advance.',
    });
  }

  /** Lets the function do this and nothing wider. */
  allow(actions: readonly string[], resources: readonly string[]): void {
    this.#policy.addStatements(
      new PolicyStatement({ actions: [...actions], resources: [...resources] }),
    );
  }
}

function bundleFolder(bundle: string): string {
  const folder = join(BUNDLES, bundle);
  if (existsSync(folder)) return folder;
  throw new Error(`the bundle ${bundle} is not built: run npm run build`);
}
