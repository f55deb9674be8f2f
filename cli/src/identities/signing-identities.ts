/** The identities that services sign with, as they stand in Secrets Manager. */
import { createHash, X509Certificate } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  RotateSecretCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { z } from 'zod';
import { EXIT, Failure } from '../base/failure.ts';
import type { IdentitiesAccess } from '../system/system-file.ts';

const LABELS = ['AWSCURRENT', 'AWSPREVIOUS'] as const;
const ROTATION_MS = 90_000;
const POLL_MS = 300;
const SHOWN_DIGITS = 16;

/** A version of an identity. Whoever has the previous one in memory may sign with it until it ends. */
export interface SigningIdentity {
  /** `ingest/hospital` */
  readonly service: string;
  readonly label: (typeof LABELS)[number];
  /** The certificate's fingerprint, its first digits. */
  readonly certificate: string;
  readonly notAfter: string;
}

/** The certificate alone: the key that stands beside it is not looked at. */
const Certified = z.object({ certificatePem: z.string().startsWith('-----BEGIN CERTIFICATE') });

export class SigningIdentities {
  readonly #client: SecretsManagerClient;
  readonly #access: IdentitiesAccess;

  constructor(access: IdentitiesAccess) {
    const { region, endpoint, accessKeyId, secretAccessKey } = access;
    this.#access = access;
    const credentials = { accessKeyId, secretAccessKey };
    this.#client = new SecretsManagerClient({ region, endpoint, credentials });
  }

  close(): void {
    this.#client.destroy();
  }

  async all(): Promise<SigningIdentity[]> {
    const lists = await Promise.all(this.#access.services.map((service) => this.of(service)));
    return lists.flat();
  }

  /** What a service signs with now, and what it signed with before. @throws Failure */
  async of(service: string): Promise<SigningIdentity[]> {
    const found: SigningIdentity[] = [];
    const stages = Object.values(await this.#labels(service)).flat();
    for (const label of LABELS.filter((one) => stages.includes(one))) {
      const command = new GetSecretValueCommand({
        SecretId: this.#id(service),
        VersionStage: label,
      });
      const { SecretString } = await this.#ask(() => this.#client.send(command));
      const { certificatePem } = Certified.parse(JSON.parse(SecretString ?? '{}'));
      const certificate = new X509Certificate(certificatePem);
      const digest = createHash('sha256').update(certificate.raw).digest('hex');
      found.push({
        service,
        label,
        certificate: digest.slice(0, SHOWN_DIGITS),
        notAfter: new Date(certificate.validTo).toISOString(),
      });
    }
    return found;
  }

  /** Waits until the service has a new key and certificate. @throws Failure */
  async rotate(service: string): Promise<SigningIdentity[]> {
    const command = new RotateSecretCommand({ SecretId: this.#id(service) });
    const { VersionId = '' } = await this.#ask(() => this.#client.send(command));
    const endsAtMs = Date.now() + ROTATION_MS;
    while (Date.now() < endsAtMs) {
      if ((await this.#labels(service))[VersionId]?.includes('AWSCURRENT') === true) {
        return this.of(service);
      }
      await delay(POLL_MS);
    }
    throw new Failure(EXIT.failed, {
      what: 'The identity was not rotated; the service goes on with the one it has.',
      why: 'The new identity was not made, or the ledger did not take it.',
      remedy:
        'Look for "rotation_failed" in the log of identity-services, mend it, and run this again.',
    });
  }

  async #labels(service: string): Promise<Record<string, readonly string[]>> {
    const command = new DescribeSecretCommand({ SecretId: this.#id(service) });
    const { VersionIdsToStages } = await this.#ask(() => this.#client.send(command));
    return VersionIdsToStages ?? {};
  }

  #id(service: string): string {
    return `${this.#access.prefix}/${service}`;
  }

  async #ask<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const text = {
        what: 'Secrets Manager did not do what it was asked.',
        why: error instanceof Error ? error.message : String(error),
        remedy: 'Run "npx pulse doctor"; a rotation that did not finish is tried again.',
      };
      throw new Failure(EXIT.failed, text, error);
    }
  }
}
