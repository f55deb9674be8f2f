import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { systemErrorCode } from '../supervisor/failure.ts';
import { QuarantineAccess } from '../supervisor/system-file.ts';
import { CommandFailure, EXIT, noSystem } from './failure.ts';

const SystemCoordinates = z.object({ quarantine: QuarantineAccess });

/** How to get at the quarantine of the system that wrote this file. @throws CommandFailure */
export async function readAccess(systemFile: string): Promise<QuarantineAccess> {
  const text = await readText(systemFile);
  try {
    return SystemCoordinates.parse(JSON.parse(text)).quarantine;
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
