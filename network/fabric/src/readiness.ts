import { createPrivateKey } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Client, credentials, status } from '@grpc/grpc-js';
import { connect, GatewayError, hash, signers } from '@hyperledger/fabric-gateway';
import { policyMspIds } from '../../definition/src/index.ts';
import { readCertifiedKey } from '../../identity/src/index.ts';
import { eventually } from '../../processes/src/index.ts';
import type { Layout } from './layout.ts';
import { readMetric } from './metrics.ts';
import type { NetworkProfile } from './profile.ts';

const LEADER_TIMEOUT_MS = 60_000;
const ENDORSE_TIMEOUT_MS = 60_000;
const ATTEMPT_MS = 10_000;
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
    const values = await Promise.all(
      layout.orderers.map((orderer) =>
        readMetric(orderer.ports.operations, 'consensus_etcdraft_is_leader', channel),
      ),
    );
    return values.includes(1);
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

/** Asks one organization's gateway for an endorsement by these organizations; nothing is submitted. */
async function probe(
  layout: Layout,
  profile: NetworkProfile,
  asked: { name: string; endorsers: readonly string[] },
): Promise<void> {
  const organization = layout.definition.organizations.find((o) => o.name === asked.name);
  const endpoint = profile.organizations[asked.name];
  if (organization === undefined || endpoint === undefined) return;
  const administrator = await readCertifiedKey(layout.keysOf(organization).administrator.identity);
  const client = new Client(
    endpoint.endpoint,
    credentials.createSsl(Buffer.from(endpoint.tlsRootCertificatePem)),
    { 'grpc.ssl_target_name_override': endpoint.serverName },
  );
  const gateway = connect({
    client,
    identity: {
      mspId: organization.mspId,
      credentials: Buffer.from(administrator.certificatePem),
    },
    signer: signers.newPrivateKeySigner(createPrivateKey(administrator.privateKeyPem)),
    hash: hash.sha256,
    endorseOptions: () => ({ deadline: Date.now() + ATTEMPT_MS }),
  });
  const contract = gateway.getNetwork(profile.channel).getContract(profile.chaincode);
  const end = Date.now() + ENDORSE_TIMEOUT_MS;
  try {
    for (;;) {
      try {
        const options = { endorsingOrganizations: [...asked.endorsers] };
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
 * Waits until every organization's gateway reaches the peers whose endorsement the chaincode needs and
 * its own: peers learn of each other by gossip some time after they have started.
 *
 * @throws NotReadyError when one does not in a minute.
 */
export async function awaitEndorsers(layout: Layout, profile: NetworkProfile): Promise<void> {
  const needed = [...new Set(policyMspIds(layout.definition.chaincode.endorsementPolicy))];
  const probes = layout.definition.organizations.map(async (organization) => {
    const endorsers = needed.includes(organization.mspId) ? needed : [organization.mspId];
    await probe(layout, profile, { name: organization.name, endorsers });
  });
  try {
    await Promise.all(probes);
  } catch (error) {
    throw new NotReadyError(`The peers do not endorse: ${describe(error)}`, { cause: error });
  }
}
