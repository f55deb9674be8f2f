import { Aws, Duration } from 'aws-cdk-lib';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import {
  AllowedMethods,
  type BehaviorOptions,
  CachePolicy,
  Distribution,
  Function as EdgeFunction,
  FunctionCode,
  FunctionEventType,
  FunctionRuntime,
  HttpVersion,
  OriginProtocolPolicy,
  OriginRequestPolicy,
  OriginSslPolicy,
  PriceClass,
  SecurityPolicyProtocol,
  ViewerProtocolPolicy,
} from 'aws-cdk-lib/aws-cloudfront';
import { HttpOrigin, S3BucketOrigin } from 'aws-cdk-lib/aws-cloudfront-origins';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import type { Environment } from '../../environments/environment.ts';
import { acknowledge } from '../acknowledge.ts';
import { PrivateBucket } from '../constructs/private-bucket.ts';
import {
  accessLogBucketName,
  liveAuthorizerName,
  loginHost,
  pageBucketName,
  prefix,
} from '../names.ts';
import { apiFunction, liveFunction, pageFunction } from '../page/edge-functions.ts';
import { pageConfig, REVOCATION_PATH, TOKEN_PATH } from '../page/page-config.ts';
import { PageFiles } from '../page/page-files.ts';
import { responseHeaders } from '../page/response-headers.ts';
import { shared } from '../shared-value.ts';
import { EnvironmentStack, type EnvironmentStackProps } from './environment-stack.ts';

/** A page that was replaced can be had back for so long. */
const OLD_PAGES = Duration.days(30);

/** The page and, below the same origin, everything that it speaks to: its policy allows no other. */
export class PageStack extends EnvironmentStack {
  constructor(scope: Construct, id: string, props: EnvironmentStackProps) {
    super(scope, id, props);
    const { environment } = props;
    const bucket = this.#bucket(environment);
    this.#distribution(environment, bucket);
    new PageFiles(this, 'PageFiles', {
      environment,
      bucket,
      encryptionKey: Key.fromKeyArn(this, 'Key', shared(this, environment, 'data/key-arn')),
    });
  }

  #bucket(environment: Environment): Bucket {
    const bucket = new PrivateBucket(this, 'Files', {
      environment,
      bucketName: pageBucketName(environment),
      accessLogs: Bucket.fromBucketName(this, 'AccessLogs', accessLogBucketName(environment)),
      noncurrentVersionExpiration: OLD_PAGES,
    });
    const anew = 'The page, which anybody may read; a build makes it anew.';
    acknowledge(bucket, {
      'Annotation::@aws-cdk/aws-s3:accessLogsPolicyNotAdded':
        'The bucket of access logs lets S3 write for every bucket of the account (data stack).',
      'HIPAA.Security-S3BucketReplicationEnabled': anew,
      'HIPAA.Security-S3DefaultEncryptionKMS': anew,
    });
    return bucket;
  }

  #distribution(environment: Environment, bucket: Bucket): Distribution {
    const { pageOrigin, pageCertificateArn } = environment.api;
    const api = `${shared(this, environment, 'api/id')}.execute-api.${environment.region}.${Aws.URL_SUFFIX}`;
    const login = this.#forwarding(loginHost(environment));
    const distribution = new Distribution(this, 'Distribution', {
      comment: prefix(environment),
      domainNames: [new URL(pageOrigin).hostname],
      certificate: Certificate.fromCertificateArn(this, 'Certificate', pageCertificateArn),
      minimumProtocolVersion: SecurityPolicyProtocol.TLS_V1_2_2021,
      httpVersion: HttpVersion.HTTP2_AND_3,
      priceClass: PriceClass.PRICE_CLASS_100,
      defaultRootObject: 'index.html',
      defaultBehavior: this.#page(environment, bucket),
      additionalBehaviors: {
        '/api/*': { ...this.#forwarding(api), ...this.#rewrite('Api', apiFunction()) },
        '/live': {
          ...this.#forwarding(environment.iotDataHost),
          ...this.#rewrite('Live', liveFunction(liveAuthorizerName(environment))),
        },
        [TOKEN_PATH]: login,
        [REVOCATION_PATH]: login,
      },
    });
    acknowledge(distribution, {
      'AwsSolutions-CFR1': 'Patients and clinicians travel; who they are is decided by login.',
      'AwsSolutions-CFR2':
        'Behind it are static files and an API that throttles and takes no request without a token; a web ACL would have to be made in us-east-1 (docs/DEPLOY.md).',
      'AwsSolutions-CFR3':
        'Its log has addresses of people beside paths, which hold ids of patients. The origins log without either: API Gateway by our format, S3 with the address of CloudFront.',
    });
    return distribution;
  }

  #page(environment: Environment, bucket: Bucket): BehaviorOptions {
    const issuer = `https://cognito-idp.${environment.region}.amazonaws.com/${shared(this, environment, 'identity/user-pool-id')}`;
    const clientId = shared(this, environment, 'identity/client-id');
    const config = pageConfig(environment, { issuer, clientId });
    return {
      origin: S3BucketOrigin.withOriginAccessControl(bucket),
      viewerProtocolPolicy: ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
      allowedMethods: AllowedMethods.ALLOW_GET_HEAD,
      cachePolicy: CachePolicy.CACHING_OPTIMIZED,
      responseHeadersPolicy: responseHeaders(this, 'Headers', `${prefix(environment)}-page`),
      ...this.#rewrite('Page', pageFunction(JSON.stringify(config))),
    };
  }

  /** Everything is handed on, nothing is kept. */
  #forwarding(host: string): BehaviorOptions {
    return {
      origin: new HttpOrigin(host, {
        protocolPolicy: OriginProtocolPolicy.HTTPS_ONLY,
        originSslProtocols: [OriginSslPolicy.TLS_V1_2],
      }),
      viewerProtocolPolicy: ViewerProtocolPolicy.HTTPS_ONLY,
      allowedMethods: AllowedMethods.ALLOW_ALL,
      cachePolicy: CachePolicy.CACHING_DISABLED,
      originRequestPolicy: OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
    };
  }

  #rewrite(id: string, code: string): Pick<BehaviorOptions, 'functionAssociations'> {
    const edge = new EdgeFunction(this, `Edge/${id}`, {
      functionName: `${prefix(this.environmentSettings)}-${id.toLowerCase()}`,
      code: FunctionCode.fromInline(code),
      runtime: FunctionRuntime.JS_2_0,
    });
    return {
      functionAssociations: [{ function: edge, eventType: FunctionEventType.VIEWER_REQUEST }],
    };
  }
}
