import { describe, expect, it } from '@jest/globals';
import { readConfig } from './config.ts';

const endpoint = (mspId: string) => ({
  mspId,
  endpoint: '127.0.0.1:7051',
  serverName: 'peer0.pulse.test',
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
const environment = {
  OIDC_ISSUER: 'https://login.pulse.test/',
  OIDC_AUDIENCE: 'pulseledger-api',
  FHIR_BASE_URL: 'https://api.pulse.test/fhir/',
  PULSE_SECRET_PREFIX: 'pulseledger/test',
  DOCUMENT_BUCKET: 'pulse-documents',
  EMERGENCY_QUEUE_URL: 'https://sqs.eu-central-1.amazonaws.com/1/emergency-intents',
  PULSE_CONNECTION_PROFILE: JSON.stringify(profile),
};

describe('the environment', () => {
  it('says where keys are, unless told otherwise below the issuer', () => {
    const config = readConfig(environment);
    expect(config.jwksUrl.href).toBe('https://login.pulse.test/.well-known/jwks.json');
    expect(config.baseUrl).toBe('https://api.pulse.test/fhir');
    expect(config.issuer).toBe('https://login.pulse.test/');
    expect(config.profile.organizations.clinic.mspId).toBe('ClinicMSP');
    const OIDC_JWKS_URL = 'https://login.pulse.test/keys';
    expect(readConfig({ ...environment, OIDC_JWKS_URL }).jwksUrl.href).toBe(OIDC_JWKS_URL);
  });

  it('may be unencrypted on the same machine only', () => {
    const local = { ...environment, OIDC_ISSUER: 'http://127.0.0.1:4000' };
    expect(readConfig(local).jwksUrl.href).toBe('http://127.0.0.1:4000/.well-known/jwks.json');
    for (const OIDC_ISSUER of ['http://login.pulse.test', 'file:///etc/passwd', 'login']) {
      expect(() => readConfig({ ...environment, OIDC_ISSUER })).toThrow('OIDC_ISSUER');
    }
  });

  it.each(Object.keys(environment))('is not complete without %s', (name) => {
    expect(() => readConfig({ ...environment, [name]: undefined })).toThrow(name);
  });

  it('is told apart by name and never repeated', () => {
    for (const PULSE_CONNECTION_PROFILE of ['secret {', '{"secret":1}']) {
      const read = () => readConfig({ ...environment, PULSE_CONNECTION_PROFILE });
      expect(read).toThrow('PULSE_CONNECTION_PROFILE');
      expect(read).not.toThrow('secret');
    }
  });
});
