/** An issuer of access tokens on this machine: its keys, and tokens of any kind, right and wrong. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  exportJWK,
  generateKeyPair,
  type JWK,
  type JWTHeaderParameters,
  type JWTPayload,
  SignJWT,
} from 'jose';

export const AUDIENCE = 'pulseledger-api';
export const SUBJECT: string = 'a'.repeat(32);

type Pair = Awaited<ReturnType<typeof generateKeyPair>>;

export class KeyService {
  readonly asked: string[] = [];
  keys: JWK[] = [];
  status = 200;
  #server: Server | undefined;
  #pairs = new Map<string, Pair>();

  async start(): Promise<void> {
    const server = createServer((request, response) => {
      this.asked.push(request.url ?? '');
      response.writeHead(this.status, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ keys: this.keys }));
    });
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    await this.addKey('k-1', 'ES256');
  }

  get url(): string {
    const { port } = this.#server?.address() as AddressInfo;
    return `http://127.0.0.1:${port}`;
  }

  /** A key that is published unless it is a stranger's. */
  async addKey(kid: string, alg: 'ES256' | 'RS256', isPublished = true): Promise<JWK> {
    const pair = await generateKeyPair(alg, { extractable: true });
    this.#pairs.set(kid, pair);
    const jwk = { ...(await exportJWK(pair.publicKey)), kid, alg };
    if (isPublished) this.keys.push(jwk);
    return jwk;
  }

  payload(nowMs: number): JWTPayload {
    const now = Math.floor(nowMs / 1_000);
    return {
      iss: this.url,
      aud: AUDIENCE,
      sub: 'user',
      iat: now,
      exp: now + 900,
      org: 'hospital',
      role: 'patient',
      subject_id: SUBJECT,
    };
  }

  sign(
    payload: JWTPayload,
    header: Partial<JWTHeaderParameters> = {},
    key?: Uint8Array,
  ): Promise<string> {
    const kid = header.kid ?? 'k-1';
    const pair = this.#pairs.get(kid) ?? this.#pairs.get('k-1');
    if (pair === undefined) throw new Error('the service has not started');
    return new SignJWT(payload)
      .setProtectedHeader({ alg: 'ES256', kid, typ: 'at+jwt', ...header })
      .sign(key ?? pair.privateKey);
  }

  async close(): Promise<void> {
    this.#server?.closeAllConnections();
    await new Promise((resolve) => this.#server?.close(resolve));
  }
}
