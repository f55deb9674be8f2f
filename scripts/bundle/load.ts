import { spawnSync } from 'node:child_process';

const ORGANIZATION = {
  endpoint: '127.0.0.1:1',
  serverName: 'peer0.pulse.test',
  tlsRootCertificatePem: '-----BEGIN CERTIFICATE-----',
};

/** Everything that any function asks its environment for when it is loaded; nothing is called at these addresses. */
const ENVIRONMENT: Readonly<Record<string, string>> = {
  AWS_REGION: 'eu-central-1',
  AWS_ACCESS_KEY_ID: 'unused',
  AWS_SECRET_ACCESS_KEY: 'unused',
  PULSE_SECRET_PREFIX: 'pulseledger/unused',
  PULSE_ORGANIZATION: 'hospital',
  PULSE_CONNECTION_PROFILE: JSON.stringify({
    network: 'devnet',
    channel: 'records',
    chaincode: 'pulse',
    organizations: {
      hospital: { ...ORGANIZATION, mspId: 'HospitalMSP' },
      clinic: { ...ORGANIZATION, mspId: 'ClinicMSP' },
      insurer: { ...ORGANIZATION, mspId: 'InsurerMSP' },
    },
  }),
  PULSE_IOT_ARN: 'arn:aws:iot:eu-central-1:000000000000',
  QUARANTINE_QUEUE_URL: 'http://127.0.0.1:1/unused',
  EMERGENCY_QUEUE_URL: 'http://127.0.0.1:1/unused',
  DOCUMENT_BUCKET: 'unused',
  OIDC_ISSUER: 'https://127.0.0.1:1/unused',
  OIDC_AUDIENCE: 'unused',
  FHIR_BASE_URL: 'https://127.0.0.1:1/unused',
};

const PROGRAM = `
const before = performance.now();
const { handler } = require(process.argv[1]);
const took = performance.now() - before;
if (typeof handler !== 'function') throw new Error('There is no handler.');
process.stdout.write(String(took));
process.exit(0);`;

/**
 * Loads a bundle in a process of its own, as Lambda does at a cold start.
 *
 * @returns milliseconds from asking for the file to having its handler
 * @throws Error with what the process said when it does not load
 */
export function loadTimeMs(file: string): number {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['-e', PROGRAM, file], {
    env: ENVIRONMENT,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`The bundle does not load: ${stderr}`);
  return Number(stdout);
}
