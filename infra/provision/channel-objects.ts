import { createHash } from 'node:crypto';
import { GetObjectCommand, NoSuchKey, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { CHANNEL_FOLDER } from '../lib/names.ts';
import { ProvisionError } from './errors.ts';

/** Hex SHA-256. */
export function sha256(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Files for machines, by their hash: the first block, packages, changes of the configuration. None is a secret. */
export class ChannelObjects {
  readonly #client: Pick<S3Client, 'send'>;
  readonly #bucket: string;

  constructor(client: Pick<S3Client, 'send'>, bucket: string) {
    this.#client = client;
    this.#bucket = bucket;
  }

  /** Where `aws s3 cp` finds the object. */
  urlOf(hash: string): string {
    return `s3://${this.#bucket}/${CHANNEL_FOLDER}${hash}`;
  }

  /** @returns the hash under which it lies. */
  async put(bytes: Uint8Array): Promise<string> {
    const hash = sha256(bytes);
    const Key = `${CHANNEL_FOLDER}${hash}`;
    await this.#client.send(new PutObjectCommand({ Bucket: this.#bucket, Key, Body: bytes }));
    return hash;
  }

  /** @throws ProvisionError when it is not there, or is another one than its name says. */
  async get(hash: string): Promise<Uint8Array> {
    const Key = `${CHANNEL_FOLDER}${hash}`;
    try {
      const answer = await this.#client.send(new GetObjectCommand({ Bucket: this.#bucket, Key }));
      const bytes = await answer.Body?.transformToByteArray();
      if (bytes !== undefined && sha256(bytes) === hash) return bytes;
    } catch (error) {
      if (!(error instanceof NoSuchKey)) throw error;
    }
    throw new ProvisionError(
      `${this.urlOf(hash)} is missing or damaged. The bucket keeps versions: restore the object, then run this again.`,
    );
  }
}
