import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import { AwsError } from './aws-error.ts';
import type { LocalRole } from './role.ts';

/** AWS refuses requests whose clock differs by more than this. */
const MAX_CLOCK_SKEW_MS = 5 * 60 * 1000;
const CONTENT_HASH = 'x-amz-content-sha256';
const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=(?<key>[^/]+)\/(?<day>\d{8})\/(?<region>[^/]+)\/(?<service>[^/]+)\/aws4_request, SignedHeaders=(?<headers>[a-z0-9;-]+), Signature=(?<signature>[0-9a-f]{64})$/;

export interface SignedRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Headers;
  readonly body: Uint8Array;
}

interface Digest {
  update(data: Uint8Array): unknown;
  digest(): Uint8Array;
}

class Sha256 {
  readonly #key: string | Uint8Array | undefined;
  #hash: Digest;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#key = keyBytes(secret);
    this.#hash = this.#start();
  }

  update(data: Uint8Array): void {
    this.#hash.update(data);
  }

  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.#hash.digest());
  }

  reset(): void {
    this.#hash = this.#start();
  }

  #start(): Digest {
    return this.#key === undefined ? createHash('sha256') : createHmac('sha256', this.#key);
  }
}

function keyBytes(
  secret: string | ArrayBuffer | ArrayBufferView | undefined,
): string | Uint8Array | undefined {
  if (secret === undefined || typeof secret === 'string') return secret;
  if (secret instanceof ArrayBuffer) return new Uint8Array(secret);
  return new Uint8Array(secret.buffer, secret.byteOffset, secret.byteLength);
}

/**
 * Checks Signature Version 4 by signing the request again with the key of the role it names
 * (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html).
 */
export class SignatureVerifier {
  readonly #service: string;
  readonly #roles: ReadonlyMap<string, LocalRole>;
  readonly #now: () => number;

  constructor(service: string, roles: readonly LocalRole[], now: () => number = Date.now) {
    this.#service = service;
    this.#roles = new Map(roles.map((role) => [role.accessKeyId, role]));
    this.#now = now;
  }

  /** The role that signed the request. @throws AwsError when none did, or the clock is too far off. */
  async verify(request: SignedRequest): Promise<LocalRole> {
    const header = request.headers.get('authorization');
    if (header === null) {
      throw new AwsError('MissingAuthenticationTokenException', 'The request is not signed.', 403);
    }
    const { role, region, signedHeaders } = this.#claimed(header);
    const expected = await this.#sign(request, role, region, signedHeaders);
    if (!sameText(expected, header)) {
      throw new AwsError('InvalidSignatureException', 'The signature does not match.', 403);
    }
    return role;
  }

  #claimed(header: string): { role: LocalRole; region: string; signedHeaders: string[] } {
    const parts = AUTHORIZATION.exec(header)?.groups ?? {};
    const { key = '', service = '', region = '', headers = '' } = parts;
    const role = this.#roles.get(key);
    if (role === undefined || service !== this.#service) {
      throw new AwsError('UnrecognizedClientException', 'The security token is invalid.', 403);
    }
    return { role, region, signedHeaders: headers.split(';') };
  }

  async #sign(
    request: SignedRequest,
    role: LocalRole,
    region: string,
    signedHeaders: readonly string[],
  ): Promise<string> {
    const { url, method, body } = request;
    const headers = signedHeaders
      // The hash is computed from the body that came, never taken from the request.
      .filter((name) => name !== CONTENT_HASH)
      .map((name): [string, string] => [name, request.headers.get(name) ?? '']);
    const signer = new SignatureV4({
      service: this.#service,
      region,
      credentials: { accessKeyId: role.accessKeyId, secretAccessKey: role.secretAccessKey },
      sha256: Sha256,
      applyChecksum: signedHeaders.includes(CONTENT_HASH),
    });
    const signed = await signer.sign(
      {
        method,
        protocol: url.protocol,
        hostname: url.hostname,
        path: url.pathname,
        query: Object.fromEntries(url.searchParams),
        headers: Object.fromEntries(headers),
        body,
      },
      { signingDate: this.#signingDate(request.headers.get('x-amz-date')) },
    );
    return signed.headers['authorization'] ?? '';
  }

  #signingDate(header: string | null): Date {
    const iso = (header ?? '').replace(
      /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/,
      '$1-$2-$3T$4:$5:$6Z',
    );
    const date = new Date(iso);
    // Also true for an invalid date.
    if (!(Math.abs(date.getTime() - this.#now()) <= MAX_CLOCK_SKEW_MS)) {
      throw new AwsError('RequestExpired', 'The request is more than 5 minutes off.', 403);
    }
    return date;
  }
}

function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
