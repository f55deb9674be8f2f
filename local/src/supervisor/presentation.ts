import { chaosSummary } from './chaos/chaos-presentation.ts';
import type { RunOptions } from './options.ts';
import type { RunReport } from './run-report.ts';
import type { System } from './system.ts';

const NAME_WIDTH = 18;
const PASSWORD_WIDTH = 14;

/** What a person sees when the system is up: where it is, who can log in, what to try. */
export function welcome(system: System, options: RunOptions): string {
  const { pageUrl, apiUrl, issuerUrl, metricsUrl } = system.addresses;
  const { logins } = system.people;
  const lines = logins.map(
    ({ user, password, role, organization }) =>
      `  ${user.padEnd(NAME_WIDTH)}${password.padEnd(PASSWORD_WIDTH)}${role}, ${organization}`,
  );
  const doctor = logins.find(({ role }) => role === 'doctor');
  const patient = logins.find(({ role }) => role === 'patient');
  const ca = system.installation.tlsCaFile;
  return `
Pulseledger runs on the ${options.network} network.

  page       ${pageUrl}
  FHIR API   ${apiUrl}      (certificate: ${ca})
  logins at  ${issuerUrl}
  metrics    ${metricsUrl}

Test logins (user, password):
${lines.join('\n')}

A doctor reads a patient's latest vital signs:

  CA=${ca}
  TOKEN=$(curl -s --cacert "$CA" ${issuerUrl}/token \\
    -d grant_type=password -d client_id=pulseledger-cli \\
    -d username=${doctor?.user ?? ''} -d password=${doctor?.password ?? ''} \\
    | sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/')
  curl -s --cacert "$CA" -H "Authorization: Bearer $TOKEN" \\
    "${apiUrl}/Observation/\\$lastn?category=vital-signs&patient=${patient?.subjectId ?? ''}"

Next: npm run simulate -- replay FILE --patient ${patient?.user ?? ''}${systemArgument(options)}
      plays a real recording into it.
      npm run quarantine -- list${systemArgument(options)}
      shows what could not be recorded, and why.
      Ctrl-C ends it in order: what is measured is committed first.
`;
}

/** `npm run simulate` finds a system in the default folder by itself. */
function systemArgument({ systemFiles: [own, shared] }: RunOptions): string {
  return shared === undefined ? ` --system ${own ?? ''}` : '';
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
