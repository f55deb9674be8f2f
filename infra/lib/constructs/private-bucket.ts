import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  type BucketProps,
  type IBucket,
} from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import type { Environment } from '../../environments/environment.ts';
import { acknowledge } from '../acknowledge.ts';

function closed(environment: Environment): BucketProps {
  return {
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    enforceSSL: true,
    minimumTLSVersion: 1.2,
    versioned: true,
    removalPolicy: environment.isProtected ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
  };
}

export interface PrivateBucketProps {
  readonly environment: Environment;
  readonly bucketName: string;
  readonly accessLogs: IBucket;
  /** How long what was overwritten or deleted stays. */
  readonly noncurrentVersionExpiration: Duration;
  /**
   * Key of the objects.
   *
   * @default - a key of S3's own; for objects that are public anyway
   */
  readonly encryptionKey?: IKey;
}

/** A bucket that nothing public can reach: versions, TLS 1.2, each request logged. */
export class PrivateBucket extends Bucket {
  constructor(scope: Construct, id: string, props: PrivateBucketProps) {
    const { environment, bucketName, accessLogs, encryptionKey } = props;
    super(scope, id, {
      ...closed(environment),
      bucketName,
      ...(encryptionKey === undefined
        ? { encryption: BucketEncryption.S3_MANAGED }
        : { encryption: BucketEncryption.KMS, encryptionKey, bucketKeyEnabled: true }),
      serverAccessLogsBucket: accessLogs,
      serverAccessLogsPrefix: `${bucketName}/`,
      lifecycleRules: [
        { noncurrentVersionExpiration: props.noncurrentVersionExpiration },
        { abortIncompleteMultipartUploadAfter: Duration.days(1) },
      ],
    });
  }
}

export interface AccessLogBucketProps {
  readonly environment: Environment;
  readonly bucketName: string;
}

/** Where S3 writes who asked a bucket for what. Objects have random names, so no line names a person. */
export class AccessLogBucket extends Bucket {
  constructor(scope: Construct, id: string, props: AccessLogBucketProps) {
    const { environment, bucketName } = props;
    super(scope, id, {
      ...closed(environment),
      bucketName,
      encryption: BucketEncryption.S3_MANAGED,
      lifecycleRules: [{ expiration: Duration.days(environment.logRetention) }],
    });
    this.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal('logging.s3.amazonaws.com')],
        actions: ['s3:PutObject'],
        resources: [this.arnForObjects('*')],
        // Other stacks' buckets too, but nobody else's.
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    );
    acknowledge(this, {
      'AwsSolutions-S1': 'It holds the access logs; logging itself would never end.',
      'HIPAA.Security-S3BucketLoggingEnabled':
        'It holds the access logs; logging itself would never end.',
      'HIPAA.Security-S3DefaultEncryptionKMS':
        'S3 delivers access logs to buckets under its own key only (S3 User Guide, "Enabling server access logging").',
      'HIPAA.Security-S3BucketReplicationEnabled':
        'Access logs are kept in versions; their loss loses no record of a patient.',
    });
  }
}
