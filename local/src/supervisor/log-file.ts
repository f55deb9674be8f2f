import { closeSync, fstatSync, openSync, renameSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';

/** A log longer than this is set aside (`.1`) when its process starts. */
const MAX_LOG_BYTES: number = 8 * 1024 * 1024;

/**
 * Opens a process's log for appending. The process writes there itself, so that its last words are kept
 * also when the supervisor dies first. Only the owner can read it.
 */
export async function openLog(file: string): Promise<number> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const descriptor = openSync(file, 'a', 0o600);
  if (fstatSync(descriptor).size <= MAX_LOG_BYTES) return descriptor;
  closeSync(descriptor);
  renameSync(file, `${file}.1`);
  return openSync(file, 'a', 0o600);
}
