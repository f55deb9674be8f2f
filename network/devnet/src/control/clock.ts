/** The peers' and orderers' clock: this machine's, moved by some time. */
export class PeerClock {
  #offsetMs = 0;

  get offsetMs(): number {
    return this.#offsetMs;
  }

  readonly now = (): number => Date.now() + this.#offsetMs;

  /** The clock goes on from here. */
  set(timeMs: number): void {
    this.#offsetMs = timeMs - Date.now();
  }

  /** Back to this machine's time. */
  reset(): void {
    this.#offsetMs = 0;
  }
}
