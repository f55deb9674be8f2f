import { describe, expect, it } from '@jest/globals';
import { readEnvironment } from './environment.ts';

const endpoint = (mspId: string) => ({
  mspId,
  endpoint: '127.0.0.1:7051',
  serverName: 'peer0',
  tlsRootCertificatePem: '-----BEGIN CERTIFICATE-----',
});
const profile = {
  network: 'devnet',
  channel: 'records',
  chaincode: 'pulse',
  organizations: {
    hospital: endpoint('HospitalMSP'),
    clinic: endpoint('ClinicMSP'),
    insurer: endpoint('InsurerMSP'),
  },
};
const variables = {
  PULSE_SECRET_PREFIX: 'pulseledger/test',
  PULSE_ORGANIZATION: 'hospital',
  PULSE_CONNECTION_PROFILE: JSON.stringify(profile),
  QUARANTINE_QUEUE_URL: 'http://127.0.0.1:1/000000000000/quarantine',
};

describe('the environment of the ingest function', () => {
  it('is read as a whole', () => {
    expect(readEnvironment(variables)).toEqual({
      secretPrefix: 'pulseledger/test',
      organization: 'hospital',
      profile,
      quarantineQueueUrl: variables.QUARANTINE_QUEUE_URL,
    });
  });

  it('names every variable that is missing or wrong, without its value', () => {
    const wrong = {
      PULSE_ORGANIZATION: 'secret-organization',
      PULSE_CONNECTION_PROFILE: '{secret',
      QUARANTINE_QUEUE_URL: variables.QUARANTINE_QUEUE_URL,
    };
    expect(() => readEnvironment(wrong)).toThrow(
      'Set these environment variables: PULSE_SECRET_PREFIX, PULSE_ORGANIZATION, PULSE_CONNECTION_PROFILE.',
    );
  });
});
