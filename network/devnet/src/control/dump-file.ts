import { randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { access, rename, rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ControlError } from './errors.ts';

/** A ledger holds what is private to organizations. */
const OWNER_ONLY = 0o600;

/** Writes a dump, whole or not at all. */
export async function writeDump(from: Readable, file: string): Promise<void> {
  const unfinished = `${file}.${randomUUID()}`;
  try {
    await pipeline(from, createWriteStream(unfinished, { mode: OWNER_ONLY, flush: true }));
    await rename(unfinished, file);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
}

/** @throws ControlError when there is no such file. */
export async function readDump(file: string): Promise<Readable> {
  try {
    await access(file);
  } catch (cause) {
    throw new ControlError(
      `The dump ${file} cannot be read. Name a file that \`dump\` has written.`,
      {
        cause,
      },
    );
  }
  return createReadStream(file);
}
