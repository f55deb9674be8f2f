import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { readIfPresent, writePrivate } from '../../../identity/src/index.ts';
import { packageLabel } from '../configure.ts';
import type { LocalLayout } from '../local-layout.ts';
import type { FabricPrograms } from '../programs.ts';
import { packageId } from '../render/chaincode-package.ts';
import { type ChaincodePlace, type Layout, type PeerPlace, text } from '../render/layout.ts';
import { ProgramError, runProgram } from '../run-program.ts';
import { administratorEnvironment, anOrderer, firstPeers, reach } from './administrator.ts';

/** What was committed last, so that a restart does not go through the lifecycle again. */
const deployment = z.strictObject({ sequence: z.int().min(1), digest: z.string() });
type Deployment = z.infer<typeof deployment>;

/** The package ID under which an organization's peers know its chaincode. */
export async function chaincodeId(layout: Layout, place: ChaincodePlace): Promise<string> {
  return packageId(packageLabel(layout), await readFile(place.packageFile));
}

/** Changes when the chaincode definition that the organizations agreed on has to change. */
function definitionDigest({ definition, slot }: Layout): string {
  return createHash('sha256')
    .update(JSON.stringify({ chaincode: definition.chaincode, slot }))
    .digest('hex');
}

async function committed(layout: LocalLayout): Promise<Deployment | undefined> {
  const text = await readIfPresent(layout.deploymentFile);
  return text === undefined ? undefined : deployment.parse(JSON.parse(text));
}

function chaincodeOf(layout: Layout, peer: PeerPlace): ChaincodePlace {
  const place = layout.chaincodes.find((c) => c.organization.name === peer.organization.name);
  if (place === undefined) throw new RangeError(`${peer.organization.name} has no chaincode.`);
  return place;
}

/** Installs the organization's chaincode package on one of its peers; one that has it is left as it is. */
export async function installChaincode(
  layout: Layout,
  programs: FabricPrograms,
  peer: PeerPlace,
): Promise<void> {
  const args = ['lifecycle', 'chaincode', 'install', chaincodeOf(layout, peer).packageFile];
  try {
    await runProgram(programs.peer, args, administratorEnvironment(layout, peer));
  } catch (error) {
    const known =
      error instanceof ProgramError && error.output.includes('already successfully installed');
    if (!known) throw error;
  }
}

function definitionArguments(layout: Layout, sequence: number): string[] {
  const { channel, chaincode } = layout.definition;
  return [
    `--channelID=${channel}`,
    `--name=${chaincode.name}`,
    `--version=${chaincode.version}`,
    `--sequence=${sequence}`,
    `--signature-policy=${chaincode.endorsementPolicy}`,
    ...(chaincode.collections.length === 0
      ? []
      : [`--collections-config=${layout.collectionsFile}`]),
  ];
}

/**
 * Approves the layout's chaincode definition for the peer's organization; an approval that is there already is
 * left as it is.
 */
export async function approveChaincode(
  layout: Layout,
  programs: FabricPrograms,
  step: { readonly peer: PeerPlace; readonly sequence: number },
): Promise<void> {
  const { peer, sequence } = step;
  const args = [
    'lifecycle',
    'chaincode',
    'approveformyorg',
    ...definitionArguments(layout, sequence),
    ...reach(layout, await anOrderer(layout)),
    `--package-id=${await chaincodeId(layout, chaincodeOf(layout, peer))}`,
  ];
  try {
    await runProgram(programs.peer, args, administratorEnvironment(layout, peer));
  } catch (error) {
    // An earlier start may have been cut off between approving and committing.
    const known = error instanceof ProgramError && error.output.includes('unchanged content');
    if (!known) throw error;
  }
}

/**
 * Commits the layout's chaincode definition to the channel.
 *
 * @throws ProgramError when too few organizations have approved it.
 */
export async function commitChaincode(
  layout: Layout,
  programs: FabricPrograms,
  sequence: number,
): Promise<void> {
  const peers = firstPeers(layout);
  const [first] = peers;
  if (first === undefined) throw new RangeError('The network has no peer.');
  const endorsers = peers.flatMap((peer) => [
    `--peerAddresses=${text(peer.grpc)}`,
    `--tlsRootCertFiles=${layout.keysOf(peer.organization).authority.tls.certificateFile}`,
  ]);
  const args = [
    'lifecycle',
    'chaincode',
    'commit',
    ...definitionArguments(layout, sequence),
    ...reach(layout, await anOrderer(layout)),
    ...endorsers,
  ];
  await runProgram(programs.peer, args, administratorEnvironment(layout, first));
}

/** The sequence that the channel has; 0 before the first commit. */
export async function committedSequence(layout: Layout, programs: FabricPrograms): Promise<number> {
  const [first] = firstPeers(layout);
  if (first === undefined) return 0;
  const { channel, chaincode } = layout.definition;
  const query = ['lifecycle', 'chaincode', 'querycommitted', `--channelID=${channel}`];
  const output = await runProgram(
    programs.peer,
    [...query, '--output=json'],
    administratorEnvironment(layout, first),
  );
  const answer = z.object({
    chaincode_definitions: z
      .array(z.object({ name: z.string(), sequence: z.coerce.number().int() }))
      .optional(),
  });
  const { chaincode_definitions: all } = answer.parse(JSON.parse(output));
  return all?.find((found) => found.name === chaincode.name)?.sequence ?? 0;
}

/**
 * Brings the chaincode definition of the channel to what the network's definition says: install on every
 * peer, approve for every organization, commit. Does nothing when that is what the channel has.
 *
 * @returns whether something was committed.
 * @throws ProgramError when a step fails.
 */
export async function deployChaincode(
  layout: LocalLayout,
  programs: FabricPrograms,
): Promise<boolean> {
  const digest = definitionDigest(layout);
  if ((await committed(layout))?.digest === digest) return false;
  await Promise.all(layout.peers.map((peer) => installChaincode(layout, programs, peer)));
  const sequence = (await committedSequence(layout, programs)) + 1;
  await Promise.all(
    firstPeers(layout).map((peer) => approveChaincode(layout, programs, { peer, sequence })),
  );
  await commitChaincode(layout, programs, sequence);
  await writePrivate(layout.deploymentFile, `${JSON.stringify({ sequence, digest })}\n`);
  return true;
}
