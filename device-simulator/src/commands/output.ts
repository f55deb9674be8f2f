/** Exit codes of the command; documented in its help. */
export const EXIT = { ok: 0, failed: 1, usage: 2, interrupted: 130 } as const;

/** One JSON object on a line of stdout. */
export function printJson(value: unknown): void {
  print(JSON.stringify(value));
}

/** One line of result for people, on stdout. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Talk goes to stderr, so that stdout stays for data. */
export function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

const REPAINT_MS = 200;

/** A progress line on stderr that is painted over on a terminal and silent elsewhere. */
export class ProgressLine {
  #paintedAtMs = 0;
  #painted = false;

  update(text: () => string): void {
    if (!process.stderr.isTTY) return;
    const nowMs = Date.now();
    if (nowMs - this.#paintedAtMs < REPAINT_MS) return;
    this.#paintedAtMs = nowMs;
    this.#painted = true;
    process.stderr.write(`\r\u001b[2K${text()}`);
  }

  clear(): void {
    if (this.#painted) process.stderr.write('\r\u001b[2K');
    this.#painted = false;
  }
}
