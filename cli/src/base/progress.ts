const REPAINT_MS = 200;
/** Off a terminal a whole line now and then. */
const LINE_MS = 5_000;
const MS_PER_SECOND = 1_000;

/** Where progress is written: `process.stderr`, or less. */
export interface ProgressOutput {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** How far a long piece of work is, how fast, and how long it still takes; on stderr. */
export class Progress {
  readonly #total: number;
  readonly #noun: string;
  readonly #output: ProgressOutput;
  readonly #now: () => number;
  readonly #startedAtMs: number;
  #saidAtMs: number;
  #isPainted = false;

  constructor(
    total: number,
    noun: string,
    output: ProgressOutput = process.stderr,
    now: () => number = Date.now,
  ) {
    this.#total = total;
    this.#noun = noun;
    this.#output = output;
    this.#now = now;
    this.#startedAtMs = now();
    this.#saidAtMs = this.#startedAtMs;
  }

  update(done: number): void {
    const nowMs = this.#now();
    const isTerminal = this.#output.isTTY === true;
    if (nowMs - this.#saidAtMs < (isTerminal ? REPAINT_MS : LINE_MS)) return;
    this.#saidAtMs = nowMs;
    const text = this.#text(done, nowMs);
    this.#output.write(isTerminal ? `\r\u001b[2K${text}` : `${text}\n`);
    this.#isPainted = isTerminal;
  }

  /** Takes the painted line away. */
  end(): void {
    if (this.#isPainted) this.#output.write('\r\u001b[2K');
    this.#isPainted = false;
  }

  #text(done: number, nowMs: number): string {
    const whole = `${done.toLocaleString('en-US')} of ${this.#total.toLocaleString('en-US')} ${this.#noun}`;
    const rate = done / ((nowMs - this.#startedAtMs) / MS_PER_SECOND);
    if (!(rate > 0)) return whole;
    const left = Math.ceil((this.#total - done) / rate);
    return `${whole}, ${rate.toFixed(1)} a second, ${durationText(left)} left`;
  }
}

function durationText(seconds: number): string {
  if (seconds < 60) return `${seconds} s`;
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
