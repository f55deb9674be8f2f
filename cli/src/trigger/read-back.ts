import { setTimeout as delay } from 'node:timers/promises';
import type { ValueReading } from '@pulseledger/domain';
import { z } from 'zod';
import { EXIT, Failure } from '../base/failure.ts';
import type { Api } from '../system/api.ts';
import { type Resource, resourcesAt } from '../system/fhir.ts';
import type { TriggerDevice } from './trigger-device.ts';

export const HEART_RATE = '8867-4';
const POLL_MS = 50;
const READABLE_MS = 30_000;

const Measured = z.object({
  effectiveDateTime: z.string(),
  valueQuantity: z.object({ value: z.number(), code: z.string() }),
});

/** As the API shows it; integrity has failed when that is something else than was signed. */
export async function readBack(
  reader: Pick<Api, 'ask'>,
  patientId: string,
  { deviceId }: Pick<TriggerDevice, 'deviceId'>,
  { value, atMs, unit }: ValueReading,
): Promise<Resource> {
  const from = encodeURIComponent(new Date(atMs - 1_000).toISOString());
  const path = `Observation?patient=${patientId}&code=${HEART_RATE}&date=ge${from}&_count=100`;
  const untilMs = Date.now() + READABLE_MS;
  for (;;) {
    const all = await resourcesAt(reader, path);
    const found = all.find((one) => deviceOf(one) === `Device/${deviceId}`);
    if (found !== undefined) {
      const { effectiveDateTime, valueQuantity } = Measured.parse(found);
      const isSame = valueQuantity.value === value && valueQuantity.code === unit;
      if (!isSame || Date.parse(effectiveDateTime) !== atMs) throw altered();
      return found;
    }
    if (Date.now() > untilMs) throw notReadable();
    await delay(POLL_MS);
  }
}

function deviceOf(resource: Resource): string | undefined {
  return z.object({ reference: z.string() }).safeParse(resource['device']).data?.reference;
}

function altered(): Failure {
  return new Failure(EXIT.integrity, {
    what: 'The record does not show what the device signed.',
    why: 'Value, unit or time of the reading that the API shows are others.',
    remedy:
      'Stop trusting this installation, keep its data folder, and compare the peers (npm start -- --for 20s).',
  });
}

function notReadable(): Failure {
  return new Failure(EXIT.failed, {
    what: 'The reading is committed, and the API does not show it.',
    why: `It was not among the patient's Observations within ${READABLE_MS / 1_000} s.`,
    remedy: 'Take a login that may read this patient (--login), or run "npx pulse doctor".',
  });
}
