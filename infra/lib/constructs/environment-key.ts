import { Aws, RemovalPolicy } from 'aws-cdk-lib';
import { ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import type { Environment } from '../../environments/environment.ts';
import { prefix } from '../names.ts';

/** A key that is renewed every year and stays when its stack goes in protected environments. */
export class EnvironmentKey extends Key {
  constructor(scope: Construct, id: string, environment: Environment, of: string) {
    super(scope, id, {
      description: `${prefix(environment)}: ${of}`,
      enableKeyRotation: true,
      removalPolicy: environment.isProtected ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
  }

  /** CloudWatch Logs writes under a key without an identity of ours. */
  allowLogs(): void {
    this.grantEncryptDecrypt(new ServicePrincipal(`logs.${Aws.REGION}.amazonaws.com`));
  }
}
