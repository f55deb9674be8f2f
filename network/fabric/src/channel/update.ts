import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../../../processes/src/index.ts';
import type { Layout, PeerPlace } from '../render/layout.ts';
import { ProgramError } from '../run-program.ts';
import type { FabricTools } from '../tools.ts';
import { administratorEnvironment, anOrderer, firstPeers, reach } from './administrator.ts';
import { type ChannelConfig, neededSigners, readConfigBlock, updateEnvelope } from './config.ts';
import { makeGenesisBlock } from './join.ts';

const APPLIED_TIMEOUT_MS = 60_000;
const POLL_MS = 200;

/** An update was accepted and has not become part of the channel. */
export class UpdateNotAppliedError extends Error {
  override readonly name = 'UpdateNotAppliedError';
}

interface Work {
  readonly layout: Layout;
  readonly tools: FabricTools;
  /** A folder for files in between. */
  readonly folder: string;
}

async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'pulse-channel-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function fetchConfig({ layout, tools, folder }: Work): Promise<ChannelConfig> {
  const [peer] = firstPeers(layout);
  if (peer === undefined) throw new RangeError('The network has no peer.');
  const file = join(tools.folderBeside(folder), 'current.block');
  const { channel } = layout.definition;
  const fetch = ['channel', 'fetch', 'config', file, `--channelID=${channel}`];
  const orderer = await anOrderer(layout, tools, peer);
  const args = [...fetch, ...reach(layout, orderer)];
  await tools.beside(peer, 'peer', args, administratorEnvironment(layout, peer));
  return readConfigBlock(await tools.read(peer, file));
}

/** What leads from one configuration to the other; nothing when they are the same. */
async function computeUpdate(
  work: Work,
  before: ChannelConfig,
  after: ChannelConfig,
): Promise<Uint8Array | undefined> {
  const file = (name: string): string => join(work.folder, name);
  await writeFile(file('before.pb'), before.bytes);
  await writeFile(file('after.pb'), after.bytes);
  try {
    await work.tools.here('configtxlator', [
      'compute_update',
      `--channel_id=${work.layout.definition.channel}`,
      `--original=${file('before.pb')}`,
      `--updated=${file('after.pb')}`,
      `--output=${file('update.pb')}`,
    ]);
  } catch (error) {
    const isSame =
      error instanceof ProgramError && error.output.includes('no differences detected');
    if (isSame) return undefined;
    throw error;
  }
  return readFile(file('update.pb'));
}

async function signAndSubmit(
  work: Work,
  update: Uint8Array,
  signers: readonly PeerPlace[],
): Promise<void> {
  const { layout, tools, folder } = work;
  const { channel } = layout.definition;
  const file = join(tools.folderBeside(folder), 'update.envelope');
  let envelope = updateEnvelope(channel, update);
  const [submitter, ...others] = signers;
  if (submitter === undefined) throw new RangeError('Nobody can sign the update.');
  for (const signer of others) {
    const args = ['channel', 'signconfigtx', `--file=${file}`];
    await tools.write(signer, file, envelope);
    await tools.beside(signer, 'peer', args, administratorEnvironment(layout, signer));
    envelope = await tools.read(signer, file);
  }
  await tools.write(submitter, file, envelope);
  const orderer = await anOrderer(layout, tools, submitter);
  const args = ['channel', 'update', `--file=${file}`, `--channelID=${channel}`];
  // The submitter's signature is added by this command itself.
  const environment = administratorEnvironment(layout, submitter);
  await tools.beside(submitter, 'peer', [...args, ...reach(layout, orderer)], environment);
}

/**
 * Brings the channel's configuration to what the layout says (organizations, consenters, certificates, anchor peers,
 * revocation lists): renders it anew, lets configtxlator compute the difference, has it signed by the administrators
 * that it needs, and waits until it is part of the channel.
 *
 * @param first MSP ID of the organization that wants the change: it signs in any case.
 * @returns MSP IDs of those who signed; none when there is nothing to change.
 */
export async function reconcileChannel(
  layout: Layout,
  tools: FabricTools,
  first: string,
): Promise<string[]> {
  return inFolder(async (folder) => {
    const work = { layout, tools, folder };
    const before = await fetchConfig(work);
    const wantedBlock = join(folder, 'wanted.block');
    await makeGenesisBlock(layout, tools, { folder, file: wantedBlock });
    const wanted = readConfigBlock(await readFile(wantedBlock));
    const update = await computeUpdate(work, before, wanted);
    if (update === undefined) return [];
    const signers = neededSigners(before, update, first);
    const peers = signers.flatMap(
      (mspId) => firstPeers(layout).find((p) => p.organization.mspId === mspId) ?? [],
    );
    await signAndSubmit(work, update, peers);
    const isApplied = async (): Promise<boolean> =>
      (await fetchConfig(work).catch(() => before)).sequence > before.sequence;
    if (await eventually(isApplied, APPLIED_TIMEOUT_MS, POLL_MS)) return signers;
    throw new UpdateNotAppliedError(
      'The orderers took the change of the channel, but it was not ordered within a minute: ' +
        'too few of them may be up. See: network status. Then run the same command again.',
    );
  });
}
