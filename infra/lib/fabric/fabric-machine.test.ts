import { expect, test } from '@jest/globals';
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { SecurityGroup, Subnet, Vpc } from 'aws-cdk-lib/aws-ec2';
import { Role } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { z } from 'zod';
import { ENVIRONMENTS } from '../../environments/environments.ts';
import { FabricMachine } from './fabric-machine.ts';
import { nodesOf } from './nodes.ts';

const Properties = z.record(z.string(), z.unknown());
const ENVIRONMENT = ENVIRONMENTS.prod;
const [NODE] = nodesOf(ENVIRONMENT);
/** Changes of these make CloudFormation put another instance in the place of the one that is there. */
const REPLACING = ['ImageId', 'AvailabilityZone', 'SubnetId', 'PrivateIpAddress'] as const;

function machine(userData: string): Record<string, Record<string, unknown>> {
  const env = { account: ENVIRONMENT.account, region: ENVIRONMENT.region };
  const stack = new Stack(new App({ analyticsReporting: false }), 'machine', { env });
  const [zone = ''] = ENVIRONMENT.availabilityZones;
  new FabricMachine(stack, 'peer0', {
    environment: ENVIRONMENT,
    node: NODE!,
    vpc: Vpc.fromVpcAttributes(stack, 'Vpc', { vpcId: 'vpc-made-up', availabilityZones: [zone] }),
    subnet: Subnet.fromSubnetAttributes(stack, 'Subnet', {
      subnetId: 'subnet-made-up',
      availabilityZone: zone,
      routeTableId: 'made up',
    }),
    securityGroup: SecurityGroup.fromSecurityGroupId(stack, 'Group', 'sg-made-up'),
    role: Role.fromRoleName(stack, 'Role', 'made-up'),
    key: Key.fromKeyArn(stack, 'Key', `arn:aws:kms:${env.region}:${env.account}:key/made-up`),
    userData,
  });
  return Template.fromStack(stack).findResources('AWS::EC2::Instance');
}

test('another user data leaves the machine, its ledger and its address where they are', () => {
  const before = machine('#!/bin/bash\necho one\n');
  const after = machine('#!/bin/bash\necho another\n');
  expect(JSON.stringify(after)).not.toBe(JSON.stringify(before));
  // Under the same logical id CloudFormation changes a resource; under another one it makes a new one.
  expect(Object.keys(after)).toEqual(Object.keys(before));
  const [one, other] = [before, after].map((found) =>
    Properties.parse(Object.values(found)[0]?.['Properties']),
  );
  for (const name of REPLACING) {
    expect(other?.[name]).toBeDefined();
    expect(other?.[name]).toEqual(one?.[name]);
  }
});
