import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { normalise } from './answers.ts';
import { parseArguments } from './arguments.ts';
import { mutate, original } from './mutated-devnet.ts';
import { MUTATIONS } from './mutations.ts';
import { ROWS } from './rows.ts';

const MINUTES = 60_000;
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;
const MIN_ROWS = 150;
const MIN_RULES = 10;

const Summary = z.object({
  rows: z.number(),
  equal: z.number(),
  differences: z.array(z.object({ id: z.string() }).loose()),
});
const Broken = z.object({ rule: z.string(), rows: z.array(z.string()) });

interface Ended {
  readonly code: number;
  readonly lines: readonly string[];
}

/** Runs one of this folder's programs as a user would. */
async function run(program: string, ...args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [join(__dirname, program), ...args],
      { maxBuffer: MAX_OUTPUT_BYTES },
      (error, stdout) => {
        const code = typeof error?.code === 'number' ? error.code : 0;
        resolve({ code, lines: stdout.trim().split('\n') });
      },
    );
  });
}

async function summaryOf(network: string): Promise<z.infer<typeof Summary> & { code: number }> {
  const { code, lines } = await run('main.ts', '--network', network, '--json');
  return { ...Summary.parse(JSON.parse(lines.at(-1) ?? '')), code };
}

test(
  'every behaviour of the table is the same on the devnet as on native Fabric',
  async () => {
    const { code, rows, equal, differences } = await summaryOf('devnet');
    expect(differences).toEqual([]);
    expect(rows).toBeGreaterThanOrEqual(MIN_ROWS);
    expect(equal).toBe(rows);
    expect(code).toBe(0);
  },
  5 * MINUTES,
);

test(
  'each rule of the devnet that is broken is reported by a row',
  async () => {
    const { lines } = await run('mutations-main.ts');
    const found = lines.map((line) => Broken.parse(JSON.parse(line)));
    expect(found.map(({ rule }) => rule)).toEqual(MUTATIONS.map(({ rule }) => rule));
    expect(found.filter(({ rows }) => rows.length === 0)).toEqual([]);
    expect(found.length).toBeGreaterThanOrEqual(MIN_RULES);
  },
  5 * MINUTES,
);

const hasFabric = process.env['FABRIC_BIN'] !== undefined;
const nativeTest = hasFabric ? test : test.skip;

nativeTest(
  `native Fabric answers as recorded${hasFabric ? '' : ' (skipped: FABRIC_BIN is not set)'}`,
  async () => {
    const { code, differences } = await summaryOf('fabric');
    expect(differences).toEqual([]);
    expect(code).toBe(0);
  },
  15 * MINUTES,
);

describe('the table', () => {
  test('has each row once', () => {
    const ids = ROWS.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test.each(MUTATIONS)('can break: $rule', (mutation) => {
    expect(mutate(original(mutation), mutation)).not.toBe(original(mutation));
    expect(ROWS.some(({ id }) => mutation.rows.test(id))).toBe(true);
  });

  test('compares answers without what differs in every run', () => {
    const names = {
      addresses: new Map([['127.0.0.1:7051', "<hospital's peer>"]]),
      transactions: ['ab'.repeat(32)],
      prefix: 'row:',
    };
    const answer = { text: `127.0.0.1:7051 ${'ab'.repeat(32)} row:a 2026-01-01T00:00:00Z`, n: 1n };
    expect(normalise(answer, names)).toEqual({
      n: 1,
      text: "<hospital's peer> <transaction 1> @a <time>",
    });
  });
});

describe('the command line', () => {
  test('has defaults', () => {
    expect(parseArguments([])).toEqual({
      network: 'devnet',
      json: false,
      record: false,
      document: false,
      rows: undefined,
    });
  });

  test.each([
    [['--network', 'other']],
    [['--record']],
    [['--network', 'fabric', '--document']],
    [['--unknown']],
  ])('refuses %j', (args) => {
    expect(() => parseArguments(args)).toThrow();
  });
});
