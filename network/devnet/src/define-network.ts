import { z } from 'zod';
import {
  type BlockDefinition,
  type CollectionDefinition,
  type NetworkDefinition,
  networkDefinitionSchema,
} from '../../definition/src/index.ts';
import type { SimpleChannel } from './further-channels.ts';

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

/** An organization whose nodes have names that something expects. */
export interface SimpleOrganization {
  readonly mspId: string;
  /** Default: `org1` for `Org1MSP`. */
  readonly name?: string | undefined;
  /** DNS domain, e.g. `org1.example.com`; its peer is `peer0.` of it. Default: `org1.devnet.test`. */
  readonly domain?: string | undefined;
}

/** A network in as few words as possible. */
export interface SimpleNetwork {
  /** MSP IDs, e.g. `['Org1MSP', 'Org2MSP']`, or more about an organization; each runs one peer. */
  readonly organizations: readonly (string | SimpleOrganization)[];
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
  /** More channels, with the same chaincode; see `furtherChannels`. */
  readonly channels?: readonly SimpleChannel[] | undefined;
  /** Default: a block at once when 500 transactions or 2 MB wait, else 20 ms after the first one. */
  readonly block?:
    | { readonly [Limit in keyof BlockDefinition]?: BlockDefinition[Limit] | undefined }
    | undefined;
}

const BLOCK: BlockDefinition = {
  maxMessageCount: 500,
  batchTimeoutMs: 20,
  preferredMaxBytes: 2 * 1024 * 1024,
  absoluteMaxBytes: 99 * 1024 * 1024,
};

const simpleCollection = z.strictObject({
  name: z.string(),
  members: z.array(z.string()),
  requiredPeerCount: z.int().optional(),
  maxPeerCount: z.int().optional(),
  blockToLive: z.int().optional(),
  memberOnlyRead: z.boolean().optional(),
  memberOnlyWrite: z.boolean().optional(),
  endorsementPolicy: z.string().optional(),
});

const simpleOrganization = z.strictObject({
  mspId: z.string(),
  name: z.string().optional(),
  domain: z.string().optional(),
});

/** Checks a {@link SimpleNetwork} that came from outside, e.g. from a JSON file. */
export const simpleNetworkSchema: z.ZodType<SimpleNetwork> = z.strictObject({
  organizations: z.array(z.union([z.string(), simpleOrganization])).min(1),
  channel: z.string().optional(),
  chaincode: z.strictObject({
    name: z.string(),
    version: z.string().optional(),
    endorsementPolicy: z.string().optional(),
  }),
  collections: z.array(simpleCollection).optional(),
  channels: z
    .array(z.strictObject({ name: z.string(), organizations: z.array(z.string()).optional() }))
    .optional(),
  block: z
    .strictObject({
      maxMessageCount: z.int(),
      batchTimeoutMs: z.int(),
      preferredMaxBytes: z.int(),
      absoluteMaxBytes: z.int(),
    })
    .partial()
    .optional(),
});

/** The name of an organization in keys, profile and certificates: `Org1MSP` becomes `org1`. */
function organizationName(mspId: string): string {
  const name = mspId
    .replace(/MSP$/i, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');
  return name === '' ? 'organization' : name;
}

/** Policy text: the peers of most organizations. */
export function majority(mspIds: readonly string[]): string {
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
  const { channel = 'mychannel', chaincode, collections = [] } = simple;
  const organizations = simple.organizations.map((o) => (typeof o === 'string' ? { mspId: o } : o));
  return networkDefinitionSchema.parse({
    channel,
    organizations: organizations.map((organization: SimpleOrganization, index) => {
      const { mspId, name = organizationName(mspId) } = organization;
      const { domain = `${name}.devnet.test` } = organization;
      const orderers = index === 0 ? ['orderer0'] : [];
      return { name, mspId, domain, provider: true, peers: ['peer0'], orderers };
    }),
    chaincode: {
      name: chaincode.name,
      version: chaincode.version ?? '1.0',
      endorsementPolicy: chaincode.endorsementPolicy ?? majority(organizations.map((o) => o.mspId)),
      collections: collections.map(collection),
    },
    block: { ...BLOCK, ...simple.block },
  });
}
