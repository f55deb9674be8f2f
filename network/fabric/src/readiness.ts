import { createPrivateKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { Client, credentials, status } from '@grpc/grpc-js';
import { connect, GatewayError, hash, signers } from '@hyperledger/fabric-gateway';
import { policyMspIds } from '../../definition/src/index.ts';
import { readCertifiedKey } from '../../identity/src/index.ts';
import { eventually } from '../../processes/src/index.ts';
import { heightOf, isLeader, readMetrics } from './metrics.ts';
import { type Address, type Layout, type PeerPlace, text } from './render/layout.ts';

const LEADER_TIMEOUT_MS = 60_000;
const ENDORSE_TIMEOUT_MS = 60_000;
const ATTEMPT_MS = 10_000;
/** A new node fetches the whole chain. */
const CATCH_UP_TIMEOUT_MS = 10 * 60_000;
const POLL_MS = 100;
/** Every contract made with fabric-contract-api answers this; another chaincode refuses, which is as good. */
const PROBE = 'org.hyperledger.fabric:GetMetadata';

/** The network did not become usable in time. */
export class NotReadyError extends Error {
  override readonly name = 'NotReadyError';
}

/**
 * Waits until the orderers have elected a leader: before that nothing is ordered.
 *
 * @throws NotReadyError when they do not in a minute.
 */
export async function awaitLeader(layout: Layout): Promise<void> {
  const { channel } = layout.definition;
  const hasLeader = async (): Promise<boolean> => {
    const all = await Promise.all(
      layout.orderers.map(async ({ operations }) =>
        isLeader(await readMetrics(operations, channel)),
      ),
    );
    return all.includes(true);
  };
  if (await eventually(hasLeader, LEADER_TIMEOUT_MS, POLL_MS)) return;
  throw new NotReadyError('The orderers did not elect a leader within a minute; see their logs.');
}

/** The chaincode was reached, whatever it said. */
function answeredByChaincode(error: unknown): boolean {
  return (
    error instanceof GatewayError &&
    [error.message, ...error.details.map((d) => d.message)].some((m) =>
      m.includes('chaincode response'),
    )
  );
}

/**
 * Asks a peer's gateway for an endorsement by these organizations until it gets one, or an answer by the
 * chaincode; nothing is submitted.
 */
async function probe(layout: Layout, peer: PeerPlace, endorsers: readonly string[]): Promise<void> {
  const { administrator, authority } = layout.keysOf(peer.organization);
  const { certificatePem, privateKeyPem } = await readCertifiedKey(administrator.identity);
  const client = new Client(
    text(peer.grpc),
    credentials.createSsl(await readFile(authority.tls.certificateFile)),
    { 'grpc.ssl_target_name_override': peer.host },
  );
  const gateway = connect({
    client,
    identity: { mspId: peer.organization.mspId, credentials: Buffer.from(certificatePem) },
    signer: signers.newPrivateKeySigner(createPrivateKey(privateKeyPem)),
    hash: hash.sha256,
    endorseOptions: () => ({ deadline: Date.now() + ATTEMPT_MS }),
  });
  const { channel, chaincode } = layout.definition;
  const contract = gateway.getNetwork(channel).getContract(chaincode.name);
  const end = Date.now() + ENDORSE_TIMEOUT_MS;
  try {
    for (;;) {
      try {
        const options = { endorsingOrganizations: [...endorsers] };
        await contract.newProposal(PROBE, options).endorse();
        return;
      } catch (error) {
        if (answeredByChaincode(error)) return;
        if (Date.now() > end) throw error;
        await delay(POLL_MS);
      }
    }
  } finally {
    gateway.close();
    client.close();
  }
}

function describe(error: unknown): string {
  if (!(error instanceof GatewayError)) return String(error);
  const details = error.details.map((d) => `${d.mspId}: ${d.message}`).join('; ');
  return `${status[error.code]} ${error.message} ${details}`;
}

/**
 * Waits until these peers' gateways reach the peers whose endorsement the chaincode needs, and their
 * own: peers learn of each other by gossip some time after they have started.
 *
 * @throws NotReadyError when one does not in a minute.
 */
export async function awaitEndorsers(layout: Layout, peers: readonly PeerPlace[]): Promise<void> {
  const needed = [...new Set(policyMspIds(layout.definition.chaincode.endorsementPolicy))];
  const probes = peers.map(async (peer) => {
    const { mspId } = peer.organization;
    await probe(layout, peer, needed.includes(mspId) ? needed : [mspId]);
  });
  try {
    await Promise.all(probes);
  } catch (error) {
    throw new NotReadyError(`The peers do not endorse: ${describe(error)}`, { cause: error });
  }
}

/**
 * Waits until a node has as many blocks as another one has now.
 *
 * @throws NotReadyError when it does not in time.
 */
export async function awaitHeight(
  layout: Layout,
  node: { readonly host: string; readonly operations: Address },
  other: { readonly operations: Address },
): Promise<void> {
  const { channel } = layout.definition;
  const height = async (operations: Address): Promise<number> =>
    heightOf(await readMetrics(operations, channel)) ?? 0;
  const wanted = await height(other.operations);
  const isThere = async (): Promise<boolean> => (await height(node.operations)) >= wanted;
  if (await eventually(isThere, CATCH_UP_TIMEOUT_MS, POLL_MS)) return;
  throw new NotReadyError(
    `${node.host} has not caught up with block ${wanted}: see its log. It goes on by itself; ` +
      'run the same command again later.',
  );
}
