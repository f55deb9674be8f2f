import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import {
  type NetworkIdentity,
  networkIdentities,
  renewIdentity,
} from '../../../identity/src/index.ts';
import { servedCertificate } from '../../../processes/src/index.ts';
import { reconcileChannel } from '../channel/update.ts';
import { isLeader, readMetrics } from '../metrics.ts';
import type { Renew } from '../operation.ts';
import { awaitEndorsers, awaitHeight, awaitLeader } from '../readiness.ts';
import type { OrdererPlace, PeerPlace } from '../render/layout.ts';
import { awaitConsenter } from './add-orderer.ts';
import type { VerbContext } from './verb-context.ts';

/** Whether a running node still shows another TLS certificate than the one in its file. */
async function isStale(place: OrdererPlace | PeerPlace): Promise<boolean> {
  const kept = new X509Certificate(await readFile(place.keys.tls.certificateFile));
  const served = await servedCertificate(place.grpc);
  return served === undefined || new X509Certificate(served).fingerprint256 !== kept.fingerprint256;
}

class Renewal {
  readonly #context: VerbContext;
  readonly #due: readonly NetworkIdentity[];

  constructor(context: VerbContext, due: readonly NetworkIdentity[]) {
    this.#context = context;
    this.#due = due;
  }

  async run(): Promise<void> {
    const { layout, step } = this.#context;
    await step('administrators and services', async () => {
      for (const identity of this.#due) {
        if (identity.kind === 'administrator' || identity.kind === 'service') {
          await this.#renew(identity);
        }
      }
    });
    for (const peer of layout.peers) await this.#peer(peer);
    for (const orderer of await this.#followersFirst()) await this.#orderer(orderer);
  }

  async #renew(identity: NetworkIdentity | undefined): Promise<void> {
    if (identity === undefined) return;
    await renewIdentity(this.#context.layout.placement.keysFolder, identity);
  }

  #dueOf(kind: 'peer' | 'orderer', host: string): NetworkIdentity | undefined {
    return this.#due.find((identity) => identity.kind === kind && identity.host === host);
  }

  async #peer(peer: PeerPlace): Promise<void> {
    const { layout, nodeSet, step } = this.#context;
    await this.#renew(this.#dueOf('peer', peer.host));
    if (!(await isStale(peer))) return;
    await step(`${peer.host} has new certificates`, async () => {
      if (nodeSet.has(peer.host)) await nodeSet.stop(peer.host);
      await nodeSet.startPeer(layout, peer);
      const other = layout.peers.find(({ host }) => host !== peer.host);
      if (other !== undefined) await awaitHeight(layout, peer, other);
      await awaitEndorsers(layout, [peer]);
    });
  }

  /** The channel names an orderer's certificate, so it changes first; then the orderer takes it into use. */
  async #orderer(orderer: OrdererPlace): Promise<void> {
    const { layout, nodeSet, tools, step } = this.#context;
    await this.#renew(this.#dueOf('orderer', orderer.host));
    if (!(await isStale(orderer))) return;
    await step(`${orderer.host} has new certificates`, async () => {
      await reconcileChannel(layout, tools, orderer.organization.mspId);
      if (nodeSet.has(orderer.host)) await nodeSet.stop(orderer.host);
      await nodeSet.startOrderer(layout, orderer);
      await awaitConsenter(this.#context, layout, orderer);
      await awaitLeader(layout);
    });
  }

  async #followersFirst(): Promise<OrdererPlace[]> {
    const { layout } = this.#context;
    const { channel } = layout.definition;
    const marked = await Promise.all(
      layout.orderers.map(async (orderer) => ({
        orderer,
        leads: isLeader(await readMetrics(orderer.operations, channel)) === true,
      })),
    );
    return marked.sort((a, b) => Number(a.leads) - Number(b.leads)).map(({ orderer }) => orderer);
  }
}

function isExpiring(identity: NetworkIdentity, { expiringBefore, fingerprints }: Renew): boolean {
  if (fingerprints === undefined) return identity.endsAt < new Date(expiringBefore);
  return identity.fingerprints.some((fingerprint) => fingerprints.includes(fingerprint));
}

/**
 * New keys and certificates for what ends soon, while transactions run: administrators and services, then peers, then
 * orderers, one at a time and the leader last; the next node is begun when the last one does its work again.
 */
export async function renew(context: VerbContext, operation: Renew): Promise<void> {
  const { layout, state } = context;
  const { keysFolder } = layout.placement;
  const known = await networkIdentities(keysFolder, layout.definition);
  const due = known.filter((identity) => isExpiring(identity, operation));
  if (operation.fingerprints === undefined) {
    if (due.length === 0) return;
    const fingerprints = due.flatMap((identity) => identity.fingerprints);
    await context.save({ ...state, pending: { ...operation, fingerprints } });
  }
  await new Renewal(context, due).run();
}
