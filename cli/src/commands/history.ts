import type { Command } from 'commander';
import { type LoginOptions, withLogin } from '../base/common-options.ts';
import { withExamples } from '../base/examples.ts';
import { print, printJson, table } from '../base/output.ts';
import { Api } from '../system/api.ts';
import { type Entry, entriesAt, nameOf, statusOf } from '../system/fhir.ts';
import { patientNamed } from '../system/system-file.ts';

export function addHistory(program: Command): void {
  const command = program
    .command('history')
    .description('all versions of a resource, newest first')
    .argument('<type>', 'FHIR type, e.g. Condition')
    .argument('<id>', 'as "chart" shows it; of a Patient also the test login');
  withExamples(withLogin(command), ['history Condition ID --login hospital-doctor']).action(
    history,
  );
}

async function history(type: string, id: string, options: LoginOptions): Promise<void> {
  const api = await Api.open(options);
  const known = type === 'Patient' ? patientNamed(api.system, id) : id;
  const path = `${encodeURIComponent(type)}/${encodeURIComponent(known)}/_history`;
  const versions = await entriesAt(api, path);
  if (options.json) printJson({ versions });
  else print(table(['version', 'when', 'change', 'what', 'status'], versions.map(cells)));
}

const UNKNOWN = '-';

function cells({ request, response, resource }: Entry): string[] {
  const { etag = '', lastModified = UNKNOWN } = response ?? {};
  const version = /\d+/.exec(etag)?.[0] ?? UNKNOWN;
  const { method } = request ?? { method: UNKNOWN };
  if (resource === undefined) return [version, lastModified, method, UNKNOWN, UNKNOWN];
  return [version, lastModified, method, nameOf(resource), statusOf(resource)];
}
