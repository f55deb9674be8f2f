import { existsSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { writePrivate } from '../../identity/src/index.ts';
import { HOST, type Layout, type OrdererPlace, type PeerPlace } from './layout.ts';
import type { FabricPrograms } from './programs.ts';
import { CHANNEL_PROFILE, renderConfigtx } from './render-channel.ts';
import { ProgramError, runProgram } from './run-program.ts';

/** Environment of the `peer` command acting as the administrator of the peer's organization. */
export function administratorEnvironment(layout: Layout, peer: PeerPlace): Record<string, string> {
  const keys = layout.keysOf(peer.organization);
  return {
    FABRIC_CFG_PATH: peer.configFolder,
    FABRIC_LOGGING_SPEC: 'warning',
    CORE_PEER_ADDRESS: `${HOST}:${peer.ports.grpc}`,
    CORE_PEER_LOCALMSPID: peer.organization.mspId,
    CORE_PEER_MSPCONFIGPATH: keys.administrator.mspFolder,
    CORE_PEER_TLS_ENABLED: 'true',
    CORE_PEER_TLS_ROOTCERT_FILE: keys.authority.tls.certificateFile,
  };
}

/** Makes the channel's first block, once: everything that follows hangs on its hash. */
export async function createGenesisBlock(layout: Layout, programs: FabricPrograms): Promise<void> {
  if (existsSync(layout.genesisBlockFile)) return;
  await mkdir(layout.channelFolder, { recursive: true, mode: 0o700 });
  await writePrivate(join(layout.channelFolder, 'configtx.yaml'), renderConfigtx(layout));
  const unfinished = `${layout.genesisBlockFile}.unfinished`;
  await runProgram(programs.configtxgen, [
    '-profile',
    CHANNEL_PROFILE,
    '-channelID',
    layout.definition.channel,
    '-configPath',
    layout.channelFolder,
    '-outputBlock',
    unfinished,
  ]);
  await rename(unfinished, layout.genesisBlockFile);
}

/** Joins an orderer to the channel; one that has joined already is left as it is. */
export async function joinOrderer(
  layout: Layout,
  programs: FabricPrograms,
  orderer: OrdererPlace,
): Promise<void> {
  const { authority, administrator } = layout.keysOf(orderer.organization);
  const output = await runProgram(programs.osnadmin, [
    'channel',
    'join',
    `--channelID=${layout.definition.channel}`,
    `--config-block=${layout.genesisBlockFile}`,
    `--orderer-address=${HOST}:${orderer.ports.admin}`,
    `--ca-file=${authority.tls.certificateFile}`,
    `--client-cert=${administrator.tls.certificateFile}`,
    `--client-key=${administrator.tls.keyFile}`,
  ]);
  // osnadmin exits 0 whatever the orderer answered; 405 is "channel already exists".
  if (/^Status: (?:201|405)/.test(output)) return;
  throw new ProgramError(programs.osnadmin, ['channel', 'join'], output);
}

/** Joins a peer to the channel; one that has joined already is left as it is. */
export async function joinPeer(
  layout: Layout,
  programs: FabricPrograms,
  peer: PeerPlace,
): Promise<void> {
  const environment = administratorEnvironment(layout, peer);
  try {
    const join = ['channel', 'join', '-b', layout.genesisBlockFile];
    await runProgram(programs.peer, join, environment);
  } catch (error) {
    const known = error instanceof ProgramError && error.output.includes('already exists');
    if (!known) throw error;
  }
}
