import MemoryPersistence from 'aedes-persistence/asyncPersistence.js';

/** AWS IoT Core keeps a persistent session for an hour unless told otherwise. */
export const SESSION_EXPIRY_MS: number = 60 * 60 * 1000;
export const MAX_SESSION_MESSAGES = 1_000;

type Enqueue = MemoryPersistence['outgoingEnqueueCombi'];
type Clear = MemoryPersistence['outgoingClearMessageId'];

/**
 * Persistent sessions in memory, with an end and a limit. What is dropped here is an acknowledgement or a
 * command; a device that misses an acknowledgement sends its chunk again and is told once more.
 */
export class SessionStore extends MemoryPersistence {
  readonly #counts = new Map<string, number>();
  readonly #leftAtMs = new Map<string, number>();

  override async outgoingEnqueueCombi(
    ...[subscriptions, packet]: Parameters<Enqueue>
  ): Promise<void> {
    const room = subscriptions.filter(
      ({ clientId }) => this.#count(clientId) < MAX_SESSION_MESSAGES,
    );
    for (const { clientId } of room) this.#counts.set(clientId, this.#count(clientId) + 1);
    await super.outgoingEnqueueCombi(room, packet);
  }

  override async outgoingClearMessageId(...[client, packet]: Parameters<Clear>): ReturnType<Clear> {
    const cleared = await super.outgoingClearMessageId(client, packet);
    if (cleared !== undefined) this.#release(client.id);
    return cleared;
  }

  /** The client of a persistent session has gone; its hour begins. */
  left(clientId: string, nowMs: number): void {
    this.#leftAtMs.set(clientId, nowMs);
  }

  returned(clientId: string): void {
    this.#leftAtMs.delete(clientId);
  }

  /** Ends the sessions whose clients did not come back in time. */
  async expire(nowMs: number): Promise<void> {
    for (const [clientId, leftAtMs] of this.#leftAtMs) {
      if (nowMs - leftAtMs < SESSION_EXPIRY_MS) continue;
      this.#leftAtMs.delete(clientId);
      await this.#end({ id: clientId });
    }
  }

  async #end(client: { readonly id: string }): Promise<void> {
    await this.cleanSubscriptions(client);
    const waiting: readonly { readonly messageId?: number }[] =
      await this.outgoingStream(client).toArray();
    for (const packet of waiting) await this.outgoingClearMessageId(client, packet);
  }

  #count(clientId: string): number {
    return this.#counts.get(clientId) ?? 0;
  }

  #release(clientId: string): void {
    const left = this.#count(clientId) - 1;
    if (left > 0) this.#counts.set(clientId, left);
    else this.#counts.delete(clientId);
  }
}
