import {
  DeleteObjectCommand,
  GetObjectCommand,
  NoSuchKey,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { PulseError } from '@pulseledger/domain';
import type { ObjectStore } from '@pulseledger/ledger';

/** Encrypted documents in a bucket, each under its random name. */
export class S3Objects implements ObjectStore {
  readonly #client: Pick<S3Client, 'send'>;
  readonly #bucket: string;

  constructor(client: Pick<S3Client, 'send'>, bucket: string) {
    this.#client = client;
    this.#bucket = bucket;
  }

  async put(objectId: string, bytes: Uint8Array): Promise<void> {
    const place = { Bucket: this.#bucket, Key: objectId };
    await available(this.#client.send(new PutObjectCommand({ ...place, Body: bytes })));
  }

  async get(objectId: string): Promise<Uint8Array | undefined> {
    const place = { Bucket: this.#bucket, Key: objectId };
    try {
      const { Body } = await this.#client.send(new GetObjectCommand(place));
      return await Body?.transformToByteArray();
    } catch (error) {
      if (error instanceof NoSuchKey) return undefined;
      throw new PulseError('unavailable', 'The store of documents does not answer.', {
        cause: error,
      });
    }
  }

  async delete(objectId: string): Promise<void> {
    const place = { Bucket: this.#bucket, Key: objectId };
    await available(this.#client.send(new DeleteObjectCommand(place)));
  }
}

async function available(work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (cause) {
    throw new PulseError('unavailable', 'The store of documents does not answer.', { cause });
  }
}
