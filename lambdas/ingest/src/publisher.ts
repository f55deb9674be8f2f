import { type IoTDataPlaneClient, PublishCommand } from '@aws-sdk/client-iot-data-plane';
import { type Acknowledgement, acknowledgementTopic, hintTopic } from '@pulseledger/domain';

/** Says to devices and open pages what was committed, over the broker. */
export class Publisher {
  readonly #client: Pick<IoTDataPlaneClient, 'send'>;

  constructor(client: Pick<IoTDataPlaneClient, 'send'>) {
    this.#client = client;
  }

  /**
   * Tells a device what became of one of its chunks, at least once (QoS 1).
   * @throws the SDK's error after its own retries, or when aborted.
   */
  async acknowledge(
    deviceId: string,
    acknowledgement: Acknowledgement,
    abortSignal?: AbortSignal,
  ): Promise<void> {
    await this.#client.send(
      new PublishCommand({
        topic: acknowledgementTopic(deviceId),
        qos: 1,
        payload: Buffer.from(JSON.stringify(acknowledgement)),
      }),
      options(abortSignal),
    );
  }

  /**
   * Says that something new of a patient is on the ledger up to a block, and nothing about what. May get lost (QoS 0).
   * @param pseudonym - name of the patient's hint topic.
   */
  async hint(pseudonym: string, blockNumber: number): Promise<void> {
    await this.#client.send(
      new PublishCommand({
        topic: hintTopic(pseudonym),
        qos: 0,
        payload: Buffer.from(JSON.stringify({ pseudonym, sequence: blockNumber })),
      }),
    );
  }
}

function options(abortSignal: AbortSignal | undefined): { abortSignal?: AbortSignal } {
  return abortSignal === undefined ? {} : { abortSignal };
}
