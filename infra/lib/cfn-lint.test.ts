import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { cfnLint } from './testing/cfn-lint.ts';
import { synthesise } from './testing/synthesised.ts';

const program = cfnLint();
const NAME = 'cfn-lint finds no error in any template of prod, and finds one that is planted';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cfn-lint-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Environments differ in their table only (app.test.ts), so one of them is enough. */
function lint(templates: Readonly<Record<string, unknown>>): {
  status: number | null;
  text: string;
} {
  const files = Object.entries(templates).map(([name, template]) => {
    const file = join(folder, `${name}.template.json`);
    writeFileSync(file, JSON.stringify(template));
    return file;
  });
  // Warnings are about zones that the table names, and parameters that CDK makes.
  const options = ['--non-zero-exit-code', 'error', '--ignore-checks', 'W', '--'];
  const { status, stdout } = spawnSync(program ?? '', [...options, ...files], { encoding: 'utf8' });
  return { status, text: stdout };
}

function check(): void {
  const prod = synthesise().filter(({ environment }) => environment === 'prod');
  const templates = Object.fromEntries(prod.map(({ name, template }) => [name, template]));
  expect(lint(templates)).toEqual({ status: 0, text: '' });
  const planted = { Resources: { Queue: { Type: 'AWS::SQS::Queue', Properties: { Colour: 1 } } } };
  expect(lint({ planted }).status).not.toBe(0);
}

// In CI its absence is a failure, not a reason to skip.
if (program !== undefined || process.env['CI'] !== undefined) test(NAME, check, 300_000);
else test.skip(`${NAME} (skipped: no Python with pip here)`, check);
