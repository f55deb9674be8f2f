import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { AccountPrincipal, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import type { Environment } from '../../environments/environment.ts';
import { acknowledge } from '../acknowledge.ts';
import { EnvironmentKey } from '../constructs/environment-key.ts';
import { AccessLogBucket, PrivateBucket } from '../constructs/private-bucket.ts';
import {
  accessLogBucketName,
  CHANNEL_FOLDER,
  documentBucketName,
  otherAccounts,
  programsBucketName,
  queueNames,
} from '../names.ts';
import { share } from '../shared-value.ts';
import { EnvironmentStack, type EnvironmentStackProps } from './environment-stack.ts';

/** The function's own limit; SQS asks for six times as much before a message comes back. */
export const INGEST_TIMEOUT: Duration = Duration.seconds(60);
const VISIBILITY_FACTOR = 6;
/** Longest that SQS keeps a message. */
const LONGEST_RETENTION = Duration.days(14);
/** A late entry is tried again after so long; the function's own time is a minute. */
const LATE_VISIBILITY = Duration.minutes(2);
/**
 * A message that cannot be recorded goes to the quarantine at once; what fails so often fails because the ledger is
 * away, and then there is no hurry.
 */
const MOST_RECEIVES = 20;
const OLD_PROGRAMS = Duration.days(90);

/** Keys and queues: what holds readings on their way to the ledger. */
export class DataStack extends EnvironmentStack {
  constructor(scope: Construct, id: string, props: EnvironmentStackProps) {
    super(scope, id, props);
    const { environment } = props;
    const key = new EnvironmentKey(this, 'Key', environment, 'queues, logs and topics');
    key.allowLogs();
    this.#queues(environment, key);
    const accessLogs = new AccessLogBucket(this, 'AccessLogs', {
      environment,
      bucketName: accessLogBucketName(environment),
    });
    this.#documents(environment, key, accessLogs);
    this.#programs(environment, accessLogs);
    const identities = new EnvironmentKey(this, 'IdentitiesKey', environment, 'signing identities');
    const issuing = new EnvironmentKey(
      this,
      'IssuingKey',
      environment,
      'keys of the issuing authorities',
    );
    share(this, environment, 'data/key-arn', key.keyArn);
    share(this, environment, 'data/identities-key-arn', identities.keyArn);
    share(this, environment, 'data/issuing-key-arn', issuing.keyArn);
  }

  /**
   * Documents, encrypted before they come here with keys that stand on the ledger alone: who erases a record makes every
   * version and copy of its documents unreadable, and the bytes go after a day.
   */
  #documents(environment: Environment, key: IKey, accessLogs: IBucket): void {
    const documents = new PrivateBucket(this, 'Documents', {
      environment,
      bucketName: documentBucketName(environment),
      encryptionKey: key,
      accessLogs,
      noncurrentVersionExpiration: Duration.days(1),
    });
    acknowledge(documents, {
      'HIPAA.Security-S3BucketReplicationEnabled':
        'What is erased must be gone everywhere within a day; a copy in another region would outlive it.',
    });
  }

  /** Programs of the nodes, uploaded by hand and checked against the table's hash by each machine. */
  #programs(environment: Environment, accessLogs: IBucket): void {
    const programs = new PrivateBucket(this, 'Programs', {
      environment,
      bucketName: programsBucketName(environment),
      accessLogs,
      noncurrentVersionExpiration: OLD_PROGRAMS,
    });
    const published = 'Published programs, which can be uploaded anew; their hash is checked.';
    acknowledge(programs, {
      'HIPAA.Security-S3BucketReplicationEnabled': published,
      'HIPAA.Security-S3DefaultEncryptionKMS': published,
    });
    const { key, sha256 } = environment.nodePrograms;
    const others = otherAccounts(environment);
    if (others.length > 0) {
      // What machines of other accounts fetch. Which machine may, their own roles say.
      programs.addToResourcePolicy(
        new PolicyStatement({
          principals: others.map((account) => new AccountPrincipal(account)),
          actions: ['s3:GetObject'],
          resources: [key, `${CHANNEL_FOLDER}*`].map((name) => programs.arnForObjects(name)),
        }),
      );
    }
    share(
      this,
      environment,
      'fabric/programs',
      `s3://${programsBucketName(environment)}/${key} ${sha256}`,
    );
  }

  #queues(environment: Environment, key: IKey): void {
    const names = queueNames(environment);
    const removalPolicy = environment.isProtected ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY;
    const common = {
      encryption: QueueEncryption.KMS,
      encryptionMasterKey: key,
      enforceSSL: true,
      retentionPeriod: LONGEST_RETENTION,
      removalPolicy,
    };
    const deadLetter = new Queue(this, 'DeadLetterQueue', {
      ...common,
      queueName: names.deadLetter,
    });
    new Queue(this, 'IngestQueue', {
      ...common,
      queueName: names.ingest,
      visibilityTimeout: Duration.seconds(INGEST_TIMEOUT.toSeconds() * VISIBILITY_FACTOR),
      // Shorter than the dead-letter queue's: a message keeps its age when it moves.
      retentionPeriod: Duration.days(10),
      deadLetterQueue: { queue: deadLetter, maxReceiveCount: MOST_RECEIVES },
    });
    const emergency = { ...common, queueName: names.emergency, visibilityTimeout: LATE_VISIBILITY };
    acknowledge(new Queue(this, 'EmergencyQueue', emergency), {
      'AwsSolutions-SQS3':
        'What was read must be entered: a message is tried until it is, and never put aside; an alarm tells of its age.',
    });
    for (const [id, queueName] of [
      ['QuarantineQueue', names.quarantine],
      ['RuleErrorQueue', names.ruleError],
    ] as const) {
      acknowledge(new Queue(this, id, { ...common, queueName }), {
        'AwsSolutions-SQS3':
          'An end station: people list and redrive it, no consumer can fail on it.',
      });
    }
  }
}
