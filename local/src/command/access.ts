import { readFile } from 'node:fs/promises';
import type { z } from 'zod';
import { systemErrorCode } from '../supervisor/failure.ts';
import { CommandFailure, EXIT, noSystem } from './failure.ts';

/** The part of a system file that a command needs. @throws CommandFailure */
export async function readCoordinates<T>(systemFile: string, schema: z.ZodType<T>): Promise<T> {
  const text = await readText(systemFile);
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    throw new CommandFailure(
      EXIT.failed,
      `${systemFile} is not a system file of this version. ` +
        'Start the system again with this version, or name its file (DATA/run/system.json) with --system.',
      error,
    );
  }
}

async function readText(systemFile: string): Promise<string> {
  try {
    return await readFile(systemFile, 'utf8');
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'EACCES' || code === 'EPERM') {
      throw new CommandFailure(
        EXIT.notEntitled,
        `You may not read ${systemFile} (${code}): it belongs to who started the system. ` +
          'Run this command as that user.',
        error,
      );
    }
    throw noSystem(systemFile, error);
  }
}
