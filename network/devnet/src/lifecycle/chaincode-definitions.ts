import type { ChaincodeDefinition, NetworkDefinition } from '../../../definition/src/index.ts';
import { type Ledger, LedgerError, type NamespaceDefinition } from '../ledger/types.ts';
import type { Rule } from '../policy/signature-policy.ts';
import { channelRule, NEVER } from './application-policy.ts';
import { BaseState } from './base-state.ts';
import { approvals } from './commit.ts';
import {
  type Collection,
  type CommittedChaincode,
  committedChaincode,
  implicitCollectionOf,
} from './committed-chaincode.ts';
import { implicitOwner, LIFECYCLE_NAMESPACE, LifecycleState } from './lifecycle-state.ts';
import {
  approvalName,
  committedSequence,
  NAMESPACES,
  readParameters,
  readSource,
  SOURCES,
} from './parameters.ts';
import { metadataKey, type OpaqueState, type ReadableState, readType } from './stored-structure.ts';

export type { Collection, CommittedChaincode } from './committed-chaincode.ts';

const LIFECYCLE_POLICY = '/Channel/Application/LifecycleEndorsement';
const COMMITTED_PREFIX = metadataKey(NAMESPACES, '');

/** What an organization says of a committed chaincode. */
export interface OwnChaincode {
  /** It has approved exactly what is committed. */
  readonly isApproved: boolean;
  /** The package that its peers run; '' = none. */
  readonly packageId: string;
}

const UNKNOWN: OwnChaincode = { isApproved: false, packageId: '' };

/** One organization's view while definitions are read. */
interface View {
  readonly mspId: string;
  readonly public: ReadableState;
  readonly own: ReadableState;
  readonly approvals: OpaqueState;
}

/**
 * The channel's chaincode definitions as the last block left them. Those of the network definition are there from
 * the beginning; lifecycle transactions change them.
 */
export class ChaincodeDefinitions {
  readonly channel: string;
  readonly base: BaseState;
  /** MSP IDs of the channel's members. */
  readonly organizations: readonly string[];
  #chaincodes: ReadonlyMap<string, CommittedChaincode> = new Map();
  #own: ReadonlyMap<string, ReadonlyMap<string, OwnChaincode>> = new Map();
  readonly #implicit = new Map<string, Collection>();
  readonly #lifecycle: CommittedChaincode;
  readonly #listeners = new Set<() => void>();
  #reading: Promise<void> = Promise.resolve();

  /** @throws PolicyError when a policy text of the definition is none. */
  constructor(
    {
      channel,
      organizations,
      chaincode,
    }: Pick<NetworkDefinition, 'channel' | 'organizations'> &
      Partial<Pick<NetworkDefinition, 'chaincode'>>,
    others: readonly ChaincodeDefinition[] = [],
  ) {
    this.channel = channel;
    this.organizations = organizations.map((o) => o.mspId);
    const all = chaincode === undefined ? others : [chaincode, ...others];
    this.base = new BaseState(all);
    this.#lifecycle = {
      name: LIFECYCLE_NAMESPACE,
      version: '',
      sequence: 1,
      initRequired: false,
      endorsementRule: channelRule(LIFECYCLE_POLICY, this.organizations) ?? NEVER,
      collections: new Map(),
    };
    const { committed, approved } = this.base;
    this.#take(
      all.map(({ name }) => name),
      this.organizations.map((mspId) => ({
        mspId,
        public: committed,
        own: approved,
        approvals: { mspId, hash: (key) => this.base.approvedHash(key) },
      })),
    );
  }

  /** Names of all chaincodes. */
  get names(): readonly string[] {
    return [...this.#chaincodes.keys()];
  }

  chaincode(name: string): CommittedChaincode | undefined {
    return name === LIFECYCLE_NAMESPACE ? this.#lifecycle : this.#chaincodes.get(name);
  }

  /** What an organization says of a chaincode that is committed. */
  own(mspId: string, chaincode: string): OwnChaincode {
    return this.#own.get(mspId)?.get(chaincode) ?? UNKNOWN;
  }

  /** Who must endorse a write to a namespace; undefined when there is none of that name. */
  endorsementRule(namespace: string): Rule | undefined {
    return this.chaincode(namespace)?.endorsementRule;
  }

  /** An explicit or implicit collection of a chaincode; undefined when there is none of that name. */
  collection(chaincode: string, name: string): Collection | undefined {
    const found = this.chaincode(chaincode);
    if (found === undefined) return undefined;
    const owner = implicitOwner(name);
    return owner === undefined ? found.collections.get(name) : this.#implicitOf(name, owner);
  }

  /** Namespaces of the channel's state, as the ledger must know them. */
  namespaces(): readonly NamespaceDefinition[] {
    return [
      { name: LIFECYCLE_NAMESPACE, collections: [] },
      ...[...this.#chaincodes.values()].map(({ name, collections }) => ({
        name,
        collections: [...collections.values()],
      })),
    ];
  }

  /** Calls back whenever they have been read anew. */
  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /** Resolves when what the last block changed is known. */
  current(): Promise<void> {
    return this.#reading;
  }

  /** Reads what is committed now, and tells the ledger of its collections. */
  reload(ledger: Ledger): Promise<void> {
    this.#reading = this.#reading.then(() => this.#read(ledger));
    return this.#reading;
  }

  async #read(ledger: Ledger): Promise<void> {
    const simulators = this.organizations.map((mspId) =>
      ledger.newSimulator({ mspId, txId: LIFECYCLE_NAMESPACE }),
    );
    try {
      const states = simulators.map((simulator) => ({
        mspId: simulator.mspId,
        state: new LifecycleState(simulator, this.base),
      }));
      const names = (await states[0]?.state.committedNames(COMMITTED_PREFIX)) ?? [];
      this.#take(
        names,
        states.map(({ mspId, state }) => ({
          mspId,
          public: state.public,
          own: state.own,
          approvals: state.approvalsOf(mspId),
        })),
      );
    } finally {
      await Promise.all(simulators.map((simulator) => simulator.done()));
    }
    ledger.defineNamespaces(this.namespaces());
    for (const listener of this.#listeners) listener();
  }

  #take(names: readonly string[], views: readonly View[]): void {
    const [first] = views;
    if (first === undefined) return;
    this.#chaincodes = new Map(
      names.map((name) => {
        const sequence = committedSequence(first.public, name);
        const parameters = readParameters(first.public, name);
        return [name, committedChaincode({ name, sequence }, parameters, this.organizations)];
      }),
    );
    this.#own = new Map(
      views.map((view) => [view.mspId, new Map(names.map((name) => [name, ownOf(view, name)]))]),
    );
  }

  #implicitOf(name: string, owner: string): Collection {
    const known = this.#implicit.get(name);
    if (known !== undefined) return known;
    const collection = implicitCollectionOf(name, owner, this.organizations);
    if (collection.endorsementRule !== undefined) this.#implicit.set(name, collection);
    return collection;
  }
}

function ownOf(view: View, chaincode: string): OwnChaincode {
  const sequence = committedSequence(view.public, chaincode);
  const parameters = readParameters(view.public, chaincode);
  const missing = approvals({ chaincode, sequence, parameters }, [view.approvals]);
  const isApproved = missing.get(view.mspId)?.length === 0;
  const name = approvalName(chaincode, sequence);
  return { isApproved, packageId: isApproved ? packageOf(view.own, name) : '' };
}

/** A peer that has lost its private data does not know its package. */
function packageOf(own: ReadableState, name: string): string {
  try {
    return readType(own, SOURCES, name) === undefined ? '' : readSource(own, name);
  } catch (error) {
    if (error instanceof LedgerError) return '';
    throw error;
  }
}
