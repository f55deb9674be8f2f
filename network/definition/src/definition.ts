import { z } from 'zod';

/** One organization of the network, with the nodes it runs. */
export interface OrganizationDefinition {
  /** Short lower-case name, used for folders and for the connection profile. */
  readonly name: string;
  readonly mspId: string;
  /** DNS domain of the organization's nodes; `peer0` becomes `peer0.<domain>`. */
  readonly domain: string;
  /** Providers treat patients: they keep the record and endorse it. */
  readonly provider: boolean;
  readonly peers: readonly string[];
  readonly orderers: readonly string[];
}

/**
 * A private data collection, in the words of Fabric's collection configuration
 * (https://hyperledger-fabric.readthedocs.io/en/release-2.5/private-data-arch.html).
 */
export interface CollectionDefinition {
  readonly name: string;
  /** MSP IDs of the organizations whose peers keep the data. */
  readonly members: readonly string[];
  readonly requiredPeerCount: number;
  readonly maxPeerCount: number;
  /** Blocks until the data is purged by itself; 0 keeps it. */
  readonly blockToLive: number;
  readonly memberOnlyRead: boolean;
  readonly memberOnlyWrite: boolean;
  /** Fabric policy text; without it the chaincode's policy holds. */
  readonly endorsementPolicy?: string | undefined;
}

export interface ChaincodeDefinition {
  readonly name: string;
  readonly version: string;
  /** Fabric policy text, e.g. `AND('HospitalMSP.peer','ClinicMSP.peer')`. */
  readonly endorsementPolicy: string;
  readonly collections: readonly CollectionDefinition[];
}

/** When an orderer cuts a block: by number of messages, by bytes, or by time, whichever is first. */
export interface BlockDefinition {
  readonly maxMessageCount: number;
  readonly batchTimeoutMs: number;
  readonly preferredMaxBytes: number;
  readonly absoluteMaxBytes: number;
}

/** Everything both networks, native and embedded, are made from. */
export interface NetworkDefinition {
  readonly channel: string;
  readonly organizations: readonly OrganizationDefinition[];
  readonly chaincode: ChaincodeDefinition;
  readonly block: BlockDefinition;
  /**
   * How the orderers agree: Raft (the default) bears crashes of a minority; BFT also a third (less one) that lies,
   * and needs four orderers or more.
   */
  readonly consensus?: 'raft' | 'bft' | undefined;
}

/** 3f + 1 orderers bear f that lie; with fewer than four, f is 0. */
const FEWEST_BFT_ORDERERS = 4;

/** A label of a DNS name; it also becomes a folder name, so nothing else may pass. */
const label = z.string().regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/);
const mspId = z.string().regex(/^[A-Za-z0-9._-]{1,64}$/);
const policyText = z.string().regex(/^(?:AND|OR|OutOf)\(.+\)$/);

/** Checks one organization that came from outside. */
export const organizationDefinitionSchema: z.ZodType<OrganizationDefinition> = z.strictObject({
  name: label,
  mspId,
  domain: z.string().regex(/^[a-z0-9-]+(?:\.[a-z0-9-]+)*$/),
  provider: z.boolean(),
  peers: z.array(label).min(1),
  orderers: z.array(label),
});

const collection = z
  .strictObject({
    // A leading underscore is kept for implicit collections (core/chaincode/lifecycle in Fabric).
    name: z.string().regex(/^[A-Za-z0-9-][A-Za-z0-9_-]*$/),
    members: z.array(mspId).min(1),
    requiredPeerCount: z.int().min(0),
    maxPeerCount: z.int().min(0),
    blockToLive: z.int().min(0),
    memberOnlyRead: z.boolean(),
    memberOnlyWrite: z.boolean(),
    endorsementPolicy: policyText.optional(),
  })
  .refine((c) => c.maxPeerCount >= c.requiredPeerCount, {
    error: 'maxPeerCount is smaller than requiredPeerCount',
  });

const block = z
  .strictObject({
    maxMessageCount: z.int().min(1),
    batchTimeoutMs: z.int().min(1),
    preferredMaxBytes: z.int().min(1),
    absoluteMaxBytes: z.int().min(1),
  })
  .refine((b) => b.absoluteMaxBytes >= b.preferredMaxBytes, {
    error: 'absoluteMaxBytes is smaller than preferredMaxBytes',
  });

const shape = z.strictObject({
  channel: z.string().regex(/^[a-z][a-z0-9.-]{0,248}$/),
  organizations: z.array(organizationDefinitionSchema).min(1),
  chaincode: z.strictObject({
    name: z.string().regex(/^[A-Za-z0-9]+(?:[-_][A-Za-z0-9]+)*$/),
    version: z.string().regex(/^[A-Za-z0-9_.+-]+$/),
    endorsementPolicy: policyText,
    collections: z.array(collection),
  }),
  block,
  consensus: z.enum(['raft', 'bft']).optional(),
});

/** MSP IDs that a policy text names, in the order of the text. */
export function policyMspIds(policy: string): string[] {
  return [...policy.matchAll(/'([^']+)\.(?:member|admin|client|peer|orderer)'/g)].flatMap((m) =>
    m[1] === undefined ? [] : [m[1]],
  );
}

function duplicates(values: readonly string[]): string[] {
  return values.filter((value, index) => values.indexOf(value) !== index);
}

function complaints(definition: NetworkDefinition): string[] {
  const known = new Set(definition.organizations.map((o) => o.mspId));
  const { chaincode, organizations } = definition;
  const policies = [chaincode, ...chaincode.collections].flatMap((c) => c.endorsementPolicy ?? []);
  const named = [
    ...policies.flatMap(policyMspIds),
    ...chaincode.collections.flatMap((c) => c.members),
  ];
  const repeated = [
    ...duplicates(organizations.map((o) => o.name)),
    ...duplicates(organizations.map((o) => o.mspId)),
    ...duplicates(
      organizations.flatMap((o) => [...o.peers, ...o.orderers].map((n) => hostName(o, n))),
    ),
    ...duplicates(chaincode.collections.map((c) => c.name)),
  ];
  const orderers = organizations.flatMap((o) => o.orderers);
  return [
    ...named.filter((id) => !known.has(id)).map((id) => `no organization has the MSP ID ${id}`),
    ...repeated.map((name) => `${name} is named twice`),
    ...(orderers.length === 0 ? ['no organization runs an orderer'] : []),
    ...(definition.consensus === 'bft' && orderers.length < FEWEST_BFT_ORDERERS
      ? [`BFT needs ${FEWEST_BFT_ORDERERS} orderers; there are ${orderers.length}`]
      : []),
  ];
}

/** Checks a definition that came from outside; also that every MSP ID named in it exists. */
export const networkDefinitionSchema: z.ZodType<NetworkDefinition> = shape.superRefine(
  (definition, context) => {
    for (const message of complaints(definition)) context.addIssue({ code: 'custom', message });
  },
);

/** Full host name of a node, e.g. `peer0.hospital.pulse.test`. */
export function hostName(organization: OrganizationDefinition, node: string): string {
  return `${node}.${organization.domain}`;
}

/**
 * The organization of that name.
 *
 * @throws RangeError when the definition has none.
 */
export function organizationNamed(
  definition: NetworkDefinition,
  name: string,
): OrganizationDefinition {
  const found = definition.organizations.find((o) => o.name === name);
  if (found === undefined) throw new RangeError(`The network has no organization "${name}".`);
  return found;
}

/** A collection's member policy in the only form Fabric takes: an OR over its members. */
export function memberPolicy({ members }: Pick<CollectionDefinition, 'members'>): string {
  return `OR(${members.map((id) => `'${id}.member'`).join(',')})`;
}
