import { describe, expect, it } from '@jest/globals';
import { issueTicket, verifyTicket } from '../../common/src/live-ticket.ts';
import { authorize } from './authorize.ts';

const KEY = new Uint8Array(32).fill(7);
const NOW = 1_790_000_000_000;
const ARN = 'arn:aws:iot:eu-central-1:000000000000';
const CLIENT = `page-${'a'.repeat(32)}`;
const TOPIC = `v1/live/${'b'.repeat(64)}`;

function ask(password: string, clientId = CLIENT, nowMs = NOW) {
  const mqtt = { clientId, username: '', password: Buffer.from(password).toString('base64') };
  return authorize(
    { protocolData: { mqtt } },
    { verify: (text) => verifyTicket(KEY, text, nowMs), arn: ARN, nowMs },
  );
}

describe('who listens', () => {
  it('with a ticket may hear its topics and nothing else', async () => {
    const ticket = await issueTicket(KEY, { clientId: CLIENT, topics: [TOPIC] }, NOW);
    const answer = await ask(ticket);
    expect(answer).toMatchObject({ isAuthenticated: true, disconnectAfterInSeconds: 900 });
    expect(answer.policyDocuments.map((text) => JSON.parse(text) as unknown)).toEqual([
      {
        Version: '2012-10-17',
        Statement: [
          { Effect: 'Allow', Action: 'iot:Connect', Resource: [`${ARN}:client/${CLIENT}`] },
          { Effect: 'Allow', Action: 'iot:Subscribe', Resource: [`${ARN}:topicfilter/${TOPIC}`] },
          { Effect: 'Allow', Action: 'iot:Receive', Resource: [`${ARN}:topic/${TOPIC}`] },
        ],
      },
    ]);
  });

  it.each<[string, () => Promise<unknown>]>([
    ['without a ticket', () => ask('')],
    [
      'with the ticket of another client',
      async () =>
        ask(await issueTicket(KEY, { clientId: CLIENT, topics: [TOPIC] }, NOW), 'page-other'),
    ],
    [
      'with a ticket that is over',
      async () => ask(await issueTicket(KEY, { clientId: CLIENT, topics: [TOPIC] }, NOW - 901_000)),
    ],
    [
      'with a ticket under another key',
      async () =>
        ask(await issueTicket(new Uint8Array(32), { clientId: CLIENT, topics: [TOPIC] }, NOW)),
    ],
    [
      'with a ticket for a wildcard',
      async () => ask(await issueTicket(KEY, { clientId: CLIENT, topics: ['v1/live/#'] }, NOW)),
    ],
  ])('%s is refused', async (_, answer) => {
    expect(await answer()).toMatchObject({ isAuthenticated: false, policyDocuments: [] });
  });

  it('by a question that is none is refused', async () => {
    expect(
      await authorize({}, { verify: () => Promise.reject(new Error()), arn: ARN, nowMs: NOW }),
    ).toMatchObject({
      isAuthenticated: false,
    });
  });
});
