import { PatientsAnswer } from '@pulseledger/domain';
import type { Command } from 'commander';
import { wholeNumber } from '../base/arguments.ts';
import { type LoginOptions, withLogin } from '../base/common-options.ts';
import { withExamples } from '../base/examples.ts';
import { count, print, printJson, say, table } from '../base/output.ts';
import { Api } from '../system/api.ts';

const MAX_LISTED = 10_000;

interface Options extends LoginOptions {
  readonly limit: number;
}

export function addPatients(program: Command): void {
  const command = program
    .command('patients')
    .description('the patients whom you treat')
    .option('--limit <n>', 'list at most this many', wholeNumber(1, MAX_LISTED), 100);
  withExamples(withLogin(command), ['patients --login hospital-doctor']).action(patients);
}

async function patients({ limit, ...options }: Options): Promise<void> {
  const api = await Api.open(options);
  const found: PatientsAnswer['patients'][number][] = [];
  let from = '';
  for (;;) {
    const page = await api.ask(`patients${from}`, PatientsAnswer);
    found.push(...page.patients);
    if (page.bookmark === undefined || found.length >= limit) break;
    from = `?bookmark=${encodeURIComponent(page.bookmark)}`;
  }
  const listed = found.slice(0, limit);
  if (options.json) {
    printJson({ patients: listed });
    return;
  }
  say(`${count(listed.length, 'patient')} of ${api.user}.`);
  if (listed.length === 0) return;
  const rows = listed.map(({ patientId, basics: { family, given, birthDate, gender } }) => [
    patientId,
    `${family}, ${given.join(' ')}`,
    birthDate,
    gender,
  ]);
  print(table(['patient', 'name', 'born', 'gender'], rows));
}
