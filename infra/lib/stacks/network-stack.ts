import {
  FlowLogDestination,
  GatewayVpcEndpointAwsService,
  InterfaceVpcEndpointAwsService,
  IpAddresses,
  Peer,
  Port,
  SecurityGroup,
  SubnetType,
  Vpc,
} from 'aws-cdk-lib/aws-ec2';
import { ManagedPolicy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { CfnSink } from 'aws-cdk-lib/aws-oam';
import { CfnResourceShare } from 'aws-cdk-lib/aws-ram';
import { ARecord, PrivateHostedZone, RecordTarget } from 'aws-cdk-lib/aws-route53';
import { InterfaceVpcEndpointTarget } from 'aws-cdk-lib/aws-route53-targets';
import type { Construct } from 'constructs';
import type { Environment } from '../../environments/environment.ts';
import { acknowledge } from '../acknowledge.ts';
import { EncryptedLogGroup } from '../constructs/log-group.ts';
import { NODE_SUBNET_BITS, nodesOf, SERVICE_SUBNET_BITS } from '../fabric/nodes.ts';
import { PORTS } from '../fabric/ports.ts';
import { otherAccounts, prefix } from '../names.ts';
import { share, shared } from '../shared-value.ts';
import { EnvironmentStack, type EnvironmentStackProps } from './environment-stack.ts';

const HTTPS = 443;

/** Services that functions and nodes call. Without a route out, these are all they can reach. */
const ENDPOINTS: Readonly<Record<string, InterfaceVpcEndpointAwsService>> = {
  SecretsManager: InterfaceVpcEndpointAwsService.SECRETS_MANAGER,
  Kms: InterfaceVpcEndpointAwsService.KMS,
  Sqs: InterfaceVpcEndpointAwsService.SQS,
  Logs: InterfaceVpcEndpointAwsService.CLOUDWATCH_LOGS,
  Monitoring: InterfaceVpcEndpointAwsService.CLOUDWATCH_MONITORING,
  Ssm: InterfaceVpcEndpointAwsService.SSM,
  SsmMessages: InterfaceVpcEndpointAwsService.SSM_MESSAGES,
  CognitoIdp: InterfaceVpcEndpointAwsService.COGNITO_IDP,
};

interface Groups {
  readonly functions: SecurityGroup;
  readonly peers: SecurityGroup;
  readonly orderers: SecurityGroup;
  readonly endpoints: SecurityGroup;
}

/** A VPC that personal data cannot leave: private subnets, endpoints, no gateway to the internet. */
export class NetworkStack extends EnvironmentStack {
  constructor(scope: Construct, id: string, props: EnvironmentStackProps) {
    super(scope, id, props);
    const { environment } = props;
    const vpc = this.#vpc(environment);
    const groups = this.#securityGroups(environment, vpc);
    this.#endpoints(environment, vpc, groups.endpoints);
    const zone = new PrivateHostedZone(this, 'NodesZone', { zoneName: environment.domain, vpc });
    share(this, environment, 'network/vpc-id', vpc.vpcId);
    this.#names(environment, zone);
    for (const group of ['service', 'node'] as const) {
      const { subnetIds } = vpc.selectSubnets({ subnetGroupName: group });
      for (const [index, subnetId] of subnetIds.entries()) {
        share(this, environment, `network/${group}-subnet/${index}`, subnetId);
      }
    }
    this.#shareWithOthers(environment, vpc, [groups.peers, groups.orderers]);
    this.#watchOthers(environment);
    const { functions, peers, orderers } = groups;
    share(this, environment, 'network/security-group/function', functions.securityGroupId);
    share(this, environment, 'network/security-group/peer', peers.securityGroupId);
    share(this, environment, 'network/security-group/orderer', orderers.securityGroupId);
  }

  #vpc(environment: Environment): Vpc {
    const vpc = new Vpc(this, 'Vpc', {
      vpcName: prefix(environment),
      ipAddresses: IpAddresses.cidr(environment.vpcCidr),
      availabilityZones: [...environment.availabilityZones],
      natGateways: 0,
      subnetConfiguration: [
        {
          name: 'service',
          subnetType: SubnetType.PRIVATE_ISOLATED,
          cidrMask: SERVICE_SUBNET_BITS,
        },
        // Apart from functions, which take any address that is free: nodes have fixed ones.
        { name: 'node', subnetType: SubnetType.PRIVATE_ISOLATED, cidrMask: NODE_SUBNET_BITS },
      ],
      restrictDefaultSecurityGroup: true,
    });
    for (const subnet of vpc.isolatedSubnets) {
      acknowledge(subnet, {
        'CloudFormation-Validate::W3010':
          'Zones stand in the environment table: a synthesis that asks for them needs credentials.',
      });
    }
    this.#flowLog(environment, vpc);
    return vpc;
  }

  /** Addresses are in the table, so names can be here for all organizations, whoever has the machines. */
  #names(environment: Environment, zone: PrivateHostedZone): void {
    for (const { host, address } of nodesOf(environment)) {
      new ARecord(this, `Name/${host}`, {
        zone,
        recordName: `${host}.`,
        target: RecordTarget.fromIpAddresses(address),
      });
    }
  }

  /**
   * Organizations with accounts of their own start their machines in these subnets, under these groups: one network,
   * whose endpoints and names they use, and none that leads out.
   */
  #shareWithOthers(environment: Environment, vpc: Vpc, groups: readonly SecurityGroup[]): void {
    const principals = otherAccounts(environment);
    if (principals.length === 0) return;
    const { subnetIds } = vpc.selectSubnets({ subnetGroupName: 'node' });
    const arn = (resource: string, resourceName: string): string =>
      this.formatArn({ service: 'ec2', resource, resourceName });
    new CfnResourceShare(this, 'Organizations', {
      name: `${prefix(environment)}-nodes`,
      principals,
      // AWS shares subnets inside of one AWS Organization only.
      allowExternalPrincipals: false,
      resourceArns: [
        ...subnetIds.map((id) => arn('subnet', id)),
        ...groups.map(({ securityGroupId }) => arn('security-group', securityGroupId)),
      ],
    });
  }

  /** Lets the accounts of organizations show their machines' metrics here, where the alarms are; nothing else of them. */
  #watchOthers(environment: Environment): void {
    const accounts = otherAccounts(environment);
    if (accounts.length === 0) return;
    const sink = new CfnSink(this, 'Metrics', {
      name: prefix(environment),
      policy: {
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Principal: { AWS: accounts },
            Action: ['oam:CreateLink', 'oam:UpdateLink'],
            Resource: '*',
            Condition: {
              'ForAllValues:StringEquals': { 'oam:ResourceTypes': ['AWS::CloudWatch::Metric'] },
            },
          },
        ],
      },
    });
    share(this, environment, 'network/metrics-sink', sink.attrArn);
  }

  #flowLog(environment: Environment, vpc: Vpc): void {
    const logGroup = new EncryptedLogGroup(this, 'FlowLogGroup', {
      environment,
      logGroupName: `/${prefix(environment)}/vpc-flow`,
      encryptionKey: Key.fromKeyArn(this, 'Key', shared(this, environment, 'data/key-arn')),
    });
    const role = new Role(this, 'FlowLogRole', {
      assumedBy: new ServicePrincipal('vpc-flow-logs.amazonaws.com'),
      description: 'Writes the flow log of the VPC',
    });
    new ManagedPolicy(this, 'FlowLogRights', {
      roles: [role],
      statements: [
        new PolicyStatement({
          actions: ['logs:CreateLogStream', 'logs:PutLogEvents', 'logs:DescribeLogStreams'],
          resources: [logGroup.logGroupArn],
        }),
      ],
    });
    vpc.addFlowLog('FlowLog', {
      destination: FlowLogDestination.toCloudWatchLogs(logGroup, role.withoutPolicyUpdates()),
    });
  }

  #securityGroups({ s3PrefixListId }: Environment, vpc: Vpc): Groups {
    const group = (id: string, description: string): SecurityGroup =>
      new SecurityGroup(this, id, { vpc, description, allowAllOutbound: false });
    const groups = {
      functions: group('FunctionGroup', 'Lambda functions'),
      peers: group('PeerGroup', 'Fabric peers with their chaincode'),
      orderers: group('OrdererGroup', 'Fabric orderers'),
      endpoints: group('EndpointGroup', 'VPC endpoints'),
    };
    const { functions, peers, orderers, endpoints } = groups;
    const connect = (from: SecurityGroup, to: SecurityGroup, port: number, why: string): void => {
      to.addIngressRule(from, Port.tcp(port), why);
      from.addEgressRule(to, Port.tcp(port), why);
    };
    connect(functions, peers, PORTS.peer, 'gateway');
    connect(peers, peers, PORTS.peer, 'gossip and endorsement');
    connect(peers, orderers, PORTS.orderer, 'submit and deliver');
    connect(orderers, orderers, PORTS.orderer, 'consensus');
    for (const from of [functions, peers, orderers]) {
      connect(from, endpoints, HTTPS, 'AWS services');
    }
    // The gateway endpoint of S3 has no security group: its addresses are a managed prefix list.
    for (const [from, why] of [
      [functions, 'documents'],
      [peers, 'installation assets'],
      [orderers, 'installation assets'],
    ] as const) {
      from.addEgressRule(Peer.prefixList(s3PrefixListId), Port.tcp(HTTPS), why);
    }
    functions.addEgressRule(Peer.prefixList(s3PrefixListId), Port.tcp(HTTPS), 'documents');
    return groups;
  }

  #endpoints(environment: Environment, vpc: Vpc, group: SecurityGroup): void {
    const subnets = { subnetGroupName: 'service' };
    vpc.addGatewayEndpoint('S3', { service: GatewayVpcEndpointAwsService.S3 });
    for (const [id, service] of Object.entries(ENDPOINTS)) {
      vpc.addInterfaceEndpoint(id, { service, subnets, securityGroups: [group], open: false });
    }
    // The MQTT endpoint is the account's own host, which a public zone serves: it gets a private one.
    const iot = vpc.addInterfaceEndpoint('IotData', {
      service: InterfaceVpcEndpointAwsService.IOT_CORE,
      subnets,
      securityGroups: [group],
      privateDnsEnabled: false,
      open: false,
    });
    const zone = new PrivateHostedZone(this, 'IotZone', { zoneName: environment.iotDataHost, vpc });
    new ARecord(this, 'IotName', {
      zone,
      target: RecordTarget.fromAlias(new InterfaceVpcEndpointTarget(iot)),
    });
  }
}
