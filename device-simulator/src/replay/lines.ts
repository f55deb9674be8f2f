import { createReadStream } from 'node:fs';

/** A line of a text file. */
export interface Line {
  /** From 1. */
  readonly number: number;
  /** Undefined when the line is longer than the limit. */
  readonly text: string | undefined;
}

/** Collects pieces of a line, and gives up on one that grows too long. */
class LineBuffer {
  readonly #limit: number;
  #text = '';
  #tooLong = false;

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(piece: string): void {
    if (this.#text.length + piece.length > this.#limit) this.#tooLong = true;
    this.#text = this.#tooLong ? '' : this.#text + piece;
  }

  get empty(): boolean {
    return this.#text === '' && !this.#tooLong;
  }

  take(): string | undefined {
    const text = this.#tooLong ? undefined : this.#text.replace(/\r$/, '');
    this.#text = '';
    this.#tooLong = false;
    return text;
  }
}

/** The lines of a file, whatever their length, in memory for one line of at most `limit` characters. */
export async function* boundedLines(path: string, limit: number): AsyncGenerator<Line> {
  const buffer = new LineBuffer(limit);
  let number = 1;
  for await (const chunk of createReadStream(path, 'utf8')) {
    const pieces = String(chunk).split('\n');
    for (const [index, piece] of pieces.entries()) {
      buffer.add(piece);
      if (index === pieces.length - 1) continue;
      yield { number, text: buffer.take() };
      number += 1;
    }
  }
  if (!buffer.empty) yield { number, text: buffer.take() };
}
