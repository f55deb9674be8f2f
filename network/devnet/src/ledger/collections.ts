import { LedgerError, type NamespaceDefinition } from './types.ts';

const IMPLICIT_PREFIX = '_implicit_org_';

interface Collection {
  readonly members: readonly string[];
  readonly blockToLive: number;
}

/** What is known about every collection of the channel, explicit and implicit. */
export class Collections {
  readonly #organizations: readonly string[];
  #namespaces: ReadonlyMap<string, ReadonlyMap<string, Collection>> = new Map();
  #expiring = false;

  constructor(organizations: readonly string[], namespaces: readonly NamespaceDefinition[]) {
    this.#organizations = organizations;
    this.define(namespaces);
  }

  /** Whether any value can expire at all. */
  get expiring(): boolean {
    return this.#expiring;
  }

  /** From now on there are these. */
  define(namespaces: readonly NamespaceDefinition[]): void {
    const organizations = this.#organizations;
    this.#namespaces = new Map(
      namespaces.map(({ name, collections }) => [
        name,
        new Map<string, Collection>([
          ...organizations.map((mspId): [string, Collection] => [
            IMPLICIT_PREFIX + mspId,
            { members: [mspId], blockToLive: 0 },
          ]),
          ...collections.map((collection): [string, Collection] => [collection.name, collection]),
        ]),
      ]),
    );
    this.#expiring = namespaces.some(({ collections }) =>
      collections.some(({ blockToLive }) => blockToLive > 0),
    );
  }

  /** @throws LedgerError with Fabric's text when the chaincode or its collection is not defined. */
  requireDefined(namespace: string, collection: string): void {
    const collections = this.#namespaces.get(namespace);
    if (collections === undefined) {
      throw new LedgerError(
        `collection config not defined for chaincode [${namespace}], pass the collection configuration upon chaincode definition/instantiation`,
      );
    }
    if (!collections.has(collection)) {
      throw new LedgerError(
        `collection [${collection}] not defined in the collection config for chaincode [${namespace}]`,
      );
    }
  }

  /** Organizations with peers here that hold the collection's values. */
  members(namespace: string, collection: string): readonly string[] {
    const members = this.#namespaces.get(namespace)?.get(collection)?.members ?? [];
    return members.filter((mspId) => this.#organizations.includes(mspId));
  }

  /**
   * The block whose commit removes a value written by the given block, or undefined when it stays.
   * A value with blockToLive 3 written by block 1 is readable until block 5 commits.
   */
  expiringBlock(namespace: string, collection: string, writtenBlock: number): number | undefined {
    const blockToLive = this.#namespaces.get(namespace)?.get(collection)?.blockToLive ?? 0;
    return blockToLive === 0 ? undefined : writtenBlock + blockToLive + 1;
  }
}
