/** The package types its index only. */
declare module 'aedes-persistence/asyncPersistence.js' {
  interface ClientRef {
    readonly id: string;
  }
  interface StoredPacket {
    readonly messageId?: number;
  }
  export default class MemoryPersistence {
    outgoingEnqueueCombi(
      subscriptions: readonly { readonly clientId: string }[],
      packet: StoredPacket,
    ): Promise<void>;
    outgoingClearMessageId(
      client: ClientRef,
      packet: StoredPacket,
    ): Promise<StoredPacket | undefined>;
    outgoingStream(client: ClientRef): import('node:stream').Readable;
    cleanSubscriptions(client: ClientRef): Promise<void>;
  }
}
