import { AccessesAnswer, type AccessLine } from '@pulseledger/domain';
import type { Command } from 'commander';
import { wholeNumber } from '../base/arguments.ts';
import { type LoginOptions, withLogin } from '../base/common-options.ts';
import { withExamples } from '../base/examples.ts';
import { count, print, printJson, say, table, time } from '../base/output.ts';
import { Api } from '../system/api.ts';
import { patientNamed } from '../system/system-file.ts';

const MAX_LISTED = 10_000;
const HEADINGS = ['when', 'who', 'role', 'organization', 'purpose', 'opened', 'refused'];

interface Options extends LoginOptions {
  readonly limit: number;
}

export function addWhoLooked(program: Command): void {
  const command = program
    .command('who-looked')
    .description('who opened the record or tried to, newest first; emergencies are marked')
    .argument('<patient>', 'id, or test login')
    .option('--limit <n>', 'list at most this many', wholeNumber(1, MAX_LISTED), 100);
  withExamples(withLogin(command), ['who-looked patient-ada --login patient-ada']).action(
    whoLooked,
  );
}

async function whoLooked(patient: string, { limit, ...options }: Options): Promise<void> {
  const api = await Api.open(options);
  const path = `patients/${patientNamed(api.system, patient)}/accesses`;
  const found: AccessLine[] = [];
  let from = '';
  for (;;) {
    const page = await api.ask(`${path}${from}`, AccessesAnswer);
    found.push(...page.accesses);
    if (page.bookmark === undefined || found.length >= limit) break;
    from = `?bookmark=${encodeURIComponent(page.bookmark)}`;
  }
  const accesses = found.slice(0, limit);
  if (options.json) {
    printJson({ accesses });
    return;
  }
  say(
    accesses.length === 0
      ? 'Nobody has looked.'
      : `${count(accesses.length, 'access', 'accesses')}.`,
  );
  if (accesses.length > 0) print(table(HEADINGS, accesses.map(cells)));
}

function cells(access: AccessLine): string[] {
  const { atMs, name, role, organization, purpose, permitted, refused } = access;
  return [
    time(atMs),
    name ?? '-',
    role,
    organization,
    [purpose, ...marksOf(access)].join(' '),
    permitted.join(',') || '-',
    refused.join(',') || '-',
  ];
}

/** What is unusual about an access. */
function marksOf({ isEmergency, enteredLateAtMs, verdict, correction }: AccessLine): string[] {
  return [
    ...(isEmergency ? ['EMERGENCY'] : []),
    ...(enteredLateAtMs === null ? [] : [`entered ${time(enteredLateAtMs)}`]),
    ...(verdict === null ? [] : [verdict]),
    ...(correction === undefined ? [] : [`correction ${correction}`]),
  ];
}
