import { createHash, createPublicKey, verify } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  acknowledgementTopic,
  type Chunk,
  chunkHeader,
  chunkPublishTopic,
  decodeChunk,
  MAX_CHUNK_BYTES,
  type QuarantineReason,
  splitSignature,
} from '@pulseledger/domain';
import type { Administration } from '../device/enrolment.ts';
import { testAuthority } from './certificates.ts';
import { FakeBroker } from './fake-broker.ts';

const CLOCK_AHEAD_MS = 300_000;

interface Registered {
  readonly spki: string;
  readonly fromMs: number;
  isRevoked: boolean;
  readonly ranges: {
    readonly boot: number;
    readonly from: number;
    readonly to: number;
    readonly sha256: string;
  }[];
}

/**
 * A system that lets nothing wrong pass: a broker with a device's policy, and behind it the rules of
 * the contract, written down once more. What it did with each message can be looked up.
 */
export class JudgingSystem implements Administration {
  readonly patients: readonly string[] = ['a'.repeat(32)];
  readonly broker: FakeBroker;
  readonly folder: string;
  /** Digests on the ledger, with how often they were recorded. */
  readonly recorded: Map<string, number> = new Map<string, number>();
  /** Reasons by `sender/digest`. */
  readonly quarantined: Map<string, Set<QuarantineReason>> = new Map();
  readonly #devices = new Map<string, Registered>();
  readonly enrol: Administration['enrol'];
  readonly revoke: Administration['revoke'];

  static async start(): Promise<JudgingSystem> {
    const folder = await mkdtemp(join(tmpdir(), 'pulse-judging-'));
    const system = new JudgingSystem(await testAuthority(), folder);
    await system.broker.open();
    return system;
  }

  constructor(authority: Awaited<ReturnType<typeof testAuthority>>, folder: string) {
    this.folder = folder;
    this.broker = new FakeBroker(
      authority,
      (_, payload, clientId) => {
        this.#ingest(clientId, payload);
      },
      {
        isRevoked: (id) => this.#devices.get(id)?.isRevoked === true,
        mayPublish: (id, topic, payload) =>
          topic === chunkPublishTopic(id) && payload.byteLength <= MAX_CHUNK_BYTES,
      },
    );
    this.enrol = async ({ publicKeySpkiBase64: spki, fromMs, certificateUntilMs }) => {
      const deviceId = createHash('sha256').update(spki).digest('hex').slice(0, 32);
      this.#devices.set(deviceId, { spki, fromMs, isRevoked: false, ranges: [] });
      const until = certificateUntilMs === undefined ? undefined : new Date(certificateUntilMs);
      const certificatePem = await authority.certify(deviceId, spki, until);
      const { caPem: brokerCaPem } = authority;
      return { deviceId, certificatePem, brokerUrl: this.broker.url, brokerCaPem };
    };
    this.revoke = (deviceId) => {
      const device = this.#devices.get(deviceId);
      if (device !== undefined) device.isRevoked = true;
      // A broker needs a moment to notice; the ledger does not.
      setTimeout(() => {
        this.broker.cutDevice(deviceId);
      }, 300);
      return Promise.resolve();
    };
  }

  #ingest(clientId: string, payload: Uint8Array): void {
    const sha256 = createHash('sha256').update(payload).digest('hex');
    const reason = this.#judge(clientId, payload, sha256);
    const key = `${clientId}/${sha256}`;
    if (reason !== undefined) {
      this.quarantined.set(key, (this.quarantined.get(key) ?? new Set()).add(reason));
    }
    try {
      const { boot, firstSequence, count } = chunkHeader(payload);
      const status = reason === undefined ? 'committed' : 'quarantined';
      const answer = { boot, firstSequence, count, status, ...(reason ? { reason } : {}) };
      this.broker.send(acknowledgementTopic(clientId), answer);
    } catch {
      // Nobody can be told about bytes without a name.
    }
  }

  #judge(clientId: string, payload: Uint8Array, sha256: string): QuarantineReason | undefined {
    let chunk: Chunk;
    try {
      chunk = decodeChunk(payload);
    } catch {
      return 'malformed';
    }
    if (chunk.deviceId !== clientId) return 'identity_mismatch';
    const device = this.#devices.get(clientId);
    if (device === undefined) return 'unknown_device';
    return refusal(device, chunk, payload) ?? this.#record(device, chunk, sha256);
  }

  #record(device: Registered, chunk: Chunk, sha256: string): QuarantineReason | undefined {
    const [from, to] = [chunk.firstSequence, chunk.firstSequence + chunk.count - 1];
    const there = device.ranges.filter(
      (r) => r.boot === chunk.boot && r.from <= to && from <= r.to,
    );
    if (there.some((range) => range.sha256 === sha256)) return undefined;
    if (there.some((range) => range.from === from)) return 'sequence_conflict';
    if (there.length > 0) return 'overlap';
    if (device.isRevoked) return 'device_revoked';
    if (chunk.endMs > Date.now() + CLOCK_AHEAD_MS) return 'clock_out_of_range';
    device.ranges.push({ boot: chunk.boot, from, to, sha256 });
    this.recorded.set(sha256, (this.recorded.get(sha256) ?? 0) + 1);
    return undefined;
  }

  async close(): Promise<void> {
    await this.broker.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}

function refusal(
  { spki, fromMs }: Registered,
  chunk: Chunk,
  payload: Uint8Array,
): QuarantineReason | undefined {
  const { body, signature } = splitSignature(payload);
  const key = createPublicKey({ key: Buffer.from(spki, 'base64'), format: 'der', type: 'spki' });
  if (!verify('sha256', body, { key, dsaEncoding: 'ieee-p1363' }, signature)) {
    return 'bad_signature';
  }
  return chunk.startMs < fromMs ? 'not_assigned' : undefined;
}
