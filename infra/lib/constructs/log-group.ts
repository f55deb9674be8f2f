import { RemovalPolicy } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import type { Environment } from '../../environments/environment.ts';

export interface EncryptedLogGroupProps {
  readonly environment: Environment;
  readonly logGroupName: string;
  readonly encryptionKey: IKey;
}

/** A log group under the environment's key and retention; kept when its stack goes in protected environments. */
export class EncryptedLogGroup extends LogGroup {
  constructor(scope: Construct, id: string, props: EncryptedLogGroupProps) {
    const { environment, logGroupName, encryptionKey } = props;
    super(scope, id, {
      logGroupName,
      encryptionKey,
      retention: environment.logRetention,
      removalPolicy: environment.isProtected ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
  }
}
