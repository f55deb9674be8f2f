import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { ConnectionProfile } from '@pulseledger/domain';
import { connectGateway, IdentitySource, RecordClient, UserSessions } from '@pulseledger/ledger';

/**
 * Registers a patient over the network that a connection profile describes, as a hospital's administrator, and reads
 * nothing back: that it was committed is the answer. Arguments: profile, the issuing authority's secret.
 */
const [profileFile = '', secretFile = ''] = process.argv.slice(2);
const SecretString = readFileSync(secretFile, 'utf8');
const identities = new IdentitySource({
  client: { send: () => Promise.resolve({ SecretString, $metadata: {} }) },
  prefix: 'machines',
});
const profile = ConnectionProfile.parse(JSON.parse(readFileSync(profileFile, 'utf8')));
const connection = connectGateway(profile, 'hospital');
const record = new RecordClient({
  connection,
  signatories: new UserSessions({ identities }).open({
    organization: 'hospital',
    role: 'administrator',
    subjectId: randomBytes(16).toString('hex'),
  }),
});
await record.registerPatient({
  patientId: randomBytes(16).toString('hex'),
  basics: { family: 'Example', given: ['Patient'], birthDate: '1980', gender: 'unknown' },
  saltHex: randomBytes(16).toString('hex'),
});
connection.close();
process.stdout.write('committed\n');
