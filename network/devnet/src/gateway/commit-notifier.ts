import type { CommitResult, Ledger, TransactionStatus } from '../ledger/types.ts';

type StatusListener = (status: Pick<TransactionStatus, 'block' | 'code'>) => void;
type BlockListener = (commit: CommitResult) => void;

/** Tells whoever waits that a transaction, or a block, is committed (internal/pkg/gateway/commit). */
export class CommitNotifier {
  readonly #byTransaction = new Map<string, Set<StatusListener>>();
  readonly #blockListeners = new Set<BlockListener>();
  readonly #resetListeners = new Set<() => void>();
  readonly #stop: () => void;

  constructor(ledger: Ledger) {
    const stopCommits = ledger.onCommit((commit) => {
      this.#notify(commit);
    });
    const stopResets = ledger.onReset(() => {
      for (const listener of this.#resetListeners) listener();
    });
    this.#stop = () => {
      stopCommits();
      stopResets();
    };
  }

  /** Calls back once, when the transaction is committed from now on. Returns how to stop waiting. */
  onTransaction(txId: string, listener: StatusListener): () => void {
    const listeners = this.#byTransaction.get(txId) ?? new Set<StatusListener>();
    listeners.add(listener);
    this.#byTransaction.set(txId, listeners);
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0) this.#byTransaction.delete(txId);
    };
  }

  /** Calls back for each block committed from now on. Returns how to stop. */
  onBlock(listener: BlockListener): () => void {
    this.#blockListeners.add(listener);
    return () => {
      this.#blockListeners.delete(listener);
    };
  }

  /** Calls back when the ledger has become another one: what was read of it so far is worth nothing. */
  onReset(listener: () => void): () => void {
    this.#resetListeners.add(listener);
    return () => {
      this.#resetListeners.delete(listener);
    };
  }

  close(): void {
    this.#stop();
    this.#byTransaction.clear();
    this.#blockListeners.clear();
    this.#resetListeners.clear();
  }

  #notify(commit: CommitResult): void {
    for (const { txId, code } of commit.transactions) {
      const listeners = this.#byTransaction.get(txId);
      if (listeners === undefined) continue;
      this.#byTransaction.delete(txId);
      for (const listener of listeners) listener({ block: commit.number, code });
    }
    for (const listener of this.#blockListeners) listener(commit);
  }
}
