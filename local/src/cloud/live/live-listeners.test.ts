import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { connectAsync, type MqttClient } from 'mqtt';
import { LiveListeners } from './live-listeners.ts';

const ARN = 'arn:aws:iot:eu-central-1:000000000000';
const CLIENT = 'page-a';
const TOPIC = 'v1/live/a';

let listeners: LiveListeners;
let clients: MqttClient[];

/** Lets in whoever says "ticket", to hear one topic. */
function authorize(event: object): Promise<unknown> {
  const { mqtt } = (event as { protocolData: { mqtt: { password: string } } }).protocolData;
  const isAuthenticated = Buffer.from(mqtt.password, 'base64').toString() === 'ticket';
  const allow = (Action: string, resource: string) => ({
    Effect: 'Allow',
    Action,
    Resource: [`${ARN}:${resource}`],
  });
  const Statement = [
    allow('iot:Connect', `client/${CLIENT}`),
    allow('iot:Subscribe', `topicfilter/${TOPIC}`),
    allow('iot:Receive', `topic/${TOPIC}`),
  ];
  return Promise.resolve({
    isAuthenticated,
    disconnectAfterInSeconds: 300,
    policyDocuments: isAuthenticated ? [JSON.stringify({ Statement })] : [],
  });
}

async function connect(password = 'ticket', clientId = CLIENT): Promise<MqttClient> {
  const client = await connectAsync(`ws://127.0.0.1:${listeners.port}/live`, {
    clientId,
    username: 'page',
    password,
    protocolVersion: 4,
    reconnectPeriod: 0,
    connectTimeout: 5_000,
  });
  clients.push(client);
  return client;
}

beforeEach(async () => {
  clients = [];
  listeners = await LiveListeners.start({ port: 0, authorize, arn: ARN });
});

afterEach(async () => {
  for (const client of clients) await client.endAsync(true);
  await listeners.close();
});

describe('a page that listens', () => {
  test('hears what is told on its topic', async () => {
    const client = await connect();
    await client.subscribeAsync(TOPIC, { qos: 0 });
    const heard = Promise.withResolvers<string>();
    client.on('message', (topic, payload) => {
      heard.resolve(`${topic} ${payload.toString()}`);
    });
    listeners.tell(TOPIC, Buffer.from('{}'));
    expect(await heard.promise).toBe(`${TOPIC} {}`);
  });

  test.each(['#', 'v1/live/+', 'v1/live/b', '$SYS/#'])(
    'is cut off for asking for %s',
    async (topic) => {
      const client = await connect();
      const closed = Promise.withResolvers<undefined>();
      client.on('close', () => {
        closed.resolve(undefined);
      });
      client.subscribe(topic, { qos: 0 }, () => undefined);
      await closed.promise;
      expect(client.connected).toBe(false);
    },
  );

  test('may say nothing', async () => {
    const client = await connect();
    const closed = Promise.withResolvers<undefined>();
    client.on('close', () => {
      closed.resolve(undefined);
    });
    client.publish(TOPIC, 'me', () => undefined);
    await closed.promise;
    expect(client.connected).toBe(false);
  });

  test.each([
    ['without a ticket', '', CLIENT],
    ['under another name', 'ticket', 'page-b'],
  ])('%s is not let in', async (_, password, clientId) => {
    await expect(connect(password, clientId)).rejects.toThrow(/Not authorized|closed/);
  });
});
