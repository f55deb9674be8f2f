import { existsSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { writePrivate } from '../../../identity/src/index.ts';
import { CHANNEL_PROFILE, renderConfigtx } from '../render/channel.ts';
import { type Layout, type OrdererPlace, type PeerPlace, text } from '../render/layout.ts';
import { ProgramError } from '../run-program.ts';
import type { FabricTools } from '../tools.ts';
import { administratorEnvironment } from './administrator.ts';

/** Renders a channel's first block into a file. */
export async function makeGenesisBlock(
  layout: Layout,
  tools: FabricTools,
  into: { readonly folder: string; readonly file: string },
): Promise<void> {
  await writePrivate(join(into.folder, 'configtx.yaml'), renderConfigtx(tools.layoutHere(layout)));
  await tools.here('configtxgen', [
    '-profile',
    CHANNEL_PROFILE,
    '-channelID',
    layout.definition.channel,
    '-configPath',
    into.folder,
    '-outputBlock',
    into.file,
  ]);
}

/** Makes the channel's first block, once: everything that follows hangs on its hash. */
export async function createGenesisBlock(layout: Layout, tools: FabricTools): Promise<void> {
  if (existsSync(layout.genesisBlockFile)) return;
  await mkdir(layout.channelFolder, { recursive: true, mode: 0o700 });
  const file = `${layout.genesisBlockFile}.unfinished`;
  await makeGenesisBlock(layout, tools, { folder: layout.channelFolder, file });
  await rename(file, layout.genesisBlockFile);
}

/** Arguments by which `osnadmin` reaches an orderer as its organization's administrator. */
function administration(layout: Layout, orderer: OrdererPlace): string[] {
  const { authority, administrator } = layout.keysOf(orderer.organization);
  return [
    `--channelID=${layout.definition.channel}`,
    `--orderer-address=${text(orderer.admin)}`,
    `--ca-file=${authority.tls.certificateFile}`,
    `--client-cert=${administrator.tls.certificateFile}`,
    `--client-key=${administrator.tls.keyFile}`,
  ];
}

/**
 * Joins an orderer to the channel; one that has joined already is left as it is. One that is no consenter
 * (yet) follows the others, block by block from the first.
 */
export async function joinOrderer(
  layout: Layout,
  tools: FabricTools,
  orderer: OrdererPlace,
): Promise<void> {
  const output = await tools.beside(orderer, 'osnadmin', [
    'channel',
    'join',
    `--config-block=${layout.genesisBlockFile}`,
    ...administration(layout, orderer),
  ]);
  // osnadmin exits 0 whatever the orderer answered; 405 is "channel already exists".
  if (/^Status: (?:201|405)/.test(output)) return;
  throw new ProgramError('osnadmin', ['channel', 'join'], output);
}

/** What an orderer says of its part in the channel. */
export interface OrdererStanding {
  readonly status: string;
  readonly consensusRelation: string;
  readonly height: number;
}

const standing: z.ZodType<OrdererStanding> = z.object({
  status: z.string(),
  consensusRelation: z.string(),
  height: z.number(),
});

/** How an orderer stands in the channel; undefined while it does not answer. */
export async function ordererStanding(
  layout: Layout,
  tools: FabricTools,
  orderer: OrdererPlace,
): Promise<OrdererStanding | undefined> {
  try {
    const args = ['channel', 'list', '--no-status', ...administration(layout, orderer)];
    return standing.parse(JSON.parse(await tools.beside(orderer, 'osnadmin', args)));
  } catch {
    return undefined;
  }
}

/** Joins a peer to the channel; one that has joined already is left as it is. */
export async function joinPeer(layout: Layout, tools: FabricTools, peer: PeerPlace): Promise<void> {
  const environment = administratorEnvironment(layout, peer);
  try {
    const args = ['channel', 'join', '-b', layout.genesisBlockFile];
    await tools.beside(peer, 'peer', args, environment);
  } catch (error) {
    const known = error instanceof ProgramError && error.output.includes('already exists');
    if (!known) throw error;
  }
}
