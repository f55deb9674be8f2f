import { Stack } from 'aws-cdk-lib';
import { ManagedPolicy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { type Bucket, CfnBucket } from 'aws-cdk-lib/aws-s3';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { BucketDeployment, CacheControl, Source } from 'aws-cdk-lib/aws-s3-deployment';
import { Construct } from 'constructs';
import type { Environment } from '../../environments/environment.ts';
import { acknowledge } from '../acknowledge.ts';
import { EncryptedLogGroup, type EncryptedLogGroupProps } from '../constructs/log-group.ts';
import { prefix } from '../names.ts';
import { PAGE_FILES } from './response-headers.ts';

const FOR_EVER = CacheControl.fromString('public, max-age=31536000, immutable');
/** CDK's function that unpacks files into buckets; one a stack, under this name. */
const UNPACKER = 'Custom::CDKBucketDeployment';

export interface PageFilesProps {
  readonly environment: Environment;
  readonly bucket: Bucket;
  readonly encryptionKey: EncryptedLogGroupProps['encryptionKey'];
}

/** Puts the built page into its bucket. */
export class PageFiles extends Construct {
  constructor(
    scope: Construct,
    id: string,
    { environment, bucket, encryptionKey }: PageFilesProps,
  ) {
    super(scope, id);
    const hashed = this.#asset('Hashed', ['*.map', 'index.html']);
    const page = this.#asset('Index', ['*', '!index.html']);
    const logGroup = new EncryptedLogGroup(this, 'Logs', {
      environment,
      logGroupName: `/aws/lambda/${prefix(environment)}-page-files`,
      encryptionKey,
    });
    const role = this.#role(bucket, [hashed, page], logGroup.logGroupArn);
    const put = (asset: Asset, cacheControl: CacheControl): BucketDeployment =>
      new BucketDeployment(this, `Put${asset.node.id}`, {
        sources: [Source.bucket(asset.bucket, asset.s3ObjectKey)],
        destinationBucket: bucket,
        cacheControl: [cacheControl],
        role: role.withoutPolicyUpdates(),
        logGroup,
        // Who has the page before open still loads its files.
        prune: false,
      });
    const files = put(hashed, FOR_EVER);
    // A page whose script is not there yet would be a blank one.
    put(page, CacheControl.noCache()).node.addDependency(files);
    this.#acknowledge();
  }

  #asset(id: string, exclude: string[]): Asset {
    return new Asset(this, id, { path: PAGE_FILES, exclude });
  }

  #role(bucket: Bucket, assets: readonly Asset[], logGroupArn: string): Role {
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      description: 'Puts the built page into its bucket',
    });
    const allow = (actions: string[], resources: string[]): PolicyStatement =>
      new PolicyStatement({ actions, resources });
    const rights = new ManagedPolicy(this, 'Rights', {
      roles: [role],
      statements: [
        allow(
          ['s3:GetObject'],
          assets.map((asset) => asset.bucket.arnForObjects(asset.s3ObjectKey)),
        ),
        allow(['s3:ListBucket'], [bucket.bucketArn]),
        allow(['s3:PutObject'], [bucket.arnForObjects('*')]),
        allow(['logs:CreateLogStream', 'logs:PutLogEvents'], [logGroupArn]),
      ],
    });
    acknowledge(rights, {
      [`AwsSolutions-IAM5[Resource::<${logicalId(bucket)}.Arn>/*]`]:
        'Names of files have the hash of what they hold: there is no list of them in advance.',
    });
    return role;
  }

  #acknowledge(): void {
    const unpacker = Stack.of(this).node.children.find(({ node }) => node.id.startsWith(UNPACKER));
    if (unpacker === undefined) throw new Error('nothing unpacks the files of the page');
    const cdks = "CDK's own function; its code and runtime come with aws-cdk-lib.";
    const deploys = 'Runs while the page is deployed, which waits for it and says when it fails.';
    acknowledge(unpacker, {
      'AwsSolutions-L1': cdks,
      'HIPAA.Security-LambdaDLQ': deploys,
      'HIPAA.Security-LambdaConcurrency': deploys,
      'HIPAA.Security-LambdaInsideVPC':
        'Copies files that anybody may read between two buckets; it can reach nothing of a patient.',
    });
  }
}

function logicalId(bucket: Bucket): string {
  const { defaultChild } = bucket.node;
  if (defaultChild instanceof CfnBucket) return Stack.of(bucket).getLogicalId(defaultChild);
  throw new Error('the bucket has no resource');
}
