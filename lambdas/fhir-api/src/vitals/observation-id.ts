import { LATEST_MOMENT_MS } from '@pulseledger/domain';
import type { Sign } from './signs.ts';

/** What an Observation's id says: who measured, in which start of the device, as which reading, and when. */
export interface ObservationId {
  readonly deviceId: string;
  readonly boot: number;
  readonly sequence: number;
  readonly atMs: number;
}

/** Longest FHIR id: https://hl7.org/fhir/R4/datatypes.html#id */
export const MAX_ID_CHARACTERS = 64;

/**
 * `<device>-<boot hex>-<sequence hex>-<milliseconds, base 36>`: at most 64 characters. The time says where on the
 * ledger to look, and which patient wore the device then.
 */
export function formatObservationId(id: ObservationId): string {
  const { deviceId, boot, sequence, atMs } = id;
  return `${deviceId}-${boot.toString(16)}-${sequence.toString(16)}-${atMs.toString(36)}`;
}

export function observationIdOf(sign: Sign): string {
  const { sequence, reading } = sign.parts[0];
  const { deviceId, boot } = sign;
  return formatObservationId({ deviceId, boot, sequence, atMs: reading.atMs });
}

const SHAPE = /^([0-9a-f]{32})-([0-9a-f]{1,8})-([0-9a-f]{1,12})-([0-9a-z]{1,10})$/;

/** Undefined for what {@link formatObservationId} cannot have written. */
export function parseObservationId(text: string): ObservationId | undefined {
  const [, deviceId = '', boot = '', sequence = '', at = ''] = SHAPE.exec(text) ?? [];
  const id = {
    deviceId,
    boot: Number.parseInt(boot, 16),
    sequence: Number.parseInt(sequence, 16),
    atMs: Number.parseInt(at, 36),
  };
  const isWritten = formatObservationId(id) === text && id.atMs <= LATEST_MOMENT_MS;
  return isWritten ? id : undefined;
}
