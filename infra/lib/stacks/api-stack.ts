import { commandTopic } from '@pulseledger/domain';
import { Duration } from 'aws-cdk-lib';
import {
  CfnStage,
  CorsHttpMethod,
  HttpApi,
  HttpMethod,
  HttpNoneAuthorizer,
  HttpStage,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpJwtAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import type { Environment } from '../../environments/environment.ts';
import { acknowledge } from '../acknowledge.ts';
import { PulseFunction } from '../constructs/function.ts';
import { EncryptedLogGroup } from '../constructs/log-group.ts';
import { SharedNetwork } from '../constructs/shared-network.ts';
import { documentBucketName, loginHost, prefix, queueNames, secretPrefix } from '../names.ts';
import { share, shared } from '../shared-value.ts';
import { EnvironmentStack, type EnvironmentStackProps } from './environment-stack.ts';

/** HTTP API gives up after 30 s; the function shall answer before it. */
const TIMEOUT = Duration.seconds(29);
/** Functions that may serve at once. */
const CONCURRENCY = 50;

/** What an access log says: nothing about who or what, since paths hold ids of patients. */
const ACCESS_LOG_FORMAT = JSON.stringify({
  requestId: '$context.requestId',
  time: '$context.requestTimeEpoch',
  route: '$context.routeKey',
  status: '$context.status',
  latencyMs: '$context.responseLatency',
  bytes: '$context.responseLength',
  error: '$context.error.responseType',
});

/** Open to everybody: what a client must read before it can log in. */
/** The directory: public, as it is everywhere else. A login is looked at by the function itself. */
const DIRECTORY = ['Organization', 'Practitioner', 'PractitionerRole', 'Location'];
const PUBLIC_ROUTES = [
  '/metadata',
  '/.well-known/smart-configuration',
  '/openapi.json',
  '/docs',
  '/directory',
  '/directory/{id}',
  ...DIRECTORY.flatMap((type) => [`/${type}`, `/${type}/{id}`]),
];

/** The clinicians' and patients' HTTPS API: one function behind API Gateway, tokens checked twice. */
export class ApiStack extends EnvironmentStack {
  constructor(scope: Construct, id: string, props: EnvironmentStackProps) {
    super(scope, id, props);
    const { environment } = props;
    const api = new HttpApi(this, 'Api', {
      apiName: prefix(environment),
      createDefaultStage: false,
      corsPreflight: {
        allowOrigins: [environment.api.pageOrigin],
        allowMethods: [CorsHttpMethod.GET, CorsHttpMethod.POST, CorsHttpMethod.PUT],
        allowHeaders: [
          'authorization',
          'content-type',
          'if-match',
          'if-none-match',
          'if-none-exist',
        ],
        maxAge: Duration.hours(1),
      },
    });
    this.#stage(environment, api);
    this.#routes(environment, api);
    share(this, environment, 'api/id', api.apiId);
  }

  #stage(environment: Environment, api: HttpApi): void {
    const stage = new HttpStage(this, 'Stage', {
      httpApi: api,
      stageName: '$default',
      autoDeploy: true,
      throttle: {
        rateLimit: environment.api.requestsPerSecond,
        burstLimit: environment.api.burst,
      },
    });
    const logs = new EncryptedLogGroup(this, 'AccessLog', {
      environment,
      logGroupName: `/${prefix(environment)}/api-access`,
      encryptionKey: Key.fromKeyArn(this, 'Key', shared(this, environment, 'data/key-arn')),
    });
    const { defaultChild } = stage.node;
    if (!(defaultChild instanceof CfnStage)) throw new Error('the stage has no resource');
    defaultChild.accessLogSettings = {
      destinationArn: logs.logGroupArn,
      format: ACCESS_LOG_FORMAT,
    };
  }

  #routes(environment: Environment, api: HttpApi): void {
    const clientId = shared(this, environment, 'identity/client-id');
    const issuer = `https://cognito-idp.${environment.region}.amazonaws.com/${shared(this, environment, 'identity/user-pool-id')}`;
    const fn = this.#function(environment, { issuer, clientId, apiUrl: api.apiEndpoint });
    const integration = new HttpLambdaIntegration('FhirApi', fn.function);
    const authorizer = new HttpJwtAuthorizer('Tokens', issuer, { jwtAudience: [clientId] });
    api.addRoutes({ path: '/{proxy+}', methods: READ_AND_WRITE, integration, authorizer });
    // Bundles go to the base itself, which the route above does not match.
    api.addRoutes({ path: '/', methods: [HttpMethod.POST], integration, authorizer });
    for (const path of PUBLIC_ROUTES) {
      const routes = api.addRoutes({
        path,
        methods: [HttpMethod.GET],
        integration,
        authorizer: new HttpNoneAuthorizer(),
      });
      for (const route of routes) {
        acknowledge(route, {
          'AwsSolutions-APIG4':
            'A client reads it before it can log in; it holds no data of a person.',
        });
      }
    }
  }

  #function(
    environment: Environment,
    {
      issuer,
      clientId,
      apiUrl,
    }: { readonly issuer: string; readonly clientId: string; readonly apiUrl: string },
  ): PulseFunction {
    const network = new SharedNetwork(this, 'Network', environment);
    const emergency = Queue.fromQueueArn(
      this,
      'EmergencyQueue',
      this.formatArn({ service: 'sqs', resource: queueNames(environment).emergency }),
    );
    const fn = new PulseFunction(this, 'FhirApi', {
      environment,
      bundle: 'fhir-api',
      description: 'FHIR R4 API of the record',
      timeout: TIMEOUT,
      vpc: network.vpc,
      securityGroup: network.functions,
      key: Key.fromKeyArn(this, 'FunctionKey', shared(this, environment, 'data/key-arn')),
      reservedConcurrentExecutions: CONCURRENCY,
      variables: {
        OIDC_ISSUER: issuer,
        OIDC_AUDIENCE: clientId,
        OIDC_TOKEN_PROFILE: 'cognito',
        OIDC_AUTHORIZATION_URL: `https://${loginHost(environment)}/oauth2/authorize`,
        OIDC_TOKEN_URL: `https://${loginHost(environment)}/oauth2/token`,
        FHIR_BASE_URL: apiUrl,
        PULSE_SECRET_PREFIX: secretPrefix(environment),
        DOCUMENT_BUCKET: documentBucketName(environment),
        EMERGENCY_QUEUE_URL: emergency.queueUrl,
        AWS_ENDPOINT_URL_IOT_DATA_PLANE: `https://${environment.iotDataHost}`,
        PULSE_CONNECTION_PROFILE: shared(this, environment, 'fabric/connection-profile'),
      },
    });
    acknowledge(fn.function, {
      'HIPAA.Security-LambdaDLQ': 'Called and awaited by the HTTP API: nothing is left to deliver.',
    });
    this.#allowKeys(environment, fn);
    fn.allowPublishing([commandTopic('*')]);
    fn.allowObjects(documentBucketName(environment));
    fn.allow(['sqs:SendMessage'], [emergency.queueArn]);
    fn.allow(['kms:Decrypt', 'kms:GenerateDataKey'], [shared(this, environment, 'data/key-arn')]);
    return fn;
  }

  /** Keys of the authorities that issue users, of the API's own services, of notes' groups, and of live tickets. */
  #allowKeys(environment: Environment, fn: PulseFunction): void {
    const secrets = environment.organizations.flatMap(({ name }) => [
      `issuing-ca/${name}`,
      `api/${name}`,
    ]);
    fn.allow(
      ['secretsmanager:GetSecretValue'],
      [...secrets, 'live'].map((name) => this.secretArn(name)),
    );
    for (const { name } of environment.organizations) {
      fn.allowSecretsBelow(this.secretArn(`note-keys/${name}/*`));
    }
    const keys = ['issuing', 'identities'] as const;
    fn.allow(
      ['kms:Decrypt'],
      keys.map((name) => shared(this, environment, `data/${name}-key-arn`)),
    );
  }
}

const READ_AND_WRITE = [
  HttpMethod.GET,
  HttpMethod.POST,
  HttpMethod.PUT,
  HttpMethod.PATCH,
  HttpMethod.DELETE,
];
