import {
  type BlockDefinition,
  type CollectionDefinition,
  type NetworkDefinition,
  networkDefinitionSchema,
} from '../../definition/src/index.ts';

/** A collection in as few words as possible; the rest is as Fabric has it when nothing is said. */
export interface SimpleCollection {
  readonly name: string;
  /** MSP IDs. */
  readonly members: readonly string[];
  readonly requiredPeerCount?: number | undefined;
  readonly maxPeerCount?: number | undefined;
  readonly blockToLive?: number | undefined;
  readonly memberOnlyRead?: boolean | undefined;
  readonly memberOnlyWrite?: boolean | undefined;
  readonly endorsementPolicy?: string | undefined;
}

/** A network in as few words as possible. */
export interface SimpleNetwork {
  /** MSP IDs, e.g. `['Org1MSP', 'Org2MSP']`; each runs one peer. */
  readonly organizations: readonly string[];
  /** Default: `mychannel`. */
  readonly channel?: string | undefined;
  readonly chaincode: {
    readonly name: string;
    /** Default: `1.0`. */
    readonly version?: string | undefined;
    /** Fabric policy text. Default: the peers of a majority of the organizations. */
    readonly endorsementPolicy?: string | undefined;
  };
  readonly collections?: readonly SimpleCollection[] | undefined;
  /** Default: a block at once when 500 transactions or 2 MB wait, else 20 ms after the first one. */
  readonly block?: Partial<BlockDefinition> | undefined;
}

const BLOCK: BlockDefinition = {
  maxMessageCount: 500,
  batchTimeoutMs: 20,
  preferredMaxBytes: 2 * 1024 * 1024,
  absoluteMaxBytes: 99 * 1024 * 1024,
};

/** The name of an organization in keys, profile and certificates: `Org1MSP` becomes `org1`. */
export function organizationName(mspId: string): string {
  const name = mspId
    .replace(/MSP$/i, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');
  return name === '' ? 'organization' : name;
}

function majority(mspIds: readonly string[]): string {
  const peers = mspIds.map((id) => `'${id}.peer'`).join(',');
  return `OutOf(${Math.floor(mspIds.length / 2) + 1},${peers})`;
}

function collection(simple: SimpleCollection): CollectionDefinition {
  return {
    name: simple.name,
    members: simple.members,
    requiredPeerCount: simple.requiredPeerCount ?? 0,
    maxPeerCount: simple.maxPeerCount ?? simple.members.length,
    blockToLive: simple.blockToLive ?? 0,
    memberOnlyRead: simple.memberOnlyRead ?? false,
    memberOnlyWrite: simple.memberOnlyWrite ?? false,
    ...(simple.endorsementPolicy === undefined
      ? {}
      : { endorsementPolicy: simple.endorsementPolicy }),
  };
}

/**
 * A complete definition. The first organization also runs the orderer.
 *
 * @throws ZodError when a name is none, or an MSP ID is named that no organization has.
 */
export function defineNetwork(simple: SimpleNetwork): NetworkDefinition {
  const { organizations, channel = 'mychannel', chaincode, collections = [] } = simple;
  return networkDefinitionSchema.parse({
    channel,
    organizations: organizations.map((mspId, index) => {
      const name = organizationName(mspId);
      const orderers = index === 0 ? ['orderer0'] : [];
      const domain = `${name}.devnet.test`;
      return { name, mspId, domain, provider: true, peers: ['peer0'], orderers };
    }),
    chaincode: {
      name: chaincode.name,
      version: chaincode.version ?? '1.0',
      endorsementPolicy: chaincode.endorsementPolicy ?? majority(organizations),
      collections: collections.map(collection),
    },
    block: { ...BLOCK, ...simple.block },
  });
}
