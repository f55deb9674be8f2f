import { acknowledgementTopic, chunkPublishTopic, commandTopic } from '@pulseledger/domain';

/**
 * The AWS IoT policy that every device's certificate carries, with
 * `${iot:Connection.Thing.ThingName}` filled in: the thing's name is the common name of the certificate,
 * and it has to connect under that name.
 */
export class DevicePolicy {
  readonly #thing: string;
  readonly #subscriptions: ReadonlySet<string>;

  constructor(thing: string) {
    this.#thing = thing;
    this.#subscriptions = new Set([acknowledgementTopic(thing), commandTopic(thing)]);
  }

  /** `iot:Connect` on `client/${thing}`. */
  mayConnect(clientId: string): boolean {
    return clientId === this.#thing;
  }

  /** `iot:Publish` on the device's own topic of the ingest rule. */
  mayPublish(topic: string): boolean {
    return topic === chunkPublishTopic(this.#thing);
  }

  /** `iot:Subscribe` and `iot:Receive` on the device's own acknowledgements and commands. */
  maySubscribe(filter: string): boolean {
    return this.#subscriptions.has(filter);
  }
}
