import { ArnFormat, Duration, RemovalPolicy } from 'aws-cdk-lib';
import { BackupPlan, BackupPlanRule, BackupResource, BackupVault } from 'aws-cdk-lib/aws-backup';
import { SecurityGroup, Subnet, Vpc } from 'aws-cdk-lib/aws-ec2';
import { Schedule } from 'aws-cdk-lib/aws-events';
import { ManagedPolicy, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { type IKey, Key } from 'aws-cdk-lib/aws-kms';
import { FilterPattern, type ILogGroup, MetricFilter } from 'aws-cdk-lib/aws-logs';
import { CfnLink } from 'aws-cdk-lib/aws-oam';
import type { Construct } from 'constructs';
import type { Environment } from '../../environments/environment.ts';
import { acknowledge } from '../acknowledge.ts';
import { EncryptedLogGroup } from '../constructs/log-group.ts';
import { NODE_METRICS, nodeNamespace, REJECTION_WORDS } from '../fabric/agent.ts';
import { FabricMachine } from '../fabric/fabric-machine.ts';
import { hostAsset } from '../fabric/host-asset.ts';
import { hostFiles } from '../fabric/host-files.ts';
import { NodeRole } from '../fabric/node-role.ts';
import { type FabricNode, nodesOf, zonesOf } from '../fabric/nodes.ts';
import { userData } from '../fabric/user-data.ts';
import {
  administratorSecretName,
  CHANNEL_FOLDER,
  nodeLogGroupName,
  prefix,
  programsBucketName,
} from '../names.ts';
import { parameterName, type SharedValue, share, shared } from '../shared-value.ts';
import { EnvironmentStack, type EnvironmentStackProps } from './environment-stack.ts';

export interface FabricStackProps extends EnvironmentStackProps {
  /** Name of the organization whose nodes these are. */
  readonly organization: string;
}

/** When backups are made, UTC: nights have the fewest readings. */
const BACKUP_TIME = { hour: '2', minute: '0' };

/** One organization's peers and orderers. */
export class FabricStack extends EnvironmentStack {
  readonly #organization: string;
  readonly #key: IKey;
  readonly #keyArn: string;

  constructor(scope: Construct, id: string, { organization, ...props }: FabricStackProps) {
    super(scope, id, props);
    const { environment } = props;
    this.#organization = organization;
    this.#keyArn = shared(this, environment, `organization/${organization}/key-arn`);
    this.#key = Key.fromKeyArn(this, 'Key', this.#keyArn);
    const nodes = nodesOf(environment).filter((node) => node.organization === organization);
    const install = hostAsset(this, 'HostFiles', hostFiles(environment, organization));
    const { s3ObjectUrl, bucket, s3ObjectKey } = install.asset;
    share(this, environment, this.#assetValue, `${s3ObjectUrl} ${install.sha256}`);
    const logs = new EncryptedLogGroup(this, 'Logs', {
      environment,
      logGroupName: nodeLogGroupName(environment, organization),
      encryptionKey: this.#key,
    });
    this.#measure(environment, logs);
    const makeRole = this.#roles(environment, {
      assetArn: bucket.arnForObjects(s3ObjectKey),
      logGroupArn: logs.logGroupArn,
    });
    this.#backUp(environment, this.#machines(environment, nodes, makeRole));
  }

  /** What is counted in the logs; and who watches the environment sees what is measured in this account. */
  #measure(environment: Environment, logGroup: ILogGroup): void {
    new MetricFilter(this, 'Rejections', {
      logGroup,
      filterPattern: FilterPattern.allTerms(REJECTION_WORDS),
      metricNamespace: nodeNamespace(environment),
      metricName: NODE_METRICS.gatewayRejections,
      metricValue: '1',
      defaultValue: 0,
    });
    const inAccount = environment.organizations.filter(({ account }) => account === this.account);
    if (this.account === environment.account || inAccount[0]?.name !== this.#organization) return;
    // One link an account, by the first organization in it.
    new CfnLink(this, 'Metrics', {
      resourceTypes: ['AWS::CloudWatch::Metric'],
      labelTemplate: '$AccountName',
      sinkIdentifier: shared(this, environment, 'network/metrics-sink'),
    });
  }

  get #assetValue(): SharedValue {
    return `fabric/asset/${this.#organization}`;
  }

  #machines(
    environment: Environment,
    nodes: readonly FabricNode[],
    makeRole: (node: FabricNode) => NodeRole,
  ): FabricMachine[] {
    const { availabilityZones } = environment;
    const zones = zonesOf(environment, this.#organization);
    const subnetIds = availabilityZones.map((_, index) =>
      shared(this, environment, `network/node-subnet/${index}`),
    );
    const vpc = Vpc.fromVpcAttributes(this, 'Vpc', {
      vpcId: shared(this, environment, 'network/vpc-id'),
      availabilityZones: [...zones],
    });
    acknowledge(this, {
      'CloudFormation-Validate::W2001':
        'A machine needs its subnet and group only; CDK asks for the id of the VPC as well.',
    });
    const group = (
      kind: FabricNode['kind'],
    ): ReturnType<typeof SecurityGroup.fromSecurityGroupId> =>
      SecurityGroup.fromSecurityGroupId(
        this,
        `Group/${kind}`,
        shared(this, environment, `network/security-group/${kind}`),
        { mutable: false },
      );
    const groups = { peer: group('peer'), orderer: group('orderer') };
    const parameters = {
      asset: parameterName(environment, this.#assetValue),
      programs: parameterName(environment, 'fabric/programs'),
    };
    return nodes.map(
      (node) =>
        new FabricMachine(this, node.name, {
          environment,
          node,
          vpc,
          subnet: Subnet.fromSubnetAttributes(this, `Subnet/${node.name}`, {
            subnetId: subnetIds[node.zone] ?? '',
            availabilityZone: zones[node.zone] ?? '',
            routeTableId: 'made in the network stack',
          }),
          securityGroup: groups[node.kind],
          role: makeRole(node).role,
          key: this.#key,
          userData: userData(environment, node, parameters),
        }),
    );
  }

  #roles(
    environment: Environment,
    of: { readonly assetArn: string; readonly logGroupArn: string },
  ): (node: FabricNode) => NodeRole {
    const parameterArns = ([this.#assetValue, 'fabric/programs'] as const).map((value) =>
      this.formatArn({
        service: 'ssm',
        resource: 'parameter',
        resourceName: parameterName(environment, value).slice(1),
      }),
    );
    const published = (resourceName: string): string =>
      this.formatArn({
        service: 's3',
        region: '',
        account: '',
        resource: programsBucketName(environment),
        resourceName,
        arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
      });
    return (node) =>
      new NodeRole(this, `${node.name}-role`, {
        host: node.host,
        secretArn: this.secretArn(node.secretName),
        administratorArn: this.secretArn(administratorSecretName(node.organization)),
        keyArns: [this.#keyArn],
        parameterArns,
        objectArns: [of.assetArn, published(environment.nodePrograms.key)],
        channelArn: published(`${CHANNEL_FOLDER}*`),
        logGroupArn: of.logGroupArn,
        metricsNamespace: nodeNamespace(environment),
      });
  }

  /** Volumes of one organization, every night; what a ledger cannot replay from others is private data. */
  #backUp(environment: Environment, machines: readonly FabricMachine[]): void {
    const name = `${prefix(environment)}-${this.#organization}`;
    const backupVault = new BackupVault(this, 'Vault', {
      backupVaultName: name,
      encryptionKey: this.#key,
      removalPolicy: environment.isProtected ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
    const plan = new BackupPlan(this, 'Backups', {
      backupPlanName: name,
      backupVault,
      backupPlanRules: [
        new BackupPlanRule({
          ruleName: 'nightly',
          scheduleExpression: Schedule.cron(BACKUP_TIME),
          deleteAfter: Duration.days(environment.backupRetentionDays),
        }),
      ],
    });
    const role = new Role(this, 'BackupRole', {
      assumedBy: new ServicePrincipal('backup.amazonaws.com'),
      description: 'Makes snapshots of the ledgers',
      managedPolicies: [ManagedPolicy.fromAwsManagedPolicyName(BACKUP_POLICY)],
    });
    acknowledge(role, {
      [`AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/${BACKUP_POLICY}]`]:
        'Only AWS Backup takes this role, and AWS keeps the policy in step with what it calls.',
    });
    plan.addSelection('Ledgers', {
      role: role.withoutPolicyUpdates(),
      resources: machines.map(({ volume }) =>
        BackupResource.fromArn(
          this.formatArn({ service: 'ec2', resource: 'volume', resourceName: volume.volumeId }),
        ),
      ),
    });
  }
}

const BACKUP_POLICY = 'service-role/AWSBackupServiceRolePolicyForBackup';
