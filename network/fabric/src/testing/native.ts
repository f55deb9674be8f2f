import { findPrograms } from '../programs.ts';

function missing(): string | undefined {
  try {
    findPrograms();
    return undefined;
  } catch (error) {
    return error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
  }
}

function reasonToSkip(): string | undefined {
  const { FABRIC_BIN } = process.env;
  // Fabric's programs may also be on PATH, but nobody who did not ask for it shall wait for these tests.
  if (FABRIC_BIN === undefined || FABRIC_BIN === '') return 'FABRIC_BIN is not set';
  return missing();
}

/** Why tests of native Fabric cannot run here; undefined when they can. */
export const SKIPPED: string | undefined = reasonToSkip();
/** For the end of a title of such tests. */
export const NOTE: string = SKIPPED === undefined ? '' : ` (skipped: ${SKIPPED})`;
