import { createHash, createPublicKey, verify } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  acknowledgementTopic,
  type Chunk,
  chunkPublishTopic,
  commandTopic,
  decodeChunk,
  splitSignature,
} from '@pulseledger/domain';
import { z } from 'zod';
import type { EnrolmentRequest } from '../device/enrolment.ts';
import { type TestAuthority, testAuthority } from './certificates.ts';
import { FakeBroker } from './fake-broker.ts';

/** How the pretended ledger answers a chunk. */
export type Answer = 'committed' | 'quarantined' | 'silent';

/** One chunk as it came in: its identity, all digests seen under it, and how often it came. */
export interface Received {
  readonly chunk: Chunk;
  readonly digests: Set<string>;
  times: number;
}

const EnrolmentBody: z.ZodType<EnrolmentRequest> = z.object({
  publicKeySpkiBase64: z.string(),
  patientId: z.string(),
  fromMs: z.number(),
  manufacturer: z.string(),
  model: z.string(),
  serial: z.string(),
});

/**
 * What a device sees of the system, in this process: broker, token and enrolment endpoint, and a
 * ledger that checks signatures, remembers every chunk and acknowledges as the test wants.
 */
export class FakeSystem {
  readonly received: Map<string, Received> = new Map<string, Received>();
  readonly enrolments: EnrolmentRequest[] = [];
  readonly patients: readonly string[] = ['a', 'b'].map((digit) => digit.repeat(32));
  readonly folder: string;
  readonly broker: FakeBroker;
  answer: (chunk: Chunk) => Answer = () => 'committed';
  readonly #authority: TestAuthority;
  readonly #keys: Map<string, string> = new Map<string, string>();
  readonly #https: Server;

  static async start(): Promise<FakeSystem> {
    const folder = await mkdtemp(join(tmpdir(), 'pulse-simulator-'));
    const system = new FakeSystem(await testAuthority(), folder);
    await system.#open();
    return system;
  }

  constructor(authority: TestAuthority, folder: string) {
    this.#authority = authority;
    this.folder = folder;
    const { serverKeyPem: key, serverCertificatePem: cert } = authority;
    this.broker = new FakeBroker(authority, (topic, payload) => {
      this.#receive(topic, payload);
    });
    this.#https = createServer({ key, cert }, (request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        void this.#serve(request.url ?? '', Buffer.concat(parts).toString()).then(
          ({ status, body }) => {
            response.writeHead(status, { 'content-type': 'application/json' });
            response.end(JSON.stringify(body));
          },
        );
      });
    });
  }

  get systemFile(): string {
    return join(this.folder, 'run', 'system.json');
  }

  async #open(): Promise<void> {
    await this.broker.open();
    this.#https.listen(0, '127.0.0.1');
    await once(this.#https, 'listening');
    const base = `https://127.0.0.1:${(this.#https.address() as AddressInfo).port}`;
    await mkdir(join(this.folder, 'run'));
    await writeFile(
      this.systemFile,
      JSON.stringify({
        version: 1,
        tokenUrl: `${base}/token`,
        clientId: 'pulseledger-cli',
        apiCaPem: this.#authority.caPem,
        enrolmentUrl: `${base}/local/devices`,
        dataFolder: this.folder,
        logins: [
          {
            user: 'admin',
            password: 'secret',
            role: 'administrator',
            organization: 'hospital',
            subjectId: 'f'.repeat(32),
          },
        ],
        patients: this.patients.map((patientId, i) => ({ login: `patient${i + 1}`, patientId })),
      }),
    );
  }

  async #serve(url: string, body: string): Promise<{ status: number; body: unknown }> {
    if (url === '/token') {
      return { status: 200, body: { access_token: 'token', token_type: 'Bearer' } };
    }
    const enrolment = EnrolmentBody.parse(JSON.parse(body));
    const spki = enrolment.publicKeySpkiBase64;
    const deviceId = createHash('sha256').update(spki).digest('hex').slice(0, 32);
    this.enrolments.push(enrolment);
    this.#keys.set(deviceId, spki);
    return {
      status: 201,
      body: {
        deviceId,
        certificatePem: await this.#authority.certify(deviceId, spki),
        brokerUrl: this.broker.url,
        brokerCaPem: this.#authority.caPem,
      },
    };
  }

  #receive(topic: string, payload: Uint8Array): void {
    const chunk = decodeChunk(payload);
    if (topic !== chunkPublishTopic(chunk.deviceId)) throw new Error('wrong topic');
    const { body, signature } = splitSignature(payload);
    const der = Buffer.from(this.#keys.get(chunk.deviceId) ?? '', 'base64');
    const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
    if (!verify('sha256', body, { key, dsaEncoding: 'ieee-p1363' }, signature)) {
      throw new Error('bad signature');
    }
    const name = `${chunk.deviceId}/${chunk.boot}/${chunk.firstSequence}`;
    const entry = this.received.get(name) ?? { chunk, digests: new Set<string>(), times: 0 };
    this.received.set(name, entry);
    entry.times += 1;
    entry.digests.add(createHash('sha256').update(payload).digest('hex'));
    const status = this.answer(chunk);
    if (status === 'silent') return;
    this.acknowledge(chunk, status);
  }

  acknowledge(chunk: Chunk, status: 'committed' | 'quarantined'): void {
    const { deviceId, boot, firstSequence, count } = chunk;
    const reason = status === 'quarantined' ? { reason: 'not_assigned' } : {};
    this.broker.send(acknowledgementTopic(deviceId), {
      boot,
      firstSequence,
      count,
      status,
      ...reason,
    });
  }

  watch(deviceId: string, watchUntilMs: number): void {
    this.broker.send(commandTopic(deviceId), { watchUntilMs });
  }

  async close(): Promise<void> {
    await this.broker.close();
    await new Promise<void>((resolve) => {
      this.#https.close(() => {
        resolve();
      });
      this.#https.closeAllConnections();
    });
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** Wait until something holds; fails after a generous time, which is no speed limit. */
export async function eventually(holds: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + 100_000;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error(`did not happen: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
