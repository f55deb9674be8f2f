import { closeSync, fstatSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/** A log file keeps at most this much, and its predecessor (`.1`) as much again. */
const MAX_LOG_BYTES = 8 * 1024 * 1024;

/** Appends to a file and sets it aside when it is full. Only its owner can read it. */
export class RotatingLog {
  readonly #file: string;
  readonly #maxBytes: number;
  #descriptor: number;
  #size: number;

  constructor(file: string, maxBytes: number = MAX_LOG_BYTES) {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    this.#file = file;
    this.#maxBytes = maxBytes;
    this.#descriptor = openSync(file, 'a', 0o600);
    this.#size = fstatSync(this.#descriptor).size;
  }

  append(text: string | Uint8Array): void {
    const bytes = Buffer.from(text);
    if (this.#size > 0 && this.#size + bytes.length > this.#maxBytes) this.#rotate();
    writeSync(this.#descriptor, bytes);
    this.#size += bytes.length;
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  #rotate(): void {
    closeSync(this.#descriptor);
    renameSync(this.#file, `${this.#file}.1`);
    this.#descriptor = openSync(this.#file, 'a', 0o600);
    this.#size = 0;
  }
}
