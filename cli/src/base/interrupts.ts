import { EXIT } from './failure.ts';

/**
 * Aborts at Ctrl-C, so that what is under way can end in order; a second one ends at once. While nobody has
 * asked for this, Ctrl-C ends the process as always.
 */
export function untilInterrupted(): AbortSignal {
  const interrupted = new AbortController();
  const onSignal = (): void => {
    if (interrupted.signal.aborted) process.exit(EXIT.interrupted);
    interrupted.abort();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return interrupted.signal;
}
