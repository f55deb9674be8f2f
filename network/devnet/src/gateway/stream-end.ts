import { status } from '@grpc/grpc-js';
import type { Ledger } from '../ledger/types.ts';
import type { CommitNotifier } from './commit-notifier.ts';
import { GatewayError } from './errors.ts';

/**
 * How a stream ends: its client goes, or a developer reverts or loads the ledger (no Fabric peer goes back, so no client would
 * notice). One waiter at a time; races against promises that live as long as the stream would pile up.
 */
export class StreamEnd {
  readonly #notifier: CommitNotifier;
  #failure: GatewayError | undefined;
  #wake: (() => void) | undefined;
  #isCancelled = false;
  readonly stop: () => void;

  constructor(notifier: CommitNotifier, cancelled: Promise<void>) {
    this.#notifier = notifier;
    void cancelled.then(() => {
      this.#isCancelled = true;
      this.#wake?.();
    });
    this.stop = notifier.onReset(() => {
      this.#failure = new GatewayError(status.UNAVAILABLE, 'the ledger was reverted or loaded');
      this.#wake?.();
    });
  }

  /** Resolves when the block exists, or the client has gone. @throws GatewayError after a reset. */
  async untilBlock(ledger: Ledger, number: number): Promise<void> {
    let stop: (() => void) | undefined;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      const isOver = this.#failure !== undefined || this.#isCancelled;
      if (isOver || ledger.height > number) {
        resolve();
        return;
      }
      stop = this.#notifier.onBlock((commit) => {
        if (commit.number >= number) resolve();
      });
    });
    stop?.();
    this.#wake = undefined;
    if (this.#failure !== undefined) throw this.#failure;
  }
}
