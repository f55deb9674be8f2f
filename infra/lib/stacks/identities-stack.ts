import { RemovalPolicy } from 'aws-cdk-lib';
import { type IKey, Key } from 'aws-cdk-lib/aws-kms';
import { CfnSecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import type { Environment } from '../../environments/environment.ts';
import { acknowledge } from '../acknowledge.ts';
import { nodesOf } from '../fabric/nodes.ts';
import { administratorSecretName, authoritySecretName, secretPrefix } from '../names.ts';
import { shared } from '../shared-value.ts';
import { EnvironmentStack, type EnvironmentStackProps } from './environment-stack.ts';

/** 44 letters and digits are base64 of 33 bytes, with more than 256 bits of chance. */
const LIVE_KEY_CHARACTERS = 44;

/**
 * A secret for each thing that signs, so that rights are given by secret. All but one are empty until the keys are
 * provisioned: a template must not hold a key.
 */
export class IdentitiesStack extends EnvironmentStack {
  constructor(scope: Construct, id: string, props: EnvironmentStackProps) {
    super(scope, id, props);
    const { environment } = props;
    const key = (name: 'identities' | 'issuing'): IKey =>
      Key.fromKeyArn(this, `Key/${name}`, shared(this, environment, `data/${name}-key-arn`));
    const identities = key('identities');
    const issuing = key('issuing');
    for (const { name, provider } of environment.organizations) {
      if (provider) this.#empty(`ingest/${name}`, `Ingest service of ${name}`, identities);
      this.#empty(`api/${name}`, `API service of ${name}`, identities);
      this.#empty(`issuing-ca/${name}`, `Authority that issues users of ${name}`, issuing);
      this.#empty(authoritySecretName(name), `Other authorities of ${name}`, issuing);
      this.#empty(administratorSecretName(name), `Administrator of ${name}, briefly`, identities);
    }
    for (const { host, secretName } of nodesOf(environment)) {
      this.#empty(secretName, `Keys of ${host}`, identities);
    }
    this.#live(environment, identities);
  }

  #empty(name: string, description: string, key: IKey): void {
    const secret = new CfnSecret(this, name, {
      name: `${secretPrefix(this.environmentSettings)}/${name}`,
      description,
      kmsKeyId: key.keyArn,
    });
    this.#kept(secret);
    acknowledge(secret, {
      'AwsSolutions-SMG4': NOT_ROTATED,
      'HIPAA.Security-SecretsManagerRotationEnabled': NOT_ROTATED,
    });
  }

  /** The key of live tickets: the API seals with it, the broker's authorizer opens. */
  #live(environment: Environment, key: IKey): void {
    const secret = new CfnSecret(this, 'live', {
      name: `${secretPrefix(environment)}/live`,
      description: 'Key of tickets of the live channel',
      kmsKeyId: key.keyArn,
      generateSecretString: {
        secretStringTemplate: '{}',
        generateStringKey: 'keyBase64',
        passwordLength: LIVE_KEY_CHARACTERS,
        excludePunctuation: true,
        includeSpace: false,
      },
    });
    this.#kept(secret);
    acknowledge(secret, {
      'AwsSolutions-SMG4': LIVE_NOT_ROTATED,
      'HIPAA.Security-SecretsManagerRotationEnabled': LIVE_NOT_ROTATED,
    });
  }

  #kept(secret: CfnSecret): void {
    const { isProtected } = this.environmentSettings;
    secret.applyRemovalPolicy(isProtected ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY);
  }
}

const NOT_ROTATED =
  'A key here has a certificate of one organization: it is renewed with that certificate, by who holds the authority. A timer alone would lock the service out of the ledger.';
const LIVE_NOT_ROTATED =
  'It opens tickets of 15 minutes that name topics without values; a new value takes effect within 5 minutes (docs/DEPLOY.md).';
