import { createHash } from 'node:crypto';
import { z } from 'zod';
import { readIfPresent, writePrivate } from '../../../identity/src/index.ts';
import { eventually } from '../../../processes/src/index.ts';
import type { LocalLayout } from '../local-layout.ts';
import { chaincodePackage, packageId, packageLabel } from '../render/chaincode-package.ts';
import { type ChaincodePlace, type Layout, type PeerPlace, text } from '../render/layout.ts';
import { ProgramError } from '../run-program.ts';
import type { FabricTools } from '../tools.ts';
import { administratorEnvironment, anOrderer, firstPeers, reach } from './administrator.ts';

const ANSWER_TIMEOUT_MS = 60_000;
const ANSWER_POLL_MS = 1_000;
/** Every contract made with fabric-contract-api answers this. */
const PROBE = '--ctor={"Args":["org.hyperledger.fabric:GetMetadata"]}';

/** What was committed last, so that a restart does not go through the lifecycle again. */
export interface Deployment {
  readonly sequence: number;
  readonly digest: string;
}

/** Checks what was kept of the last commit. */
export const deploymentSchema: z.ZodType<Deployment> = z.strictObject({
  sequence: z.int().min(1),
  digest: z.string(),
});

/** Raised when the same definition comes to stand for other packages: they are then installed anew. */
const PACKAGES = 2;

/** The package ID under which an organization's peers know its chaincode. */
export function chaincodeId(layout: Layout, place: ChaincodePlace): string {
  const label = packageLabel(layout);
  return packageId(label, chaincodePackage(label, text(place.grpc)));
}

/** Changes when the chaincode definition that the organizations agreed on has to change. */
function definitionDigest({ definition, slot }: Layout): string {
  return createHash('sha256')
    .update(JSON.stringify({ chaincode: definition.chaincode, slot, packages: PACKAGES }))
    .digest('hex');
}

async function committed(layout: LocalLayout): Promise<Deployment | undefined> {
  const text = await readIfPresent(layout.deploymentFile);
  return text === undefined ? undefined : deploymentSchema.parse(JSON.parse(text));
}

function chaincodeOf(layout: Layout, peer: PeerPlace): ChaincodePlace {
  const place = layout.chaincodes.find((c) => c.organization.name === peer.organization.name);
  if (place === undefined) throw new RangeError(`${peer.organization.name} has no chaincode.`);
  return place;
}

/** Installs the organization's chaincode package on one of its peers; one that has it is left as it is. */
export async function installChaincode(
  layout: Layout,
  tools: FabricTools,
  peer: PeerPlace,
): Promise<void> {
  const args = ['lifecycle', 'chaincode', 'install', chaincodeOf(layout, peer).packageFile];
  try {
    await tools.beside(peer, 'peer', args, administratorEnvironment(layout, peer));
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

/** Fabric's words for an approval that is there already, before the commit and after it (lifecycle.go). */
function isApproved(output: string): boolean {
  if (output.includes('unchanged content')) return true;
  return (
    output.includes('attempted to redefine the current committed sequence') &&
    !output.includes('with different parameters')
  );
}

/**
 * Approves the layout's chaincode definition for the peer's organization; an approval that is there already is
 * left as it is.
 */
export async function approveChaincode(
  layout: Layout,
  tools: FabricTools,
  step: { readonly peer: PeerPlace; readonly sequence: number },
): Promise<void> {
  const { peer, sequence } = step;
  const args = [
    'lifecycle',
    'chaincode',
    'approveformyorg',
    ...definitionArguments(layout, sequence),
    ...reach(layout, await anOrderer(layout, tools, peer)),
    `--package-id=${chaincodeId(layout, chaincodeOf(layout, peer))}`,
  ];
  try {
    await tools.beside(peer, 'peer', args, administratorEnvironment(layout, peer));
  } catch (error) {
    // An earlier start may have been cut off between approving and committing.
    if (!(error instanceof ProgramError && isApproved(error.output))) throw error;
  }
}

/**
 * Commits the layout's chaincode definition to the channel.
 *
 * @throws ProgramError when too few organizations have approved it.
 */
export async function commitChaincode(
  layout: Layout,
  tools: FabricTools,
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
    ...reach(layout, await anOrderer(layout, tools, first)),
    ...endorsers,
  ];
  await tools.beside(first, 'peer', args, administratorEnvironment(layout, first));
}

/** The sequence that the channel has; 0 before the first commit. */
export async function committedSequence(layout: Layout, tools: FabricTools): Promise<number> {
  const [first] = firstPeers(layout);
  if (first === undefined) return 0;
  const { channel, chaincode } = layout.definition;
  const query = ['lifecycle', 'chaincode', 'querycommitted', `--channelID=${channel}`];
  const output = await tools.beside(
    first,
    'peer',
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

/** The peer's words when it was the chaincode that refused, and not the way to it. */
function isAnswer(output: string): boolean {
  return (
    /endorsement failure during query\. response: status:\d/.test(output) &&
    !/error in simulation|failed to execute transaction/.test(output)
  );
}

/**
 * Waits until a peer's chaincode answers the administrator of the peer's organization; a refusal by the chaincode is an
 * answer too.
 *
 * @throws ProgramError with the peer's last words when it does not in a minute.
 */
export async function awaitChaincode(
  layout: Layout,
  tools: FabricTools,
  peer: PeerPlace,
): Promise<void> {
  const { channel, chaincode } = layout.definition;
  const args = ['chaincode', 'query', `--channelID=${channel}`, `--name=${chaincode.name}`, PROBE];
  let failure: unknown;
  const answers = async (): Promise<boolean> => {
    try {
      await tools.beside(peer, 'peer', args, administratorEnvironment(layout, peer));
      return true;
    } catch (error) {
      failure = error;
      return error instanceof ProgramError && isAnswer(error.output);
    }
  };
  if (!(await eventually(answers, ANSWER_TIMEOUT_MS, ANSWER_POLL_MS))) throw failure;
}

/**
 * Brings the chaincode definition of the channel to what the layout says: install on every peer, approve for every
 * organization, and commit unless that is what the channel has. Peers and organizations that have come since are given
 * what the others have.
 *
 * @param last what was committed last, when that is known.
 * @returns what is committed now.
 * @throws ProgramError when a step fails.
 */
export async function bringChaincode(
  layout: Layout,
  tools: FabricTools,
  last: Deployment | undefined,
): Promise<Deployment> {
  const digest = definitionDigest(layout);
  await Promise.all(layout.peers.map((peer) => installChaincode(layout, tools, peer)));
  const present = await committedSequence(layout, tools);
  const isThere = last?.digest === digest && last.sequence === present;
  const sequence = isThere ? present : present + 1;
  await Promise.all(
    firstPeers(layout).map((peer) => approveChaincode(layout, tools, { peer, sequence })),
  );
  if (!isThere) await commitChaincode(layout, tools, sequence);
  return { sequence, digest };
}

/**
 * As {@link bringChaincode}, and nothing at all when the channel has the definition already.
 *
 * @returns whether something was committed.
 * @throws ProgramError when a step fails.
 */
export async function deployChaincode(layout: LocalLayout, tools: FabricTools): Promise<boolean> {
  const last = await committed(layout);
  if (last?.digest === definitionDigest(layout)) return false;
  const deployment = await bringChaincode(layout, tools, last);
  await writePrivate(layout.deploymentFile, `${JSON.stringify(deployment)}\n`);
  return true;
}
