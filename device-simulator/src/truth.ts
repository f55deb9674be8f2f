import {
  closeSync,
  constants,
  createReadStream,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  writeSync,
} from 'node:fs';
import { createInterface } from 'node:readline';
import { PulseError } from '@pulseledger/domain';
import { plainLine, TruthLine } from './truth-lines.ts';

const TAIL_BYTES = 65_536;
const NEWLINE = 0x0a;

/** Cut a last line without its end: a killed process may leave one, and we append after it. */
function cutBrokenLine(file: number): void {
  let end = fstatSync(file).size;
  const tail = Buffer.alloc(TAIL_BYTES);
  while (end > 0) {
    const from = Math.max(0, end - TAIL_BYTES);
    const length = readSync(file, tail, 0, end - from, from);
    const newline = tail.subarray(0, length).lastIndexOf(NEWLINE);
    end = newline < 0 ? from : from + newline + 1;
    if (newline >= 0) break;
  }
  ftruncateSync(file, end);
}

/**
 * What really happened, for checking the ledger against: one JSON object a line, handed to the
 * operating system before the call returns, so that a killed process leaves it behind. It holds
 * invented people's readings in clear: 0600, never among logs.
 */
export class TruthWriter {
  readonly #file: number | undefined = undefined;

  /** @param path File to append to; undefined writes nothing. */
  constructor(path: string | undefined) {
    if (path === undefined) return;
    this.#file = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_APPEND, 0o600);
    cutBrokenLine(this.#file);
  }

  write(line: TruthLine): void {
    if (this.#file === undefined) return;
    writeSync(this.#file, `${JSON.stringify(plainLine(line))}\n`);
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
  }
}

/**
 * Read a truth file line by line. A chunk can appear twice with the same identity and digest (after
 * a restart, what was still pending is written again); a last line cut off by a kill is left out.
 *
 * @throws PulseError malformed when a line in the middle is not one.
 */
export async function* readTruth(path: string): AsyncGenerator<TruthLine> {
  let number = 0;
  let broken: number | undefined;
  for await (const line of createInterface({ input: createReadStream(path, 'utf8') })) {
    number += 1;
    if (broken !== undefined) throw new PulseError('malformed', `truth file, line ${broken}`);
    const parsed = parseLine(line);
    if (parsed === undefined) broken = number;
    else yield parsed;
  }
}

function parseLine(line: string): TruthLine | undefined {
  try {
    return TruthLine.parse(JSON.parse(line));
  } catch {
    return undefined;
  }
}
