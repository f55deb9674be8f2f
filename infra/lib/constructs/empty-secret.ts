import { RemovalPolicy } from 'aws-cdk-lib';
import { CfnSecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import type { Environment } from '../../environments/environment.ts';
import { acknowledge } from '../acknowledge.ts';
import { secretPrefix } from '../names.ts';

export interface EmptySecretProps {
  readonly environment: Environment;
  /** Below the environment's prefix. */
  readonly name: string;
  readonly description: string;
  readonly keyArn: string;
  /**
   * What a reviewer is told about its rotation.
   *
   * @default - that it is renewed with its certificate
   */
  readonly rotation?: string;
}

const NOT_ROTATED =
  'A key here has a certificate of one organization: it is renewed with that certificate, by who holds the authority. A timer alone would lock the service out of the ledger.';

/** A secret that is empty until the keys are provisioned: a template must not hold a key. */
export class EmptySecret extends CfnSecret {
  constructor(scope: Construct, props: EmptySecretProps) {
    const { environment, name, description, keyArn, rotation = NOT_ROTATED } = props;
    super(scope, name, {
      name: `${secretPrefix(environment)}/${name}`,
      description,
      kmsKeyId: keyArn,
    });
    this.applyRemovalPolicy(environment.isProtected ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY);
    acknowledge(this, {
      'AwsSolutions-SMG4': rotation,
      'HIPAA.Security-SecretsManagerRotationEnabled': rotation,
    });
  }
}
