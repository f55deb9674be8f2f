import { Duration } from 'aws-cdk-lib';
import { ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { CfnRotationSchedule } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import type { Environment } from '../../environments/environment.ts';
import { acknowledge } from '../acknowledge.ts';
import { PulseFunction } from '../constructs/function.ts';
import { SharedNetwork } from '../constructs/shared-network.ts';
import { secretPrefix } from '../names.ts';
import { shared } from '../shared-value.ts';
import { EnvironmentStack, type EnvironmentStackProps } from './environment-stack.ts';

/**
 * A certificate of the function is valid for twice as long (lambdas/rotate-identity, `LIFETIME_MS`): so the former one is
 * accepted for as long again, and one rotation may fail.
 */
const ROTATION_DAYS = 30;
/** Each step asks Secrets Manager a few times, one of them also the ledger. */
const TIMEOUT = Duration.seconds(60);

/** Secrets that are rotated: the identities of services, never an authority's. */
export function rotatedSecrets({ organizations }: Environment): string[] {
  return organizations.flatMap(({ name, provider }) => [
    ...(provider ? [`ingest/${name}`] : []),
    `api/${name}`,
  ]);
}

/** Gives the services that sign a new key and certificate every month. */
export class RotationStack extends EnvironmentStack {
  constructor(scope: Construct, id: string, props: EnvironmentStackProps) {
    super(scope, id, props);
    const { environment } = props;
    const fn = this.#function(environment);
    const secrets = rotatedSecrets(environment);
    this.#allow(environment, fn, secrets);
    for (const name of secrets) {
      fn.function.addPermission(`Invoke/${name}`, {
        principal: new ServicePrincipal('secretsmanager.amazonaws.com'),
        sourceAccount: this.account,
        sourceArn: this.secretArn(name),
      });
      const schedule = new CfnRotationSchedule(this, name, {
        secretId: `${secretPrefix(environment)}/${name}`,
        rotationLambdaArn: fn.function.functionArn,
        rotationRules: { automaticallyAfterDays: ROTATION_DAYS },
        // There may be nothing in it yet; what is provisioned is fresh.
        rotateImmediatelyOnUpdate: false,
      });
      schedule.node.addDependency(fn);
    }
  }

  #function(environment: Environment): PulseFunction {
    const { vpc, functions } = new SharedNetwork(this, 'Network', environment);
    const fn = new PulseFunction(this, 'RotateIdentity', {
      environment,
      bundle: 'rotate-identity',
      description: 'Gives services that sign a new key and certificate',
      timeout: TIMEOUT,
      vpc,
      securityGroup: functions,
      key: Key.fromKeyArn(this, 'Key', shared(this, environment, 'data/key-arn')),
      reservedConcurrentExecutions: 1,
      variables: {
        PULSE_SECRET_PREFIX: secretPrefix(environment),
        PULSE_CONNECTION_PROFILE: shared(this, environment, 'fabric/connection-profile'),
      },
    });
    acknowledge(fn.function, {
      'HIPAA.Security-LambdaDLQ':
        'Called and awaited by Secrets Manager, which tries a rotation that failed again.',
    });
    return fn;
  }

  /** Reads the authorities' keys; reads and writes the services' identities. */
  #allow(environment: Environment, fn: PulseFunction, secrets: readonly string[]): void {
    const arns = secrets.map((name) => this.secretArn(name));
    const authorities = environment.organizations.map(({ name }) =>
      this.secretArn(`issuing-ca/${name}`),
    );
    fn.allow(['secretsmanager:GetSecretValue'], [...arns, ...authorities]);
    fn.allow(
      [
        'secretsmanager:DescribeSecret',
        'secretsmanager:PutSecretValue',
        'secretsmanager:UpdateSecretVersionStage',
      ],
      arns,
    );
    const issuing = shared(this, environment, 'data/issuing-key-arn');
    const identities = shared(this, environment, 'data/identities-key-arn');
    fn.allow(['kms:Decrypt'], [issuing, identities]);
    fn.allow(['kms:GenerateDataKey'], [identities]);
  }
}
