import { Stack } from 'aws-cdk-lib';
import { type ISecurityGroup, type IVpc, SecurityGroup, Vpc } from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';
import type { Environment } from '../../environments/environment.ts';
import { acknowledge } from '../acknowledge.ts';
import { shared } from '../shared-value.ts';

/** The environment's network, as a stateless stack sees it. */
export class SharedNetwork extends Construct {
  readonly vpc: IVpc;
  readonly functions: ISecurityGroup;

  constructor(scope: Construct, id: string, environment: Environment) {
    super(scope, id);
    const { availabilityZones } = environment;
    this.vpc = Vpc.fromVpcAttributes(this, 'Vpc', {
      vpcId: shared(this, environment, 'network/vpc-id'),
      availabilityZones: [...availabilityZones],
      isolatedSubnetIds: availabilityZones.map((_, index) =>
        shared(this, environment, `network/service-subnet/${index}`),
      ),
    });
    for (const subnet of this.vpc.isolatedSubnets) {
      acknowledge(subnet, {
        'Annotation::@aws-cdk/aws-ec2:noSubnetRouteTableId':
          'Routes are made in one place, the network stack.',
      });
    }
    acknowledge(Stack.of(this), {
      'CloudFormation-Validate::W2001':
        'A function needs subnets and groups only; CDK asks for the id of the VPC as well.',
    });
    this.functions = SecurityGroup.fromSecurityGroupId(
      this,
      'Functions',
      shared(this, environment, 'network/security-group/function'),
      // Rules are written in one place, the network's stack.
      { mutable: false },
    );
  }
}
