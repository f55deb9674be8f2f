import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Context, Hono } from 'hono';
import { AwsError } from '../aws/aws-error.ts';
import { asAwsError } from '../aws/json-protocol.ts';
import { type LocalRole, roleAllows } from '../aws/role.ts';
import { SignatureVerifier } from '../aws/signature.ts';
import { limitedBody } from '../limited-body.ts';

/** The one bucket there is: encrypted documents. */
export const DOCUMENT_BUCKET = 'pulse-documents';
/** The largest document, with nonce and tag. */
const MAX_OBJECT_BYTES = 5 * 1024 * 1024 + 64;
/** Names are random ids; so no name leaves the folder. */
const OBJECT_ID = /^[0-9a-f]{32}$/;

export interface S3Options {
  readonly folder: string;
  readonly roles: readonly LocalRole[];
}

/** Puts, gets and deletes of Amazon S3's REST protocol over a folder, as far as Pulseledger's parts use it. */
export function s3App({ folder, roles }: S3Options): Hono {
  const verifier = new SignatureVerifier('s3', roles);
  const app = new Hono();
  const tooLarge = (): Response =>
    failure(new AwsError('EntityTooLarge', 'The object is too large.', 400));
  const operation =
    (action: string, work: (file: string, body: Uint8Array) => Promise<Response>) =>
    async (c: Context): Promise<Response> => {
      try {
        const body = new Uint8Array(await c.req.raw.arrayBuffer());
        const { method, url, headers } = c.req.raw;
        const role = await verifier.verify({ method, url: new URL(url), headers, body });
        return await work(join(folder, objectOf(c, role, action)), body);
      } catch (error) {
        return failure(asAwsError(error));
      }
    };
  const path = `/${DOCUMENT_BUCKET}/:object`;
  app.put(path, limitedBody(MAX_OBJECT_BYTES, tooLarge), operation('s3:PutObject', put));
  app.get(path, operation('s3:GetObject', get));
  app.delete(path, operation('s3:DeleteObject', remove));
  return app;
}

function objectOf(c: Context, role: LocalRole, action: string): string {
  const object = c.req.param('object') ?? '';
  if (!roleAllows(role, action, `arn:aws:s3:::${DOCUMENT_BUCKET}/${object}`)) {
    throw new AwsError('AccessDenied', 'Access denied.', 403);
  }
  if (!OBJECT_ID.test(object)) throw new AwsError('InvalidArgument', 'Not a name of a document.');
  return object;
}

/** A name appears when its bytes are whole. */
async function put(file: string, body: Uint8Array): Promise<Response> {
  await mkdir(join(file, '..'), { recursive: true, mode: 0o700 });
  await writeFile(`${file}.part`, body, { mode: 0o600, flush: true });
  await rename(`${file}.part`, file);
  return new Response(null, { status: 200 });
}

async function get(file: string): Promise<Response> {
  const bytes = await readFile(file).catch(() => undefined);
  if (bytes === undefined) throw new AwsError('NoSuchKey', 'There is no such object.', 404);
  return new Response(bytes, {
    status: 200,
    headers: { 'content-type': 'application/octet-stream' },
  });
}

async function remove(file: string): Promise<Response> {
  await rm(file, { force: true });
  return new Response(null, { status: 204 });
}

/** Errors of S3 are XML. */
function failure({ code, message, status }: AwsError): Response {
  const body = `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`;
  return new Response(body, { status, headers: { 'content-type': 'application/xml' } });
}
