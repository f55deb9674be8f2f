import { parseArgs } from 'node:util';
import type { NetworkKind } from './start-network.ts';

/** What the command line asks for. */
export interface ConformanceOptions {
  readonly network: NetworkKind;
  readonly json: boolean;
  readonly record: boolean;
  readonly document: boolean;
  readonly rows: RegExp | undefined;
}

export const USAGE = `npm run conformance -- [options]
Runs the table of behaviours on a network and compares each answer with the one recorded from native Fabric.
  --network devnet|fabric  where to run it (default: devnet); fabric needs FABRIC_BIN
  --rows PATTERN           only rows whose id matches this regular expression, e.g. '^mvcc/'
  --record                 keep the answers as the expected ones (with --network fabric)
  --document               write docs/CONFORMANCE.md (with --network devnet and all rows)
  --json                   one JSON object as the last line on standard output
  --help                   this text
Exit codes: 0 all rows equal, 1 a row differs, 2 wrong options or the network did not start.`;

/** @throws Error saying what is wrong with the command line. */
export function parseArguments(args: readonly string[]): ConformanceOptions | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      network: { type: 'string', default: 'devnet' },
      rows: { type: 'string' },
      record: { type: 'boolean', default: false },
      document: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return 'help';
  const { network, record, document, json } = values;
  if (network !== 'devnet' && network !== 'fabric')
    throw new Error('--network is devnet or fabric.');
  if (record && network !== 'fabric') {
    throw new Error('Only native answers are recorded: add --network fabric.');
  }
  if (document && (network !== 'devnet' || values.rows !== undefined)) {
    throw new Error('--document is for all rows on the devnet.');
  }
  const rows = values.rows === undefined ? undefined : new RegExp(values.rows);
  return { network, json, record, document, rows };
}
