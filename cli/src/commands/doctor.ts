import type { Command } from 'commander';
import { type CommonOptions, withSystem } from '../base/common-options.ts';
import { withExamples } from '../base/examples.ts';
import { EXIT } from '../base/failure.ts';
import { coloured, print, printJson, say } from '../base/output.ts';
import { type Check, checkMachine } from '../doctor/machine.ts';
import { checkSystem } from '../doctor/system.ts';

export function addDoctor(program: Command): void {
  const command = program
    .command('doctor')
    .description('what is wrong here, and the exact fix of each thing');
  withExamples(withSystem(command), ['doctor', 'doctor --json']).action(doctor);
}

async function doctor({ system, json }: CommonOptions): Promise<void> {
  const checks: Check[] = [];
  for await (const check of allChecks(system)) {
    checks.push(check);
    if (!json) print(line(check));
  }
  const failed = checks.filter(({ state }) => state === 'failed').length;
  if (json) printJson({ checks, failed });
  else say(failed === 0 ? 'Nothing is wrong.' : `${failed} of ${checks.length} checks failed.`);
  if (failed > 0) process.exitCode = EXIT.failed;
}

async function* allChecks(systemFile: string): AsyncGenerator<Check> {
  yield* checkMachine(systemFile);
  yield* checkSystem(systemFile);
}

function line({ name, state, detail, fix }: Check): string {
  const colours = { ok: 'green', note: 'yellow', failed: 'red', skipped: 'yellow' } as const;
  const mark = coloured(colours[state], state.padEnd(8));
  return `${mark}${name.padEnd(20)}${detail}${fix === undefined ? '' : `\n        fix: ${fix}`}`;
}
