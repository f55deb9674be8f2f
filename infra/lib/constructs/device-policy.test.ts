import { describe, expect, test } from '@jest/globals';
import {
  acknowledgementTopic,
  chunkPublishTopic,
  commandTopic,
  hintTopic,
} from '@pulseledger/domain';
import { allows } from '../testing/iot-policy.ts';
import { devicePolicy, MAX_POLICY_BYTES } from './device-policy.ts';

const arn = (resource: string): string => `arn:aws:iot:ap-southeast-2:123456789012:${resource}`;
const OWN = '0123456789abcdef0123456789abcdef';
const OTHER = 'fedcba9876543210fedcba9876543210';

/** Whether a connection with the certificate of the thing OWN may do that. */
function may(
  action: string,
  resource: string,
  variables: Record<string, string> = ATTACHED,
): boolean {
  return allows(devicePolicy(arn), { action: `iot:${action}`, resource: arn(resource), variables });
}

const ATTACHED = {
  'iot:Connection.Thing.ThingName': OWN,
  'iot:Connection.Thing.IsAttached': 'true',
};

test('the policy fits what AWS IoT takes', () => {
  expect(JSON.stringify(devicePolicy(arn)).length).toBeLessThanOrEqual(MAX_POLICY_BYTES);
});

test('no statement names a variable that a client can choose', () => {
  const text = JSON.stringify(devicePolicy(arn));
  expect(text).not.toContain('iot:ClientId');
  expect(text).not.toContain('"*"');
});

describe('a device may', () => {
  test.each([
    ['Connect', `client/${OWN}`],
    ['Publish', `topic/${chunkPublishTopic(OWN)}`],
    ['Subscribe', `topicfilter/${acknowledgementTopic(OWN)}`],
    ['Subscribe', `topicfilter/${commandTopic(OWN)}`],
    ['Receive', `topic/${acknowledgementTopic(OWN)}`],
    ['Receive', `topic/${commandTopic(OWN)}`],
  ])('%s %s', (action, resource) => {
    expect(may(action, resource)).toBe(true);
  });
});

describe('a device may not', () => {
  test.each([
    ["D1 publish as another: another's chunks", 'Publish', `topic/${chunkPublishTopic(OTHER)}`],
    ['D1 publish an acknowledgement to itself', 'Publish', `topic/${acknowledgementTopic(OWN)}`],
    ["D1 publish another's command", 'Publish', `topic/${commandTopic(OTHER)}`],
    ['D1 publish a hint to pages', 'Publish', `topic/${hintTopic(OTHER)}`],
    ['D1 publish below its own topic', 'Publish', `topic/${chunkPublishTopic(OWN)}/more`],
    ['D2 connect as another', 'Connect', `client/${OTHER}`],
    ['D2 connect under a wildcard', 'Connect', 'client/+'],
    ['D6 subscribe to everything', 'Subscribe', 'topicfilter/#'],
    ['D6 subscribe to what the broker says', 'Subscribe', 'topicfilter/$SYS/#'],
    ['D6 subscribe to every device', 'Subscribe', 'topicfilter/v1/+/acks'],
    ['D6 subscribe to all of its own', 'Subscribe', `topicfilter/v1/${OWN}/#`],
    ["D6 subscribe to another's commands", 'Subscribe', `topicfilter/${commandTopic(OTHER)}`],
    ['D6 subscribe to hints', 'Subscribe', 'topicfilter/v1/live/#'],
    ["D6 receive another's acknowledgements", 'Receive', `topic/${acknowledgementTopic(OTHER)}`],
  ])('%s', (_, action, resource) => {
    expect(may(action, resource)).toBe(false);
  });

  test('connect with a certificate that no thing has, whatever it calls itself', () => {
    const name = { 'iot:Connection.Thing.ThingName': OWN };
    expect(may('Connect', `client/${OWN}`, {})).toBe(false);
    expect(may('Connect', `client/${OWN}`, name)).toBe(false);
    expect(
      may('Connect', `client/${OWN}`, { ...name, 'iot:Connection.Thing.IsAttached': 'false' }),
    ).toBe(false);
  });
});
