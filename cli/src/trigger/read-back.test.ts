import { describe, expect, it } from '@jest/globals';
import type { z } from 'zod';
import { EXIT } from '../base/failure.ts';
import { HEART_RATE, readBack } from './read-back.ts';

const DEVICE = { deviceId: '11'.repeat(16) };
const PATIENT = '22'.repeat(16);
const READING = {
  code: HEART_RATE,
  unit: '/min',
  atMs: Date.UTC(2026, 10, 22, 12),
  value: 71,
} as const;

/** An API that shows another device's reading, and this one's at the second look. */
class ShowingApi {
  readonly #shown: object;
  #looks = 0;

  constructor(changes: object = {}) {
    this.#shown = {
      ...{
        resourceType: 'Observation',
        id: 'ours',
        effectiveDateTime: '2026-11-22T13:00:00+01:00',
      },
      valueQuantity: { value: 71, code: '/min' },
      device: { reference: `Device/${DEVICE.deviceId}` },
      ...changes,
    };
  }

  ask<T>(_path: string, schema: z.ZodType<T>): Promise<T> {
    this.#looks += 1;
    const other = { ...this.#shown, id: 'other', device: { reference: 'Device/other' } };
    const all = this.#looks > 1 ? [other, this.#shown] : [other];
    return Promise.resolve(schema.parse({ entry: all.map((resource) => ({ resource })) }));
  }
}

describe('a reading that is read back', () => {
  it('is waited for, and told from those of other devices', async () => {
    const found = await readBack(new ShowingApi(), PATIENT, DEVICE, READING);
    expect(found.id).toBe('ours');
  });

  it.each([
    ['value', { valueQuantity: { value: 72, code: '/min' } }],
    ['unit', { valueQuantity: { value: 71, code: '/s' } }],
    ['time', { effectiveDateTime: '2026-11-22T13:00:01+01:00' }],
  ])('with another %s than was signed fails the integrity check', async (_, changes) => {
    const read = readBack(new ShowingApi(changes), PATIENT, DEVICE, READING);
    await expect(read).rejects.toMatchObject({ exitCode: EXIT.integrity });
  });
});
