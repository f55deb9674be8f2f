import { IoTDataPlaneClient } from '@aws-sdk/client-iot-data-plane';
import { SQSClient } from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { IngestMessage, type QuarantineEntry, type QuarantineReason } from '@pulseledger/domain';
import { Publisher } from './publisher.ts';
import { Quarantine } from './quarantine.ts';
import { AwsEndpoint } from './testing/aws-endpoint.ts';
import { TestDevice } from './testing/devices.ts';

const QUARANTINE = 'http://127.0.0.1/000000000000/quarantine';
const INGEST = 'http://127.0.0.1/000000000000/ingest';

let endpoint: AwsEndpoint;
let sqs: SQSClient;
let iot: IoTDataPlaneClient;
let quarantine: Quarantine;

beforeEach(async () => {
  endpoint = new AwsEndpoint();
  await endpoint.start();
  const options = {
    endpoint: endpoint.url,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  };
  sqs = new SQSClient(options);
  iot = new IoTDataPlaneClient(options);
  quarantine = new Quarantine({ client: sqs, queueUrl: QUARANTINE });
});

afterEach(() => {
  sqs.destroy();
  iot.destroy();
  endpoint.stop();
});

function entry(
  device: TestDevice,
  reason: QuarantineReason,
  quarantinedAtMs: number,
): QuarantineEntry {
  const body: unknown = JSON.parse(device.queued(device.chunk(0, 6)).body);
  return { reason, message: IngestMessage.parse(body), quarantinedAtMs, readings: 6 };
}

describe('the quarantine', () => {
  it('lists what is there, oldest first, without anything measured, and keeps it', async () => {
    const device = new TestDevice();
    const entries = [entry(device, 'overlap', 2), entry(device, 'unknown_device', 1)];
    for (const one of entries) await quarantine.put(one);
    const listed = await quarantine.list();
    expect(listed.map(({ reason }) => reason)).toEqual(['unknown_device', 'overlap']);
    expect(listed[0]).toEqual({
      deviceId: device.deviceId,
      reason: 'unknown_device',
      receivedAtMs: entries[1]?.message.receivedAtMs,
      quarantinedAtMs: 1,
      readings: 6,
      bytes: Buffer.from(entries[1]!.message.payload, 'base64').length,
    });
    expect(JSON.stringify(listed)).not.toContain(entries[0]!.message.payload.slice(0, 20));
    expect(await quarantine.list()).toEqual(listed);
  });

  it('sends matching messages through ingest again, as they first came, and keeps the others', async () => {
    const [mended, other] = [new TestDevice(), new TestDevice()];
    const first = entry(mended, 'unknown_device', 1);
    await quarantine.put(first);
    await quarantine.put(entry(mended, 'overlap', 2));
    await quarantine.put(entry(other, 'unknown_device', 3));
    const filter = { reason: 'unknown_device', deviceId: mended.deviceId } as const;
    expect(await quarantine.redrive(INGEST, filter)).toBe(1);
    expect(endpoint.bodies(INGEST)).toEqual([first.message]);
    expect((await quarantine.list()).map(({ quarantinedAtMs }) => quarantinedAtMs)).toEqual([2, 3]);
    expect(await quarantine.redrive(INGEST, filter)).toBe(0);
  });

  it('loses nothing when a redrive breaks off: the message is in both queues then', async () => {
    await quarantine.put(entry(new TestDevice(), 'overlap', 1));
    endpoint.broken.add('DeleteMessage');
    await expect(quarantine.redrive(INGEST, {})).rejects.toThrow();
    expect(endpoint.bodies(INGEST)).toHaveLength(1);
    expect(endpoint.bodies(QUARANTINE)).toHaveLength(1);
  });

  it('leaves alone what it did not write', async () => {
    endpoint.queues.set(QUARANTINE, [{ id: 'x', body: 'not an entry', hidden: false }]);
    expect(await quarantine.list()).toEqual([]);
    expect(await quarantine.redrive(INGEST, {})).toBe(0);
    expect(endpoint.queues.get(QUARANTINE)).toMatchObject([{ id: 'x', hidden: false }]);
  });
});

describe('the publisher', () => {
  it("acknowledges at QoS 1 to the device's own topic", async () => {
    const acknowledgement = { boot: 1, firstSequence: 5, count: 3, status: 'committed' } as const;
    await new Publisher(iot).acknowledge('a'.repeat(32), acknowledgement);
    expect(endpoint.published).toEqual([
      { topic: `v1/${'a'.repeat(32)}/acks`, qos: '1', payload: acknowledgement },
    ]);
  });

  it('hints with a block number and no value', async () => {
    await new Publisher(iot).hint('b'.repeat(32), 17);
    expect(endpoint.published).toEqual([
      {
        topic: `v1/live/${'b'.repeat(32)}`,
        qos: '0',
        payload: { pseudonym: 'b'.repeat(32), sequence: 17 },
      },
    ]);
  });

  it('says so when the broker does not take it', async () => {
    endpoint.broken.add('Publish');
    await expect(new Publisher(iot).hint('b'.repeat(32), 1)).rejects.toThrow();
  });
});
