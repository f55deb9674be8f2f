import { EMERGENCY_REASONS, EmergencyOpenAnswer, type EmergencyReason } from '@pulseledger/domain';
import { type Command, Option } from 'commander';
import { type CommonOptions, withSystem } from '../base/common-options.ts';
import { withExamples } from '../base/examples.ts';
import { print, printJson, say, table, time } from '../base/output.ts';
import { Api } from '../system/api.ts';
import { dateOf, entriesAt, nameOf, type Resource, statusOf, valueOf } from '../system/fhir.ts';
import { patientNamed } from '../system/system-file.ts';

interface Options extends CommonOptions {
  readonly reason: EmergencyReason;
  readonly why: string;
  readonly login: string;
}

const HELP = `
The patient is told, a supervisor has to review it, and it stays in "who-looked" for ever.`;

export function addEmergency(program: Command): void {
  const command = program
    .command('emergency')
    .description(
      'break the glass: open the summary of a patient whom you do not treat, for half an hour',
    )
    .argument('<patient>', 'id, or test login')
    .addOption(
      new Option('--reason <code>', 'what happened, as a code')
        .choices(EMERGENCY_REASONS)
        .makeOptionMandatory(),
    )
    .requiredOption('--why <text>', 'what happened, in words of 3 to 500 characters')
    .option('--login <user>', 'test login of the medic', 'ambulance-medic');
  withExamples(withSystem(command).addHelpText('after', HELP), [
    'emergency patient-ada --reason unconscious --why "found in the street"',
  ]).action(emergency);
}

async function emergency(patient: string, options: Options): Promise<void> {
  const api = await Api.open(options);
  const patientId = patientNamed(api.system, patient);
  const opened = await api.ask('emergency/open', EmergencyOpenAnswer, {
    ...{ method: 'POST', headers: { 'content-type': 'application/json' } },
    body: JSON.stringify({ patientId, reasonCode: options.reason, text: options.why }),
  });
  const resources = (await entriesAt(api, `Patient/${patientId}/$summary`)).flatMap(
    ({ resource }) => resource ?? [],
  );
  if (options.json) {
    printJson({ ...opened, summary: resources });
    return;
  }
  say(`Open until ${time(opened.untilMs)}; the patient is told. ${opened.partsMayBeWithheld}`);
  print(table(['type', 'date', 'what', 'value', 'status'], resources.map(cells)));
}

function cells(resource: Resource): string[] {
  const { resourceType } = resource;
  return [resourceType, dateOf(resource), nameOf(resource), valueOf(resource), statusOf(resource)];
}
