import type { StateIterator, TxSimulator } from '../ledger/types.ts';
import type { BaseState } from './base-state.ts';
import { NAMESPACES } from './parameters.ts';
import { fieldKey, type OpaqueState, type WritableState } from './stored-structure.ts';

/** Where Fabric keeps the chaincode definitions themselves. */
export const LIFECYCLE_NAMESPACE = '_lifecycle';
/** Where Fabric 1 kept definitions. */
const LEGACY_NAMESPACE = 'lscc';
const IMPLICIT_PREFIX = '_implicit_org_';
/** Keys of the lifecycle are ASCII: behind all of them with the same beginning. */
const AFTER_ASCII = '\x7f';

/** An organization's implicit collection. */
export function implicitCollection(mspId: string): string {
  return IMPLICIT_PREFIX + mspId;
}

/** The organization whose implicit collection this is; undefined when it is no implicit one. */
export function implicitOwner(collection: string): string | undefined {
  return collection.startsWith(IMPLICIT_PREFIX)
    ? collection.slice(IMPLICIT_PREFIX.length)
    : undefined;
}

async function keysOf(
  iterator: StateIterator,
  prefix: string,
  base: ReadonlyMap<string, Uint8Array>,
): Promise<readonly string[]> {
  const found = new Set([...base.keys()].filter((key) => key.startsWith(prefix)));
  try {
    for (let next = await iterator.next(); next !== undefined; next = await iterator.next()) {
      found.add(next.key);
    }
  } finally {
    await iterator.close();
  }
  return [...found].map((key) => key.slice(prefix.length)).sort();
}

/**
 * What a transaction is simulated with is read by it, too: an upgrade before its commit is a read conflict
 * (endorsement_info.go CachedChaincodeInfo).
 */
export function noteSequence(simulator: TxSimulator, chaincode: string): void {
  simulator.getState(LIFECYCLE_NAMESPACE, fieldKey(NAMESPACES, chaincode, 'Sequence'));
}

/** The lifecycle's state as one organization's peer sees it in a simulation. */
export class LifecycleState {
  readonly #simulator: TxSimulator;
  readonly #base: BaseState;

  constructor(simulator: TxSimulator, base: BaseState) {
    this.#simulator = simulator;
    this.#base = base;
  }

  /** Whoever finds no definition asks the lifecycle of Fabric 1, too; its state is empty (deployedcc_infoprovider.go). */
  noteLegacyRead(chaincode: string): void {
    this.#simulator.getState(LEGACY_NAMESPACE, chaincode);
  }

  /** What the channel has committed. */
  get public(): WritableState {
    const [simulator, base] = [this.#simulator, this.#base.committed];
    return {
      get: (key) => simulator.getState(LIFECYCLE_NAMESPACE, key) ?? base.get(key),
      put: (key, value) => {
        simulator.putState(LIFECYCLE_NAMESPACE, key, value);
      },
      delete: (key) => {
        simulator.deleteState(LIFECYCLE_NAMESPACE, key);
      },
    };
  }

  /** What the peer's own organization has approved. */
  get own(): WritableState {
    const [simulator, base] = [this.#simulator, this.#base.approved];
    const collection = implicitCollection(simulator.mspId);
    return {
      get: (key) => simulator.getPrivateData(LIFECYCLE_NAMESPACE, collection, key) ?? base.get(key),
      put: (key, value) => {
        simulator.putPrivateData(LIFECYCLE_NAMESPACE, collection, key, value);
      },
      delete: (key) => {
        simulator.deletePrivateData(LIFECYCLE_NAMESPACE, collection, key);
      },
    };
  }

  /** Hashes of what an organization has approved. */
  approvalsOf(mspId: string): OpaqueState {
    const [simulator, base] = [this.#simulator, this.#base];
    const collection = implicitCollection(mspId);
    return {
      mspId,
      hash: (key) =>
        simulator.getPrivateDataHash(LIFECYCLE_NAMESPACE, collection, key) ??
        base.approvedHash(key),
    };
  }

  /** What follows a prefix in the keys of committed definitions. */
  committedNames(prefix: string): Promise<readonly string[]> {
    const end = prefix + AFTER_ASCII;
    const iterator = this.#simulator.getStateRange(LIFECYCLE_NAMESPACE, prefix, end);
    return keysOf(iterator, prefix, this.#base.committed);
  }

  /** What follows a prefix in the keys of the own organization's approvals. */
  approvedNames(prefix: string): Promise<readonly string[]> {
    const [simulator, end] = [this.#simulator, prefix + AFTER_ASCII];
    const collection = implicitCollection(simulator.mspId);
    const iterator = simulator.getPrivateDataRange(LIFECYCLE_NAMESPACE, collection, prefix, end);
    return keysOf(iterator, prefix, this.#base.approved);
  }
}
