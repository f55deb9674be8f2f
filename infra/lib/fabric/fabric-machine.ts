import { RemovalPolicy, Size, Stack } from 'aws-cdk-lib';
import {
  BlockDeviceVolume,
  CfnVolumeAttachment,
  EbsDeviceVolumeType,
  HttpTokens,
  Instance,
  InstanceType,
  type ISecurityGroup,
  type ISubnet,
  type IVpc,
  MachineImage,
  UserData,
  Volume,
} from 'aws-cdk-lib/aws-ec2';
import type { IRole } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import type { Environment } from '../../environments/environment.ts';
import { acknowledge } from '../acknowledge.ts';
import { VOLUME_DEVICE } from './host-scripts.ts';
import type { FabricNode } from './nodes.ts';

export interface FabricMachineProps {
  readonly environment: Environment;
  readonly node: FabricNode;
  readonly vpc: IVpc;
  readonly subnet: ISubnet;
  readonly securityGroup: ISecurityGroup;
  readonly role: IRole;
  readonly key: IKey;
  readonly userData: string;
}

const ROOT_GIB = 16;
const ZONES =
  'Zones stand in the environment table: a synthesis that asks for them needs credentials.';

/**
 * A machine with one node: its ledger on a volume that outlives it, its address fixed.
 *
 * @stateful
 */
export class FabricMachine extends Construct {
  readonly volume: Volume;

  constructor(scope: Construct, id: string, props: FabricMachineProps) {
    super(scope, id);
    const { environment, node, key } = props;
    const { instanceType, volumeGiB } = environment[node.kind];
    this.volume = new Volume(this, 'Ledger', {
      availabilityZone: props.subnet.availabilityZone,
      size: Size.gibibytes(volumeGiB),
      volumeType: EbsDeviceVolumeType.GP3,
      encrypted: true,
      encryptionKey: key,
      volumeName: `${node.host}-ledger`,
      removalPolicy: environment.isProtected ? RemovalPolicy.RETAIN : RemovalPolicy.SNAPSHOT,
    });
    acknowledge(this.volume, { 'CloudFormation-Validate::W3010': ZONES });
    const instance = this.#instance(props, new InstanceType(instanceType));
    new CfnVolumeAttachment(this, 'Attachment', {
      device: VOLUME_DEVICE,
      instanceId: instance.instanceId,
      volumeId: this.volume.volumeId,
    });
  }

  #instance(props: FabricMachineProps, instanceType: InstanceType): Instance {
    const { environment, node, vpc, subnet, securityGroup, role, key } = props;
    const encrypted = { encrypted: true, kmsKey: key, volumeType: EbsDeviceVolumeType.GP3 };
    const instance = new Instance(this, 'Instance', {
      instanceName: node.host,
      instanceType,
      machineImage: MachineImage.genericLinux({ [Stack.of(this).region]: environment.nodeImageId }),
      vpc,
      vpcSubnets: { subnets: [subnet] },
      privateIpAddress: node.address,
      securityGroup,
      role,
      userData: UserData.custom(props.userData),
      // A ledger is never thrown away because a script changed: machines are brought up to date by pulse-fetch.
      userDataCausesReplacement: false,
      httpTokens: HttpTokens.REQUIRED,
      detailedMonitoring: true,
      ebsOptimized: true,
      disableApiTermination: true,
      blockDevices: [
        { deviceName: '/dev/xvda', volume: BlockDeviceVolume.ebs(ROOT_GIB, encrypted) },
      ],
    });
    acknowledge(instance, {
      'CloudFormation-Validate::W3010': ZONES,
      'CloudFormation-Validate::W9010':
        'An image that is looked up would replace the machine some day; the table names it.',
    });
    return instance;
  }
}
