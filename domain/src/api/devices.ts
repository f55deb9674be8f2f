/** Bodies of the API's requests about devices, by an administrator of the organization that keeps them. */
import { z } from 'zod';
import { Identifier, MomentMs } from '../identifiers.ts';

const Name = z.string().min(1).max(64);

/** Body of `PUT /devices/{id}`: registers it; the same once more changes nothing. */
export interface DeviceRequest {
  /** P-256, SubjectPublicKeyInfo DER: the key that signs the device's readings. */
  readonly publicKeySpkiBase64: string;
  readonly manufacturer: string;
  readonly model: string;
  readonly serial: string;
}
export const DeviceRequest: z.ZodType<DeviceRequest> = z.strictObject({
  publicKeySpkiBase64: z.base64().max(256),
  manufacturer: Name,
  model: Name,
  serial: Name,
});

/** Body of `PUT /devices/{id}/wearer`: who wears it in this time; the same once more changes nothing. */
export interface WearerRequest {
  readonly patientId: string;
  readonly fromMs: number;
  /** Half-open; null = until it is ended. */
  readonly untilMs: number | null;
}
export const WearerRequest: z.ZodType<WearerRequest> = z.strictObject({
  patientId: Identifier,
  fromMs: MomentMs,
  untilMs: MomentMs.nullable(),
});
