import { chaosSummary } from './chaos/chaos-presentation.ts';
import type { RunOptions } from './options.ts';
import type { RunReport } from './run-report.ts';
import type { System } from './system.ts';

const NAME_WIDTH = 22;
const PASSWORD_WIDTH = 14;

/** What a person sees when the system is up: where it is, who can log in, three things to try. */
export function welcome(system: System, options: RunOptions): string {
  const { pageUrl, apiUrl, metricsUrl } = system.addresses;
  const { logins } = system.people;
  const lines = logins.map(
    ({ user, password, role, organization }) =>
      `  ${user.padEnd(NAME_WIDTH)}${password.padEnd(PASSWORD_WIDTH)}${role}, ${organization}`,
  );
  const { story, network } = options;
  return `
Pulseledger runs on the ${network} network.
${story ? `\n  story      ${pageUrl}story      doctor, patient and insurer side by side` : ''}
  page       ${pageUrl}
  FHIR API   ${apiUrl}      (certificate: ${system.installation.tlsCaFile})
  metrics    ${metricsUrl}

Test logins (user, password):
${lines.join('\n')}

Three things to try${inOtherFolder(options)}:

  1. ${story ? STORY_TRY : PAGE_TRY}
  2. npx pulse trigger patient-ada
       one reading, followed from the device through every hop to the ledger and back
  3. npx pulse grant patient-ada condition medication, then npx pulse revoke patient-ada
       the insurer sees it by the patient's passkey, and no more when it is taken back

Ctrl-C ends it in order: what is measured is committed first.
`;
}

const STORY_TRY = `Open the story, and in the doctor's part the chart of Ada Sample
       the patient's "Who looked" has a new line at once`;
const PAGE_TRY = `Sign in on the page as hospital-doctor and open the chart of Ada Sample
       patient-ada, in another browser, finds it in "Who looked"`;

/** Programs find a system in the default folder by themselves. */
function inOtherFolder({ systemFiles: [own, shared] }: RunOptions): string {
  return shared === undefined ? ` (after: export PULSE_SYSTEM=${own ?? ''})` : '';
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}

/** The closing account for a person. */
export function summary(report: RunReport): string {
  const { commitLatencyMs: latency } = report;
  const { wrongFates, chaos } = report;
  const isRight = report.lost + report.duplicated + report.altered === 0 && wrongFates.length === 0;
  return `
${count(report.committed)} readings of ${report.devices} devices are on the ledger, in ${count(report.transactions)} transactions
(${report.readingsPerTransaction} readings a transaction, ${report.ledgerBytesPerReading} bytes a reading on disk).
Window closed to ledger acknowledgement: ${latency === null ? 'none came' : `median ${latency.p50} ms, 99 % within ${latency.p99} ms`}.
Published ${count(report.published)}, acknowledged ${count(report.acknowledged)}, quarantined ${count(report.quarantined)}, lost ${count(report.lost)}, duplicated ${count(report.duplicated)}, altered ${count(report.altered)}.
${chaos === undefined ? '' : chaosSummary(chaos)}${wrongFates.length === 0 ? '' : `Of what was tried, ${count(wrongFates.length)} met another fate than it had to; --json lists them.\n`}${isRight ? 'Every reading is accounted for, by the data of the peers alone.' : 'The account is NOT right: see above and the logs.'}
`;
}
