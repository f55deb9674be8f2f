import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { NETWORK, organizationNamed } from '../../definition/src/index.ts';
import { organizationKeys } from '../../identity/src/index.ts';
import { chaincodePackage } from './testing/chaincode-package.ts';
import { TestNetwork } from './testing/running-network.ts';

const execute = promisify(execFile);
const PROGRAMS = process.env['FABRIC_BIN'];
const CHAINCODE = ['--channelID', NETWORK.channel, '--name', 'notes'];
const DEFINITION = [...CHAINCODE, '--version', '1.0', '--sequence', '1'];

let network: TestNetwork;
let dir: string;

function endpointOf(organization: string): string {
  return network.devnet.profile.organizations[organization]?.endpoint ?? '';
}

function authorityOf(organization: string): string {
  return organizationKeys(network.keysDir, organization).authority.tls.certificateFile;
}

/** Fabric's own `peer` program, as an organization's administrator. */
async function peer(organization: string, ...args: string[]): Promise<string> {
  const { administrator } = organizationKeys(network.keysDir, organization);
  const { stdout, stderr } = await execute(join(PROGRAMS ?? '', 'peer'), args, {
    env: {
      FABRIC_CFG_PATH: dir,
      FABRIC_LOGGING_SPEC: 'error',
      CORE_PEER_ADDRESS: endpointOf(organization),
      CORE_PEER_LOCALMSPID: organizationNamed(NETWORK, organization).mspId,
      CORE_PEER_MSPCONFIGPATH: administrator.mspFolder,
      CORE_PEER_TLS_ENABLED: 'true',
      CORE_PEER_TLS_ROOTCERT_FILE: authorityOf(organization),
    },
  });
  return stdout + stderr;
}

function orderer(): string[] {
  return ['-o', endpointOf('hospital'), '--tls', '--cafile', authorityOf('hospital')];
}

function peers(...organizations: string[]): string[] {
  return organizations.flatMap((organization) => [
    '--peerAddresses',
    endpointOf(organization),
    '--tlsRootCertFiles',
    authorityOf(organization),
  ]);
}

const title =
  PROGRAMS === undefined
    ? "Fabric's own peer program (skipped: FABRIC_BIN is not set)"
    : "Fabric's own peer program";

(PROGRAMS === undefined ? describe.skip : describe)(title, () => {
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'devnet-peer-command-'));
    await mkdir(dir, { recursive: true });
    await writeFile(
      join(dir, 'core.yaml'),
      'peer:\n  BCCSP:\n    Default: SW\n    SW:\n      Hash: SHA2\n      Security: 256\n',
    );
    network = await TestNetwork.start();
    const { hospital: address } = network.chaincode.addresses;
    await writeFile(join(dir, 'notes.tgz'), chaincodePackage('notes_1.0', { address }));
  });

  afterAll(async () => {
    await network.stop();
    await rm(dir, { recursive: true });
  });

  test('takes a chaincode from package to commit', async () => {
    await peer('hospital', 'lifecycle', 'chaincode', 'install', join(dir, 'notes.tgz'));
    const installed = await peer('hospital', 'lifecycle', 'chaincode', 'queryinstalled');
    const [, id = ''] = /Package ID: (notes_1\.0:[0-9a-f]{64})/.exec(installed) ?? [];
    const approve = ['lifecycle', 'chaincode', 'approveformyorg', ...orderer(), ...DEFINITION];
    await peer('hospital', ...approve, '--package-id', id);
    const commit = ['lifecycle', 'chaincode', 'commit', ...orderer(), ...DEFINITION];
    await expect(peer('hospital', ...commit, ...peers('hospital', 'clinic'))).rejects.toThrow(
      'chaincode definition not agreed to by this org (ClinicMSP)',
    );
    await peer('clinic', ...approve);
    await peer('hospital', ...commit, ...peers('hospital', 'clinic'));
    const committed = ['lifecycle', 'chaincode', 'querycommitted', ...CHAINCODE];
    expect(await peer('insurer', ...committed)).toContain(
      'Version: 1.0, Sequence: 1, Endorsement Plugin: escc, Validation Plugin: vscc, Approvals: [ClinicMSP: true, HospitalMSP: true, InsurerMSP: false]',
    );
    const call = (...args: string[]): string[] => [
      ...['-C', NETWORK.channel, '-n', 'notes', '-c', JSON.stringify({ Args: args })],
    ];
    const put = call('put', 'a', '1');
    await expect(
      peer(
        'hospital',
        'chaincode',
        'invoke',
        ...orderer(),
        ...put,
        '--waitForEvent',
        ...peers('hospital'),
      ),
    ).rejects.toThrow('ENDORSEMENT_POLICY_FAILURE');
    const get = call('creator');
    expect(await peer('hospital', 'chaincode', 'query', ...get)).toBe('HospitalMSP\n');
  });

  test('lists the channels of a peer', async () => {
    expect(await peer('clinic', 'channel', 'list')).toContain(NETWORK.channel);
  });
});
