import { expect, test } from '@jest/globals';
import { devicePolicy, MAX_POLICY_BYTES } from './device-policy.ts';

const arn = (resource: string): string => `arn:aws:iot:ap-southeast-2:123456789012:${resource}`;

test('the policy fits what AWS IoT takes', () => {
  expect(JSON.stringify(devicePolicy(arn)).length).toBeLessThanOrEqual(MAX_POLICY_BYTES);
});

test('no statement names a variable that a client can choose', () => {
  const text = JSON.stringify(devicePolicy(arn));
  expect(text).not.toContain('iot:ClientId');
  expect(text).not.toContain('"*"');
});
