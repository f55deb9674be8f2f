import { createHash, createHmac } from 'node:crypto';
import { Identifier, MomentMs, type Organization, PulseError } from '@pulseledger/domain';
import type { RecordClient, UserClaims } from '@pulseledger/ledger';
import {
  type CertifiedKey,
  type DeviceCertificateOptions,
  issueDevice,
} from '@pulseledger/network/identity';
import { z } from 'zod';
import { Slots } from './slots.ts';

/** Two transactions each; they are signed and committed together. */
const MAX_RUNNING = 32;
const MAX_WAITING = 1_000;
const ID_BYTES = 16;

export interface EnrolmentRequest {
  /** P-256, SubjectPublicKeyInfo DER. The same key signs chunks and authenticates the connection. */
  readonly publicKeySpkiBase64: string;
  readonly patientId: string;
  readonly fromMs: number;
  readonly manufacturer: string;
  readonly model: string;
  readonly serial: string;
  /** When the certificate ends, for a device on loan; the usual lifetime when left out. */
  readonly certificateUntilMs?: number | undefined;
}

const name = z.string().min(1).max(64);

export const EnrolmentRequest: z.ZodType<EnrolmentRequest> = z.strictObject({
  publicKeySpkiBase64: z.base64().max(256),
  patientId: Identifier,
  fromMs: MomentMs,
  manufacturer: name,
  model: name,
  serial: name,
  certificateUntilMs: MomentMs.optional(),
});

export interface Enrolment {
  readonly deviceId: string;
  /** The device's certificate for its MQTT connection. */
  readonly certificatePem: string;
  readonly brokerUrl: string;
  readonly brokerCaPem: string;
}

export type DeviceRecord = Pick<RecordClient, 'registerDevice' | 'assignDevice'>;

export interface EnrolmentOptions {
  /** The ledger as this administrator sees it. */
  readonly openRecord: (claims: UserClaims) => DeviceRecord;
  readonly deviceAuthority: (organization: Organization) => Promise<CertifiedKey>;
  /** Key from which salts are derived, so that repeating an enrolment registers nothing new. */
  readonly saltKey: string;
  readonly brokerUrl: string;
  readonly brokerCaPem: string;
}

/**
 * Makes a device known: registered and assigned on the ledger, and given a certificate. On AWS this is the
 * provisioning of a thing; its id comes from its key, so that repeating it yields the same device.
 */
export class Enrolments {
  readonly #options: EnrolmentOptions;
  readonly #slots = new Slots({ running: MAX_RUNNING, waiting: MAX_WAITING });

  constructor(options: EnrolmentOptions) {
    this.#options = options;
  }

  /** @throws PulseError the ledger's refusal, `invalid_input` for a bad key, or `throttled` */
  enrol(claims: UserClaims, request: EnrolmentRequest): Promise<Enrolment> {
    return this.#slots.run(() => this.#enrol(claims, request));
  }

  async #enrol(claims: UserClaims, request: EnrolmentRequest): Promise<Enrolment> {
    const { publicKeySpkiBase64, patientId, fromMs, manufacturer, model, serial } = request;
    const { certificateUntilMs } = request;
    const publicKeySpki = Buffer.from(publicKeySpkiBase64, 'base64');
    const deviceId = shortHex(createHash('sha256').update(publicKeySpki).digest());
    const issuer = await this.#options.deviceAuthority(claims.organization);
    const until = certificateUntilMs === undefined ? {} : { until: new Date(certificateUntilMs) };
    const certificatePem = certificateFor({ issuer, deviceId, key: { publicKeySpki }, ...until });
    const record = this.#options.openRecord(claims);
    const saltHex = shortHex(createHmac('sha256', this.#options.saltKey).update(deviceId).digest());
    await record.registerDevice({
      deviceId,
      publicKeySpkiBase64,
      manufacturer,
      model,
      serial,
      saltHex,
    });
    await record.assignDevice({ deviceId, patientId, fromMs, untilMs: null });
    const { brokerUrl, brokerCaPem } = this.#options;
    return { deviceId, certificatePem, brokerUrl, brokerCaPem };
  }
}

function certificateFor(options: DeviceCertificateOptions): string {
  try {
    return issueDevice(options);
  } catch {
    throw new PulseError(
      'invalid_input',
      'The public key is not a P-256 key, or its certificate would last longer than two years.',
    );
  }
}

function shortHex(digest: Buffer): string {
  return digest.subarray(0, ID_BYTES).toString('hex');
}
