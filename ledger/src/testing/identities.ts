import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConnectionProfile } from '@pulseledger/domain';
import {
  createAuthorities,
  issueService,
  readAuthority,
  readCertifiedKey,
} from '@pulseledger/network/identity';
import type { CertifiedKey } from '../signatory.ts';

/** A profile whose endpoints nothing listens on: tests bring their own client. */
export const PROFILE: ConnectionProfile = {
  network: 'devnet',
  channel: 'records',
  chaincode: 'pulse',
  organizations: {
    hospital: endpoint('HospitalMSP', 'hospital'),
    clinic: endpoint('ClinicMSP', 'clinic'),
    insurer: endpoint('InsurerMSP', 'insurer'),
  },
};

function endpoint(mspId: string, name: string): ConnectionProfile['organizations']['hospital'] {
  return {
    mspId,
    endpoint: '127.0.0.1:1',
    serverName: `peer0.${name}.pulse.test`,
    tlsRootCertificatePem: '-----BEGIN CERTIFICATE-----',
  };
}

/** Runs a test with a folder of its own, which is removed afterwards. */
async function inTemporaryFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'pulseledger-ledger-'));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const HOSPITAL = {
  name: 'hospital',
  mspId: 'HospitalMSP',
  domain: 'hospital.pulse.test',
  provider: true,
  peers: ['peer0'],
  orderers: ['orderer0'],
};

/** A hospital's issuing CA and its ingest service, freshly made. */
export function hospitalKeys(): Promise<{ issuingCa: CertifiedKey; ingest: CertifiedKey }> {
  return inTemporaryFolder(async (folder) => {
    await createAuthorities(folder, {
      channel: 'records',
      organizations: [HOSPITAL],
      chaincode: { name: 'pulse', version: '1', endorsementPolicy: '', collections: [] },
      block: { maxMessageCount: 1, batchTimeoutMs: 1, preferredMaxBytes: 1, absoluteMaxBytes: 1 },
    });
    const { mspId } = HOSPITAL;
    const ingest = await readCertifiedKey(await issueService(folder, HOSPITAL, 'ingest'));
    return {
      issuingCa: { mspId, ...(await readAuthority(folder, 'hospital', 'issuing')) },
      ingest: { mspId, ...ingest },
    };
  });
}
