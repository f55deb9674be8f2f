import { AlarmsAnswer, News2Answer } from '@pulseledger/domain';
import { Argument, type Command } from 'commander';
import { z } from 'zod';
import { type LoginOptions, withLogin } from '../base/common-options.ts';
import { withExamples } from '../base/examples.ts';
import { Failure } from '../base/failure.ts';
import { count, print, printJson, table } from '../base/output.ts';
import { Api } from '../system/api.ts';
import { dateOf, nameOf, Resource, resourcesAt, statusOf, valueOf } from '../system/fhir.ts';
import { patientNamed } from '../system/system-file.ts';

/** Sections of a chart, and the search that fills each. */
const SEARCHES = {
  visits: 'Encounter?patient=ID&_count=100',
  problems: 'Condition?patient=ID&_count=100',
  medications: 'MedicationRequest?patient=ID&_count=100',
  allergies: 'AllergyIntolerance?patient=ID&_count=100',
  results: 'Observation?patient=ID&category=laboratory&_count=100',
  reports: 'DiagnosticReport?patient=ID&_count=100',
  procedures: 'Procedure?patient=ID&_count=100',
  immunizations: 'Immunization?patient=ID&_count=100',
  devices: 'Device?patient=ID&_count=100',
  vitals: 'Observation/$lastn?patient=ID&category=vital-signs',
} as const;
type Search = keyof typeof SEARCHES;
const isSearch = (name: string): name is Search => Object.hasOwn(SEARCHES, name);
const SEARCH_NAMES: readonly Search[] = Object.keys(SEARCHES).filter(isSearch);
const SECTIONS = [...SEARCH_NAMES, 'news2', 'alarms'] as const;

const Patient = z.object({
  name: z
    .array(z.object({ family: z.string().optional(), given: z.array(z.string()).optional() }))
    .optional(),
  birthDate: z.string().optional(),
  gender: z.string().optional(),
});

export function addChart(program: Command): void {
  const command = program
    .command('chart')
    .description('what the record says of a patient: all of it in short, or one section')
    .argument('<patient>', 'id, or test login')
    .addArgument(new Argument('[section]', 'only this section').choices(SECTIONS));
  withExamples(withLogin(command), [
    'chart patient-ada --login hospital-doctor',
    'chart patient-ada vitals --login hospital-doctor --json',
  ]).action(chart);
}

async function chart(
  patient: string,
  section: string | undefined,
  options: LoginOptions,
): Promise<void> {
  const api = await Api.open(options);
  const id = patientNamed(api.system, patient);
  if (section === 'news2')
    show(await api.ask(`patients/${id}/news2`, News2Answer), options, news2Text);
  else if (section === 'alarms')
    show(await api.ask(`patients/${id}/alarms`, AlarmsAnswer), options, alarmsText);
  else if (section !== undefined && isSearch(section)) {
    show(await resourcesAt(api, searchOf(section, id)), options, resourcesText);
  } else await whole(api, id, options);
}

function show<T>(answer: T, { json }: LoginOptions, text: (answer: T) => string): void {
  if (json) printJson(answer);
  else print(text(answer));
}

function searchOf(section: Search, id: string): string {
  return SEARCHES[section].replace('ID', id);
}

/** A section that may not be read is told as such; the others are shown. */
async function whole(api: Api, id: string, options: LoginOptions): Promise<void> {
  const patient = await api.ask(`Patient/${id}`, Resource);
  const sections: Record<string, readonly Resource[] | { readonly refused: string }> = {};
  for (const name of SEARCH_NAMES) {
    try {
      sections[name] = await resourcesAt(api, searchOf(name, id));
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      sections[name] = { refused: error.text.what };
    }
  }
  if (options.json) {
    printJson({ patient, sections });
    return;
  }
  print(patientText(patient));
  for (const [name, found] of Object.entries(sections)) {
    if ('refused' in found) print(`\n${name}: ${found.refused}`);
    else if (found.length > 0) print(`\n${name} (${found.length})\n${resourcesText(found)}`);
  }
  const empty = Object.entries(sections).flatMap(([name, found]) =>
    Array.isArray(found) && found.length === 0 ? [name] : [],
  );
  if (empty.length > 0) print(`\nNothing recorded: ${empty.join(', ')}.`);
}

function patientText(resource: Resource): string {
  const { name, birthDate = '-', gender = '-' } = Patient.parse(resource);
  const { family = '', given = [] } = name?.[0] ?? {};
  return `${family}, ${given.join(' ')}; born ${birthDate}; ${gender}; ${resource.id ?? ''}`;
}

function resourcesText(resources: readonly Resource[]): string {
  if (resources.length === 0) return 'Nothing recorded.';
  const rows = resources.map((one) => [
    dateOf(one),
    nameOf(one),
    valueOf(one),
    statusOf(one),
    one.id ?? '',
  ]);
  return table(['date', 'what', 'value', 'status', 'id'], rows);
}

function news2Text({ score, inputs, scale }: News2Answer): string {
  const rows = inputs.map(({ parameter, value, ageMs }) => [
    parameter,
    String(value),
    `${Math.round(ageMs / 1_000)} s ago`,
  ]);
  return `NEWS2 (scale ${scale}): ${scoreText(score)}\n${table(['input', 'value', 'age'], rows)}`;
}

function scoreText(score: News2Answer['score']): string {
  switch (score.status) {
    case 'not-applicable':
      return `not applicable (${score.reason})`;
    case 'complete':
      return `${score.total}, ${score.response.urgency}`;
    case 'partial':
      return `not complete: ${score.known} of ${score.of} known, missing ${score.missing.join(', ') || '-'}, too old ${score.stale.join(', ') || '-'}`;
  }
}

function alarmsText({ open, closed, historical }: AlarmsAnswer): string {
  const rows = open.map((alarm) =>
    Object.values(alarm).map((value) =>
      typeof value === 'object' ? JSON.stringify(value) : String(value),
    ),
  );
  const heading = `${count(open.length, 'open alarm')}, ${closed.length} closed, ${historical.length} shown by late data.`;
  return [heading, ...rows.map((row) => row.join('  '))].join('\n');
}
