import { ManagedPolicy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { acknowledge } from '../acknowledge.ts';

export interface NodeRoleProps {
  readonly host: string;
  /** The node's own secret, and the key it is under. */
  readonly secretArn: string;
  /** The organization's administrator, while there is one. */
  readonly administratorArn: string;
  readonly keyArns: readonly string[];
  /** Parameters that name what to install, and the objects that they name. */
  readonly parameterArns: readonly string[];
  readonly objectArns: readonly string[];
  /** All that the making of the channel leaves for machines; named by hashes, hence `*`. */
  readonly channelArn: string;
  readonly logGroupArn: string;
  /** Namespace of CloudWatch that it may measure in. */
  readonly metricsNamespace: string;
}

const SESSIONS = [
  'ssm:UpdateInstanceInformation',
  'ssmmessages:CreateControlChannel',
  'ssmmessages:CreateDataChannel',
  'ssmmessages:OpenControlChannel',
  'ssmmessages:OpenDataChannel',
];

/** What a machine of the network may do: fetch its own keys and programs, be managed, report. */
export class NodeRole extends Construct {
  readonly role: Role;

  constructor(scope: Construct, id: string, props: NodeRoleProps) {
    super(scope, id);
    this.role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('ec2.amazonaws.com'),
      description: `Rights of ${props.host}`,
    });
    const statement = (actions: string[], resources: readonly string[]): PolicyStatement =>
      new PolicyStatement({ actions, resources: [...resources] });
    const policy = new ManagedPolicy(this, 'Rights', {
      roles: [this.role],
      statements: [
        statement(['secretsmanager:GetSecretValue'], [props.secretArn]),
        // Never a former value: an administrator that was taken away stays away.
        new PolicyStatement({
          actions: ['secretsmanager:GetSecretValue'],
          resources: [props.administratorArn],
          conditions: {
            'ForAnyValue:StringEquals': { 'secretsmanager:VersionStage': 'AWSCURRENT' },
          },
        }),
        statement(['kms:Decrypt'], props.keyArns),
        statement(['ssm:GetParameter'], props.parameterArns),
        statement(['s3:GetObject'], [...props.objectArns, props.channelArn]),
        statement(
          ['logs:CreateLogStream', 'logs:DescribeLogStreams', 'logs:PutLogEvents'],
          [props.logGroupArn],
        ),
        statement(SESSIONS, ['*']),
        new PolicyStatement({
          actions: ['cloudwatch:PutMetricData'],
          resources: ['*'],
          conditions: { StringEquals: { 'cloudwatch:namespace': props.metricsNamespace } },
        }),
      ],
    });
    acknowledge(policy, {
      [`AwsSolutions-IAM5[Resource::${props.channelArn}]`]:
        'Blocks and packages that every member of the channel has anyway; their names are hashes, known only when they are made.',
      'AwsSolutions-IAM5[Resource::*]':
        'Sessions of Systems Manager and PutMetricData know no narrower resource (AmazonSSMManagedInstanceCore has the same); metrics are bound to a namespace.',
    });
  }
}
