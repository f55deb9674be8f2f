import { describe, expect, it } from '@jest/globals';
import type { RecordWrite } from '@pulseledger/domain';
import { doctor } from '../testing/story.ts';
import { answering } from './incoming.ts';

const ORDER_ID = '0d'.repeat(16);
const laboratory = { caller: { ...doctor, role: 'laboratory' as const } };
const result = (basedOn: object): RecordWrite => ({
  recordClass: 'result',
  recordId: '0e'.repeat(16),
  ifVersion: null,
  resource: { resourceType: 'Observation', ...basedOn },
  labels: [],
  saltHex: '0f'.repeat(16),
});

describe('what a laboratory writes', () => {
  it('answers the order that it is based on', () => {
    const write = result({ basedOn: [{ reference: `ServiceRequest/${ORDER_ID}` }] });
    expect(answering(write, laboratory)).toEqual({ ...write, orderId: ORDER_ID });
    expect(answering(write, { caller: doctor })).toBe(write);
  });

  it.each([
    ['nothing', {}],
    ['something else', { basedOn: [{ reference: `CarePlan/${ORDER_ID}` }] }],
  ])('answers no order when it is based on %s', (_what, basedOn) => {
    const write = result(basedOn);
    expect(answering(write, laboratory)).toBe(write);
  });
});
