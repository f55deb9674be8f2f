import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createRole, type LocalRole } from '../aws/role.ts';
import { type RunningServer, serveLoopback } from '../loopback-server.ts';
import { DOCUMENT_BUCKET, s3App } from './s3-service.ts';

const resource = `arn:aws:s3:::${DOCUMENT_BUCKET}/*`;
const everything = createRole('everything', [{ action: 's3:*', resource }]);
const reader = createRole('reader', [{ action: 's3:GetObject', resource }]);
const place = { Bucket: DOCUMENT_BUCKET, Key: 'ab'.repeat(16) };

let folder: string;
let server: RunningServer;
const clients: S3Client[] = [];

function client(role: LocalRole, secret = role.secretAccessKey): S3Client {
  const one = new S3Client({
    region: 'eu-central-1',
    endpoint: server.origin,
    forcePathStyle: true,
    credentials: { accessKeyId: role.accessKeyId, secretAccessKey: secret },
    maxAttempts: 1,
  });
  clients.push(one);
  return one;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pulse-s3-'));
  server = await serveLoopback(s3App({ folder, roles: [everything, reader] }), 0);
});

afterAll(async () => {
  for (const one of clients) one.destroy();
  await server.close();
  await rm(folder, { recursive: true });
});

describe('the S3 endpoint', () => {
  it('keeps objects as they were put, until they are deleted', async () => {
    const s3 = client(everything);
    const bytes = randomBytes(300_000);
    await s3.send(new PutObjectCommand({ ...place, Body: bytes }));
    const { Body } = await s3.send(new GetObjectCommand(place));
    expect(Buffer.compare((await Body?.transformToByteArray()) ?? Buffer.alloc(0), bytes)).toBe(0);
    expect(await readdir(folder)).toEqual([place.Key]);
    await s3.send(new DeleteObjectCommand(place));
    await s3.send(new DeleteObjectCommand(place));
    await expect(s3.send(new GetObjectCommand(place))).rejects.toMatchObject({ name: 'NoSuchKey' });
  });

  it('refuses who may not, whose signature is wrong, names that leave the folder, and too large objects', async () => {
    const Body = Buffer.from('x');
    const refused: [S3Client, object, string][] = [
      [client(reader), { ...place, Body }, 'AccessDenied'],
      [client(createRole('stranger', [])), { ...place, Body }, 'UnrecognizedClientException'],
      [client(everything, 'wrong'), { ...place, Body }, 'InvalidSignatureException'],
      [client(everything), { ...place, Key: 'etc-passwd', Body }, 'InvalidArgument'],
      [client(everything), { ...place, Body: randomBytes(6 * 1024 * 1024) }, 'EntityTooLarge'],
    ];
    for (const [s3, input, name] of refused) {
      const command = new PutObjectCommand(
        input as ConstructorParameters<typeof PutObjectCommand>[0],
      );
      const error: unknown = await s3.send(command).then(
        () => 'stored',
        (failure: unknown) => failure,
      );
      expect(error).toMatchObject({ name });
    }
    expect(await readdir(folder)).toEqual([]);
  });
});
