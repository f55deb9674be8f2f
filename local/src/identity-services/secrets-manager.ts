import type { Hono } from 'hono';
import { z } from 'zod';
import { AwsError } from '../aws/aws-error.ts';
import { type JsonOperation, jsonServiceApp, type OperationCall } from '../aws/json-protocol.ts';
import { type LocalRole, roleAllows } from '../aws/role.ts';
import { SignatureVerifier } from '../aws/signature.ts';
import { awaitVersion, CURRENT, moveStage, PENDING, putVersion } from './secret-changes.ts';
import type { SecretRotation } from './secret-rotation.ts';
import type { Secret, SecretStore, SecretVersion } from './secret-store.ts';

const ACCOUNT = '000000000000';
const MAX_BODY_BYTES = 16 * 1024;
const MAX_BATCH = 20;
const SECOND = 1000;

export interface SecretsManagerOptions {
  readonly store: SecretStore;
  readonly roles: readonly LocalRole[];
  readonly region: string;
  readonly rotation: Pick<SecretRotation, 'begin'>;
}

const secretId = z.string().min(1).max(2_048);
const valueInput = z.object({
  SecretId: secretId,
  VersionId: z.string().optional(),
  VersionStage: z.string().optional(),
});
const nameInput = z.object({ SecretId: secretId });
const versionId = z.string().min(32).max(64);
const putInput = z.object({
  SecretId: secretId,
  ClientRequestToken: versionId,
  SecretString: z.string().min(1).max(MAX_BODY_BYTES),
  VersionStages: z.array(z.string().min(1).max(256)).min(1).max(20).default([CURRENT]),
});
const stageInput = z.object({
  SecretId: secretId,
  VersionStage: z.string().min(1).max(256),
  RemoveFromVersionId: versionId.optional(),
  MoveToVersionId: versionId.optional(),
});
const rotateInput = z.object({ SecretId: secretId, ClientRequestToken: versionId });
const batchInput = z.object({ SecretIdList: z.array(secretId).min(1).max(MAX_BATCH) });

/**
 * AWS Secrets Manager, without making and deleting secrets
 * (https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html).
 */
export function secretsManagerApp(options: SecretsManagerOptions): Hono {
  const service = new SecretsManager(options);
  return jsonServiceApp({
    target: 'secretsmanager',
    contentType: 'application/x-amz-json-1.1',
    errorNamespace: 'com.amazonaws.secretsmanager',
    operations: service.operations(),
    verifier: new SignatureVerifier('secretsmanager', options.roles),
    maxBodyBytes: MAX_BODY_BYTES,
  });
}

class SecretsManager {
  readonly #options: SecretsManagerOptions;

  constructor(options: SecretsManagerOptions) {
    this.#options = options;
  }

  operations(): ReadonlyMap<string, JsonOperation> {
    return new Map<string, JsonOperation>([
      ['GetSecretValue', (call) => this.#value(call)],
      ['BatchGetSecretValue', (call) => this.#batch(call)],
      ['DescribeSecret', (call) => this.#describe(call)],
      ['ListSecretVersionIds', (call) => this.#versions(call)],
      ['PutSecretValue', (call) => this.#put(call)],
      ['UpdateSecretVersionStage', (call) => this.#move(call)],
      ['RotateSecret', (call) => this.#rotate(call)],
    ]);
  }

  async #value(call: OperationCall): Promise<object> {
    const { SecretId, VersionId, VersionStage } = valueInput.parse(call.input);
    const secret = await this.#secret(call.role, 'GetSecretValue', SecretId);
    const version = secret.versions.find(
      (v) =>
        (VersionId === undefined || v.versionId === VersionId) &&
        v.stages.includes(
          VersionStage ?? (VersionId === undefined ? CURRENT : (v.stages[0] ?? '')),
        ),
    );
    if (version?.value === undefined) throw notFound();
    return this.#render(secret, version);
  }

  async #batch(call: OperationCall): Promise<object> {
    const values: object[] = [];
    const errors: object[] = [];
    for (const id of batchInput.parse(call.input).SecretIdList) {
      try {
        values.push(await this.#value({ ...call, input: { SecretId: id } }));
      } catch (error) {
        if (!(error instanceof AwsError)) throw error;
        errors.push({ SecretId: id, ErrorCode: error.code, Message: error.message });
      }
    }
    return { SecretValues: values, Errors: errors };
  }

  async #describe(call: OperationCall): Promise<object> {
    const { SecretId } = nameInput.parse(call.input);
    const secret = await this.#secret(call.role, 'DescribeSecret', SecretId);
    const stages = secret.versions.map((v) => [v.versionId, v.stages] as const);
    return {
      ARN: this.#arn(secret.name),
      Name: secret.name,
      RotationEnabled: secret.isRotated,
      VersionIdsToStages: Object.fromEntries(stages),
    };
  }

  async #versions(call: OperationCall): Promise<object> {
    const { SecretId } = nameInput.parse(call.input);
    const secret = await this.#secret(call.role, 'ListSecretVersionIds', SecretId);
    const versions = secret.versions.map((v) => ({
      VersionId: v.versionId,
      VersionStages: v.stages,
      CreatedDate: v.createdAtMs / SECOND,
    }));
    return { ARN: this.#arn(secret.name), Name: secret.name, Versions: versions };
  }

  async #put(call: OperationCall): Promise<object> {
    const { SecretId, ClientRequestToken, SecretString, VersionStages } = putInput.parse(
      call.input,
    );
    const { name } = await this.#secret(call.role, 'PutSecretValue', SecretId);
    const put = {
      versionId: ClientRequestToken,
      value: SecretString,
      stages: VersionStages,
      atMs: Date.now(),
    };
    await this.#options.store.update(name, (versions) => putVersion(versions, put));
    return { ...this.#named(name), VersionId: ClientRequestToken, VersionStages };
  }

  async #move(call: OperationCall): Promise<object> {
    const { SecretId, VersionStage, RemoveFromVersionId, MoveToVersionId } = stageInput.parse(
      call.input,
    );
    const { name } = await this.#secret(call.role, 'UpdateSecretVersionStage', SecretId);
    const move = { stage: VersionStage, from: RemoveFromVersionId, to: MoveToVersionId };
    await this.#options.store.update(name, (versions) => moveStage(versions, move));
    return this.#named(name);
  }

  /** Answers when the rotation has begun; one that did not finish is tried again, as AWS does. */
  async #rotate(call: OperationCall): Promise<object> {
    const { SecretId, ClientRequestToken } = rotateInput.parse(call.input);
    const { name, isRotated } = await this.#secret(call.role, 'RotateSecret', SecretId);
    if (!isRotated)
      throw new AwsError('InvalidRequestException', 'No function rotates the secret.');
    let token = ClientRequestToken;
    await this.#options.store.update(name, (versions) => {
      const left = versions.find(
        ({ stages }) => stages.includes(PENDING) && !stages.includes(CURRENT),
      );
      if (left === undefined) return awaitVersion(versions, ClientRequestToken, Date.now());
      token = left.versionId;
      return versions;
    });
    this.#options.rotation.begin(this.#arn(name), token);
    if (token === ClientRequestToken) return { ...this.#named(name), VersionId: token };
    const text = "A previous rotation isn't complete. That rotation will be reattempted.";
    throw new AwsError('InvalidRequestException', text);
  }

  #named(name: string): { readonly ARN: string; readonly Name: string } {
    return { ARN: this.#arn(name), Name: name };
  }

  /** The secret of that name or ARN. Permission is asked first, so that names cannot be probed. */
  async #secret(role: LocalRole, action: string, id: string): Promise<Secret> {
    const name = id.startsWith('arn:') ? (id.split(':')[6] ?? '').replace(/-local1$/, '') : id;
    if (!roleAllows(role, `secretsmanager:${action}`, name)) {
      throw new AwsError('AccessDeniedException', 'The role may not read this secret.');
    }
    const secret = await this.#options.store.find(name);
    if (secret === undefined) throw notFound();
    return secret;
  }

  #render(secret: Secret, version: SecretVersion): object {
    return {
      ARN: this.#arn(secret.name),
      Name: secret.name,
      VersionId: version.versionId,
      VersionStages: version.stages,
      SecretString: version.value,
      CreatedDate: version.createdAtMs / SECOND,
    };
  }

  /** AWS adds six random characters to the name; here they are always the same. */
  #arn(name: string): string {
    return `arn:aws:secretsmanager:${this.#options.region}:${ACCOUNT}:secret:${name}-local1`;
  }
}

function notFound(): AwsError {
  const message = "Secrets Manager can't find the specified secret.";
  return new AwsError('ResourceNotFoundException', message);
}
