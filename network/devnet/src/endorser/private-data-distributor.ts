import type { ledger as protos } from '@hyperledger/fabric-protos';
import type { Ledger } from '../ledger/types.ts';
import type { ChaincodeDefinitions, Collection } from '../lifecycle/chaincode-definitions.ts';

/** An endorsement whose private data cannot be given to as many peers as the collection demands. */
class DistributionError extends Error {
  override readonly name = 'DistributionError';
}

export interface DistributorOptions {
  readonly ledger: Ledger;
  readonly definitions: ChaincodeDefinitions;
  /** MSP IDs of the organizations with a peer. */
  readonly organizations: readonly string[];
}

/** Keeps an endorsement's private data until it is committed, here and at other members (gossip/privdata/distributor.go). */
export class PrivateDataDistributor {
  readonly #options: DistributorOptions;

  constructor(options: DistributorOptions) {
    this.#options = options;
  }

  /**
   * Resolves when the endorsing peer and the chosen members keep the data.
   *
   * @throws DistributionError when there are fewer members than the collection requires.
   */
  async distribute(
    mspId: string,
    txId: string,
    rwset: protos.rwset.TxPvtReadWriteSet,
  ): Promise<void> {
    const receivers = new Set<string>([mspId]);
    for (const set of rwset.getNsPvtRwsetList()) {
      for (const { chosen } of this.#plan(mspId, set)) {
        for (const receiver of chosen) receivers.add(receiver);
      }
    }
    const { ledger } = this.#options;
    await Promise.all([...receivers].map((peer) => ledger.persistTransient(peer, txId, rwset)));
  }

  #plan(
    mspId: string,
    set: protos.rwset.NsPvtReadWriteSet,
  ): { collection: Collection; chosen: readonly string[] }[] {
    return set.getCollectionPvtRwsetList().map((part) => {
      const name = part.getCollectionName();
      const collection = this.#options.definitions.collection(set.getNamespace(), name);
      if (collection === undefined) {
        throw new DistributionError(`no configuration for collection${name}found`);
      }
      const eligible = this.#options.organizations.filter(
        (organization) => organization !== mspId && collection.members.includes(organization),
      );
      if (eligible.length < collection.requiredPeerCount) {
        throw new DistributionError(
          `could not build private data dissemination plan for chaincode ${set.getNamespace()} and collection ${name}: ` +
            `required to disseminate to at least ${collection.requiredPeerCount} peers, but know of only ${eligible.length} eligible peers`,
        );
      }
      return { collection, chosen: eligible.slice(0, collection.maxPeerCount) };
    });
  }
}
