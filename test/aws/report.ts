import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { NetworkKind } from '../negative/support/system.ts';
import type { Check } from './check.ts';
import { lastLines } from './child.ts';
import type { Deployment } from './deployment.ts';

/** What came of a check. */
export interface Seen {
  readonly behaviour: string;
  /** A figure or word that says more than that it was seen. */
  readonly detail?: string | undefined;
  /** Why it was not seen. */
  readonly failure?: string;
}

export interface Report {
  readonly network: NetworkKind;
  readonly checks: readonly Seen[];
  /** Types of resources that were not deployed. */
  readonly leftOut: readonly string[];
}

/** What has not happened by then will not; only a failure waits so long. */
const LONGEST_MS = 300_000;

/** Looks, and never throws: one behaviour that is missing keeps no other from being looked at. */
export async function seen(
  { behaviour, look }: Check,
  deployment: Deployment,
  signal: AbortSignal,
): Promise<Seen> {
  const over = new AbortController();
  const anyEnd = AbortSignal.any([over.signal, signal]);
  const tooLong = delay(LONGEST_MS, undefined, { signal: anyEnd }).then(() => {
    throw new Error('It did not happen.');
  });
  try {
    return { behaviour, detail: await Promise.race([look(deployment), tooLong]) };
  } catch (error) {
    signal.throwIfAborted();
    const why = error instanceof Error ? error.message : String(error);
    const log = lastLines(await readFile(deployment.emulator.logFile, 'utf8'));
    return { behaviour, failure: `${why}\nThe emulator said at last:\n${log}` };
  } finally {
    tooLong.catch(() => undefined);
    over.abort();
  }
}

export function asText({ network, checks, leftOut }: Report): string {
  const lines = checks.map(({ behaviour, detail, failure }) =>
    failure === undefined
      ? `ok      ${behaviour}${detail === undefined ? '' : ` (${detail})`}`
      : `FAILED  ${behaviour}\n        ${failure.replaceAll('\n', '\n        ')}`,
  );
  const bridged = `Ledger: ${network}. Not deployed, since the emulator cannot make it: ${leftOut.join(', ')}.`;
  return [...lines, bridged].join('\n');
}
