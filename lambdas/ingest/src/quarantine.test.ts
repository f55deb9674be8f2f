import { IoTDataPlaneClient } from '@aws-sdk/client-iot-data-plane';
import { SQSClient } from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { IngestMessage, type QuarantineEntry, type QuarantineReason } from '@pulseledger/domain';
import { Publisher } from './publisher.ts';
import { Quarantine } from './quarantine.ts';
import { AwsEndpoint } from './testing/aws-endpoint.ts';
import { TestDevice } from './testing/devices.ts';

const QUARANTINE = 'http://127.0.0.1/000000000000/quarantine';

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
  it('keeps a message with its reason, as it came', async () => {
    const kept = entry(new TestDevice(), 'overlap', 2);
    await quarantine.put(kept);
    expect(endpoint.bodies(QUARANTINE)).toEqual([kept]);
  });

  it('says so when the queue did not take it', async () => {
    endpoint.broken.add('SendMessage');
    await expect(quarantine.put(entry(new TestDevice(), 'overlap', 2))).rejects.toThrow();
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
