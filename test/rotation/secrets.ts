/** Secrets of a network's services and authorities behind the local Secrets Manager, and the rotation function. */
import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  RotateSecretCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { type ConnectionProfile, MSP_IDS, type Organization } from '@pulseledger/domain';
import {
  organizationKeys,
  readAuthority,
  readCertifiedKey,
  type ServiceName,
} from '@pulseledger/network/identity';
import { createRole, credentialsOf } from '../../local/src/aws/role.ts';
import {
  formatSecrets,
  type Secret,
  SecretStore,
} from '../../local/src/identity-services/secret-store.ts';
import { secretsManagerApp } from '../../local/src/identity-services/secrets-manager.ts';
import { LambdaFunction } from '../../local/src/lambda-host/lambda-function.ts';
import { type RunningServer, serveLoopback } from '../../local/src/loopback-server.ts';

export const PREFIX = 'pulseledger/test';
const REGION = 'eu-central-1';
const SERVICES = [
  ['ingest', 'hospital'],
  ['api', 'insurer'],
] as const;

export const STEPS = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'] as const;

/** May what infra/lib/stacks/rotation-stack.ts allows the function, and begin rotations. */
const ROLE = createRole('rotation', [
  { action: 'secretsmanager:*', resource: `${PREFIX}/ingest/*` },
  { action: 'secretsmanager:*', resource: `${PREFIX}/api/*` },
  { action: 'secretsmanager:*', resource: `${PREFIX}/issuing-ca/*` },
]);

function secret(name: string, value: object, isRotated: boolean): Secret {
  const version = { versionId: randomUUID(), stages: ['AWSCURRENT'], createdAtMs: Date.now() };
  return {
    name: `${PREFIX}/${name}`,
    isRotated,
    versions: [{ ...version, value: JSON.stringify(value) }],
  };
}

async function secretsOf(keys: string): Promise<Secret[]> {
  const all: Secret[] = [];
  for (const [service, organization] of SERVICES) {
    const mspId = MSP_IDS[organization];
    const pair = await readCertifiedKey(organizationKeys(keys, organization).service(service));
    const authority = await readAuthority(keys, organization, 'issuing');
    all.push(secret(`${service}/${organization}`, { mspId, ...pair }, true));
    all.push(secret(`issuing-ca/${organization}`, { mspId, ...authority }, true));
  }
  return all;
}

/** A Secrets Manager whose rotations wait for the test to run their steps. */
export class RotatedSecrets {
  readonly client: SecretsManagerClient;
  readonly #server: RunningServer;
  readonly #function: LambdaFunction;

  constructor(server: RunningServer, client: SecretsManagerClient, fn: LambdaFunction) {
    this.#server = server;
    this.client = client;
    this.#function = fn;
  }

  static async start(
    folder: string,
    keys: string,
    profile: ConnectionProfile,
  ): Promise<RotatedSecrets> {
    const file = join(folder, 'secrets.json');
    await writeFile(file, formatSecrets(await secretsOf(keys)), { mode: 0o600 });
    const app = secretsManagerApp({
      store: new SecretStore(file),
      roles: [ROLE],
      region: REGION,
      rotation: { begin: () => undefined },
    });
    const server = await serveLoopback(app, 0);
    const credentials = credentialsOf(ROLE);
    const client = new SecretsManagerClient({
      region: REGION,
      endpoint: server.origin,
      credentials,
    });
    Object.assign(process.env, {
      AWS_REGION: REGION,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      AWS_ENDPOINT_URL_SECRETS_MANAGER: server.origin,
      PULSE_SECRET_PREFIX: PREFIX,
      PULSE_CONNECTION_PROFILE: JSON.stringify(profile),
    });
    // It reads its environment when it is loaded.
    const { handler } = await import('../../lambdas/rotate-identity/src/handler.ts');
    const options = { name: 'rotate-identity', file: '', region: REGION, timeoutMs: 60_000 };
    const fn = new LambdaFunction(options, handler);
    return new RotatedSecrets(server, client, fn);
  }

  async close(): Promise<void> {
    this.client.destroy();
    await this.#server.close();
  }

  /** Begins a rotation; the id of the version that it makes. */
  async begin(service: ServiceName | 'issuing-ca', organization: Organization): Promise<string> {
    const SecretId = `${PREFIX}/${service}/${organization}`;
    const { VersionId } = await this.client.send(new RotateSecretCommand({ SecretId }));
    return VersionId ?? '';
  }

  step(step: (typeof STEPS)[number], secretName: string, token: string): Promise<unknown> {
    return this.#function.invoke({
      Step: step,
      SecretId: `arn:aws:secretsmanager:${REGION}:000000000000:secret:${PREFIX}/${secretName}-local1`,
      ClientRequestToken: token,
    });
  }

  /** Puts another identity where the first step would have put one. */
  async putPending(secretName: string, token: string, identity: object): Promise<void> {
    await this.client.send(
      new PutSecretValueCommand({
        SecretId: `${PREFIX}/${secretName}`,
        ClientRequestToken: token,
        SecretString: JSON.stringify(identity),
        VersionStages: ['AWSPENDING'],
      }),
    );
  }

  /** The version that services read, and its certificate. */
  async current(secretName: string): Promise<{ version: string; certificatePem: string }> {
    const SecretId = `${PREFIX}/${secretName}`;
    const answer = await this.client.send(new GetSecretValueCommand({ SecretId }));
    const { certificatePem } = JSON.parse(answer.SecretString ?? '{}') as {
      certificatePem: string;
    };
    return { version: answer.VersionId ?? '', certificatePem };
  }

  /** Labels by version. */
  async labels(secretName: string): Promise<Record<string, string[]>> {
    const SecretId = `${PREFIX}/${secretName}`;
    const { VersionIdsToStages } = await this.client.send(new DescribeSecretCommand({ SecretId }));
    return VersionIdsToStages ?? {};
  }
}
