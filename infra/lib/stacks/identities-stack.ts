import { RemovalPolicy } from 'aws-cdk-lib';
import { type IKey, Key } from 'aws-cdk-lib/aws-kms';
import { CfnSecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import type { Environment } from '../../environments/environment.ts';
import { acknowledge } from '../acknowledge.ts';
import { EmptySecret } from '../constructs/empty-secret.ts';
import { noteKeysSecretName, secretPrefix } from '../names.ts';
import { shared } from '../shared-value.ts';
import { EnvironmentStack, type EnvironmentStackProps } from './environment-stack.ts';

/** 44 letters and digits are base64 of 33 bytes, with more than 256 bits of chance. */
const LIVE_KEY_CHARACTERS = 44;

/**
 * A secret for each thing that signs for an organization in the functions, so that rights are given by secret. All but
 * one are empty until the keys are provisioned.
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
      if (provider) {
        this.#service(`ingest/${name}`, `Ingest service of ${name}`, identities);
        this.#noteKeys(name, identities);
      }
      this.#service(`api/${name}`, `API service of ${name}`, identities);
      new EmptySecret(this, {
        ...{ environment, name: `issuing-ca/${name}`, keyArn: issuing.keyArn },
        description: `Authority that issues users of ${name}`,
      });
    }
    this.#live(environment, identities);
  }

  #service(name: string, description: string, { keyArn }: IKey): void {
    const environment = this.environmentSettings;
    new EmptySecret(this, { environment, name, description, keyArn, rotation: ROTATED });
  }

  /** The API opens psychotherapy notes with it, for those who belong to the group. */
  #noteKeys(organization: string, { keyArn }: IKey): void {
    const environment = this.environmentSettings;
    const name = noteKeysSecretName(environment, organization);
    const description = `Keys of psychotherapy notes of ${organization}`;
    new EmptySecret(this, { environment, name, description, keyArn, rotation: NOTES_NOT_ROTATED });
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

const ROTATED =
  'The rotation stack rotates it every 30 days; its function stands in the network, which this stack does not depend on.';
const NOTES_NOT_ROTATED =
  'Notes are sealed to it: who takes it away closes them for ever. A new key is put beside it and named to the ledger.';
const LIVE_NOT_ROTATED =
  'It opens tickets of 15 minutes that name topics without values; a new value takes effect within 5 minutes (docs/DEPLOY.md).';
