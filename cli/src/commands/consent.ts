/** Sharing with the insurer, as a test patient. */
import {
  ChangeOutput,
  ConsentsAnswer,
  type ConsentTerms,
  Identifier,
  RECORD_CLASSES,
  type RecordClass,
  SharedAnswer,
} from '@pulseledger/domain';
import { Argument, type Command, Option } from 'commander';
import { wholeNumber } from '../base/arguments.ts';
import { type CommonOptions, withSystem } from '../base/common-options.ts';
import { withExamples } from '../base/examples.ts';
import { EXIT, Failure } from '../base/failure.ts';
import { count, print, printJson, time } from '../base/output.ts';
import { agree, randomHex } from '../consent/test-passkey.ts';
import { Api } from '../system/api.ts';
import { patientNamed, readSystem } from '../system/system-file.ts';

const DAY_MS = 86_400_000;
/** The contract judges by the time of the transaction, which may be a little earlier. */
const EARLIER_MS = 60_000;
const MAX_DAYS = 365;
const JSON_HEADERS = { 'content-type': 'application/json' };
/** What an insurer can be given; never notes. */
const SHAREABLE: readonly RecordClass[] = RECORD_CLASSES.filter((one) =>
  [
    ...['encounter', 'condition', 'procedure', 'medication'],
    ...['immunization', 'report', 'result', 'allergy'],
  ].includes(one),
);

interface GrantOptions extends CommonOptions {
  readonly days: number;
  readonly preview: boolean;
}

const HELP = `
The consent is given by the patient: a test patient agrees by a passkey in software, which is made and
registered at the first use. Real patients use the page and their own device.`;

export function addConsent(program: Command): void {
  const grantCommand = program
    .command('grant')
    .description('a test patient shares parts of the record with the insurer, for some days')
    .argument('<patient>', 'test login of the patient')
    .addArgument(new Argument('<class...>', 'what is shared').choices(SHAREABLE))
    .addOption(
      new Option('--days <n>', 'days until it ends by itself')
        .argParser(wholeNumber(1, MAX_DAYS))
        .default(30),
    )
    .option('--preview', 'only show what the insurer would see', false);
  withExamples(withSystem(grantCommand).addHelpText('after', HELP), [
    'grant patient-ada condition medication --preview',
    'grant patient-ada condition medication --days 30 --json',
  ]).action(grant);
  const revokeCommand = program
    .command('revoke')
    .description('a test patient takes consents back; without an id, all that are open')
    .argument('<patient>', 'test login of the patient')
    .argument('[consent]', 'id, as "grant" shows it');
  withExamples(withSystem(revokeCommand).addHelpText('after', HELP), ['revoke patient-ada']).action(
    revoke,
  );
}

/** The API as the test patient who is named. */
async function openPatient(file: string, user: string): Promise<{ api: Api; patientId: string }> {
  const patientId = patientNamed(await readSystem(file), user);
  return { api: await Api.open({ system: file, login: user }), patientId };
}

async function grant(user: string, classes: RecordClass[], options: GrantOptions): Promise<void> {
  const { api, patientId } = await openPatient(options.system, user);
  const terms = termsOf(patientId, classes, options.days);
  if (options.preview) {
    await preview(api, terms, options.json);
    return;
  }
  const agreeing = { ceremony: 'grant', terms } as const;
  const assertion = await agree(api, options.system, patientId, agreeing);
  await api.ask(`patients/${patientId}/consents`, ChangeOutput, {
    ...{ method: 'POST', headers: JSON_HEADERS },
    body: JSON.stringify({ terms, assertion }),
  });
  const { consentId, untilMs } = terms;
  if (options.json) printJson({ consentId, classes, untilMs });
  else print(`The insurer sees ${classes.join(', ')} until ${time(untilMs)}. Consent ${consentId}`);
}

function termsOf(
  patientId: string,
  classes: readonly RecordClass[],
  days: number,
): ConsentTerms & { readonly untilMs: number } {
  const nowMs = Date.now();
  return {
    ...{ v: 1, consentId: randomHex(), patientId, effect: 'permit' },
    grantee: { mspId: 'InsurerMSP', subjectId: null },
    ...{ classes, labels: [], purposes: ['HPAYMT', 'COVAUTH'] },
    ...{ fromMs: nowMs - EARLIER_MS, untilMs: nowMs + days * DAY_MS },
    share: { shareId: randomHex(), aliasSaltHex: randomHex() },
    saltHex: randomHex(),
  };
}

async function preview(api: Api, terms: ConsentTerms, json: boolean): Promise<void> {
  const answer = await api.ask(`patients/${terms.patientId}/consents/preview`, SharedAnswer, {
    ...{ method: 'POST', headers: JSON_HEADERS },
    body: JSON.stringify({ terms }),
  });
  const more = answer.bookmark === undefined ? '' : ', and more';
  if (json) printJson(answer);
  else print(`The insurer would see ${count(answer.records.length, 'record')}${more}.`);
}

async function revoke(
  user: string,
  consent: string | undefined,
  options: CommonOptions,
): Promise<void> {
  const { api, patientId } = await openPatient(options.system, user);
  const ids = consent === undefined ? await openConsents(api, patientId) : [identifier(consent)];
  for (const consentId of ids) {
    const terms = { patientId, consentId };
    const agreeing = { ceremony: 'revoke', terms } as const;
    const assertion = await agree(api, options.system, patientId, agreeing);
    await api.ask(`patients/${patientId}/consents/${consentId}/revoke`, ChangeOutput, {
      ...{ method: 'POST', headers: JSON_HEADERS },
      body: JSON.stringify({ assertion }),
    });
  }
  if (options.json) printJson({ revoked: ids });
  else print(`${count(ids.length, 'consent')} taken back.`);
}

async function openConsents(api: Api, patientId: string): Promise<string[]> {
  const open: string[] = [];
  let from = '';
  for (;;) {
    const page = await api.ask(`patients/${patientId}/consents${from}`, ConsentsAnswer);
    for (const { terms, revoked } of page.consents) {
      if (revoked === null) open.push(terms.consentId);
    }
    if (page.bookmark === undefined) return open;
    from = `?bookmark=${encodeURIComponent(page.bookmark)}`;
  }
}

function identifier(text: string): string {
  if (Identifier.safeParse(text).success) return text;
  throw new Failure(EXIT.usage, {
    what: 'This is no id of a consent.',
    why: 'Ids are 32 lower-case hex digits.',
    remedy: 'Leave it out to take all consents back.',
  });
}
