import type { SigningKey } from './signer.ts';

/** Signatures made in one pass before other work of the event loop gets its turn (some 5 ms). */
const SIGNATURES_PER_PASS = 64;
/** Messages that may wait for their signature; far above what one process can have in flight. */
const MAX_WAITING = 10_000;

interface Waiting {
  readonly message: Uint8Array;
  readonly resolve: (signature: Uint8Array) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Signs what is asked for in one turn of the event loop in one pass: a batch of transactions, or the
 * requests of several callers that arrive at the same instant.
 */
export class SigningQueue {
  readonly #key: SigningKey;
  #waiting: Waiting[] = [];
  #passes = 0;
  readonly #putOff: (pass: () => void) => void;

  /** @param putOff - calls when the requests of this turn are in; see {@link afterPoll}. */
  constructor(key: SigningKey, putOff: (pass: () => void) => void = afterPoll) {
    this.#key = key;
    this.#putOff = putOff;
  }

  /** How many passes were made so far. */
  get passes(): number {
    return this.#passes;
  }

  /**
   * The signature over a message, made with all others of this turn.
   * @throws RangeError when 10,000 messages wait already.
   */
  sign(message: Uint8Array): Promise<Uint8Array> {
    if (this.#waiting.length >= MAX_WAITING) {
      return Promise.reject(new RangeError('Too many signatures are waiting.'));
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ message, resolve, reject });
      if (this.#waiting.length === 1) {
        this.#schedule();
      }
    });
  }

  /** Signatures over a batch of messages, in order. */
  signAll(messages: readonly Uint8Array[]): Promise<Uint8Array[]> {
    return Promise.all(messages.map((message) => this.sign(message)));
  }

  #schedule(): void {
    this.#putOff(() => {
      this.#pass();
    });
  }

  #pass(): void {
    const pass = this.#waiting.slice(0, SIGNATURES_PER_PASS);
    this.#waiting = this.#waiting.slice(SIGNATURES_PER_PASS);
    if (this.#waiting.length > 0) {
      this.#schedule();
    }
    this.#passes += 1;
    try {
      const signatures = this.#key.signAll(pass.map((entry) => entry.message));
      for (const [index, entry] of pass.entries()) {
        settle(entry, signatures[index]);
      }
    } catch (error) {
      for (const entry of pass) {
        entry.reject(error);
      }
    }
  }
}

/** After the event loop's poll phase, so that requests read from several sockets in it are signed together. */
function afterPoll(pass: () => void): void {
  setImmediate(pass);
}

function settle(entry: Waiting, signature: Uint8Array | undefined): void {
  if (signature === undefined) {
    entry.reject(new Error('The signing key returned too few signatures.'));
  } else {
    entry.resolve(signature);
  }
}
