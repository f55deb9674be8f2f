import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NETWORK, organizationNamed } from '../../../definition/src/index.ts';
import {
  type CertificateRequest,
  certify,
  freshKey,
  issuerOf,
} from '../../../identity/src/certificate.ts';
import { endEntity } from '../../../identity/src/extensions.ts';
import {
  type CertifiedKey,
  createNetworkIdentities,
  type OrganizationKeys,
  organizationKeys,
  readAuthority,
  readCertifiedKey,
} from '../../../identity/src/index.ts';
import { Msp } from '../msp/msp.ts';
import { readMspFolder } from '../msp/msp-folder.ts';
import { MspManager } from '../msp/msp-manager.ts';
import { Signer } from '../msp/signer.ts';

/** Keys of the default network in a folder of the test's own. */
export interface TestKeys {
  readonly dir: string;
  readonly msps: MspManager;
  readonly peer: (organization: string) => Promise<Signer>;
  readonly orderer: (organization: string) => Promise<Signer>;
  readonly administrator: (organization: string) => Promise<Signer>;
  readonly ingest: (organization: string) => Promise<Signer>;
  readonly remove: () => Promise<void>;
}

/** A certificate of an organization's issuing CA that its own functions would not issue. */
export async function issueOdd(
  dir: string,
  organization: string,
  odd: {
    /** Organizational unit; '' for none. Default: client. */
    readonly unit?: string;
    readonly authority?: 'issuing' | 'root' | 'tls' | 'device';
    readonly notBefore?: Date;
    readonly notAfter?: Date;
    readonly extensions?: CertificateRequest['extensions'];
  },
): Promise<CertifiedKey> {
  const issuer = issuerOf(await readAuthority(dir, organization, odd.authority ?? 'issuing'));
  const { publicKeySpki, privateKeyPem } = freshKey();
  const unit = odd.unit ?? 'client';
  const subject = { commonName: 'odd', ...(unit === '' ? {} : { organizationalUnit: unit }) };
  const request = {
    subject,
    publicKeySpki,
    period: {
      notBefore: odd.notBefore ?? new Date(Date.now() - 60_000),
      notAfter: odd.notAfter ?? new Date(Date.now() + 60_000),
    },
    extensions: [...endEntity(issuer), ...(odd.extensions ?? [])],
  };
  return { certificatePem: certify(request, issuer), privateKeyPem };
}

/** Makes all identities of the default network, and its MSPs. */
export async function testKeys(): Promise<TestKeys> {
  const dir = await mkdtemp(join(tmpdir(), 'devnet-keys-'));
  await createNetworkIdentities(dir, NETWORK);
  const folders = await Promise.all(
    NETWORK.organizations.map((o) =>
      readMspFolder(o.mspId, organizationKeys(dir, o.name).mspFolder),
    ),
  );
  const signer = async (
    organization: string,
    files: { certificateFile: string; keyFile: string },
  ): Promise<Signer> => {
    const { certificatePem, privateKeyPem } = await readCertifiedKey(files);
    const { mspId } = organizationNamed(NETWORK, organization);
    return new Signer(mspId, certificatePem, privateKeyPem);
  };
  const keysOf = (organization: string): OrganizationKeys => organizationKeys(dir, organization);
  return {
    dir,
    msps: new MspManager(folders.map((folder) => new Msp(folder))),
    peer: (o) => signer(o, keysOf(o).peer('peer0').identity),
    orderer: (o) => signer(o, keysOf(o).orderer('orderer0').identity),
    administrator: (o) => signer(o, keysOf(o).administrator.identity),
    ingest: (o) => signer(o, keysOf(o).service('ingest')),
    remove: () => rm(dir, { recursive: true }),
  };
}
