import { z } from 'zod';
import {
  hostName,
  type NetworkDefinition,
  networkDefinitionSchema,
  type OrganizationDefinition,
  organizationDefinitionSchema,
} from '../../definition/src/index.ts';
import { readIfPresent, writePrivate } from '../../identity/src/index.ts';
import { stateFile } from './local-layout.ts';
import { type Operation, operationSchema } from './operation.ts';
import type { ChaincodeSlot, NetworkPlan } from './render/layout.ts';

/** The data folder holds something that this program does not understand. */
export class StateError extends Error {
  override readonly name = 'StateError';
}

export interface DeployedChaincode {
  readonly version: string;
  readonly slot: ChaincodeSlot;
  /** Version that the definition asked for when this one was deployed: a newer wish wins at the next start. */
  readonly wanted: string;
  readonly folder?: string | undefined;
}

/** What exists of a network now; it grows away from the definition that it was made from. */
export interface NetworkState {
  readonly version: 1;
  readonly consensus: 'raft' | 'bft';
  readonly organizations: readonly OrganizationDefinition[];
  /** Members that collections have beyond their definition, by collection. */
  readonly addedMembers: Readonly<Record<string, readonly string[]>>;
  readonly consenterIds: Readonly<Record<string, number>>;
  readonly chaincode: DeployedChaincode;
  /** Begun and not known to be done. */
  readonly pending?: Operation | undefined;
}

const schema: z.ZodType<NetworkState> = z.strictObject({
  version: z.literal(1),
  consensus: z.enum(['raft', 'bft']),
  organizations: z.array(organizationDefinitionSchema),
  addedMembers: z.record(z.string(), z.array(z.string())),
  consenterIds: z.record(z.string(), z.int().min(1)),
  chaincode: z.strictObject({
    version: z.string(),
    slot: z.enum(['blue', 'green']),
    wanted: z.string(),
    folder: z.string().optional(),
  }),
  pending: operationSchema.optional(),
});

/** Host names of all orderers, organization by organization. */
function ordererHosts(organizations: readonly OrganizationDefinition[]): string[] {
  return organizations.flatMap((o) => o.orderers.map((name) => hostName(o, name)));
}

/** Numbers for those that have none yet, above all that were ever given. */
export function numberConsenters(
  known: Readonly<Record<string, number>>,
  organizations: readonly OrganizationDefinition[],
): Readonly<Record<string, number>> {
  const ids: Record<string, number> = { ...known };
  let highest = Math.max(0, ...Object.values(known));
  for (const host of ordererHosts(organizations)) ids[host] ??= ++highest;
  return ids;
}

/** A network's state before anything has happened to it. */
export function initialState(definition: NetworkDefinition): NetworkState {
  const { organizations, chaincode, consensus } = definition;
  return {
    version: 1,
    consensus: consensus ?? 'raft',
    organizations,
    addedMembers: {},
    consenterIds: numberConsenters({}, organizations),
    chaincode: { version: chaincode.version, slot: 'blue', wanted: chaincode.version },
  };
}

/** @throws StateError when the file is not this program's. */
export async function readState(dataDir: string): Promise<NetworkState | undefined> {
  const file = stateFile(dataDir);
  const text = await readIfPresent(file);
  if (text === undefined) return undefined;
  const parsed = schema.safeParse(JSON.parse(text));
  if (parsed.success) return parsed.data;
  throw new StateError(
    `${file} is damaged or was written by another version of this program. ` +
      'Restore a snapshot, or start anew with: down --wipe',
  );
}

export async function writeState(dataDir: string, state: NetworkState): Promise<void> {
  await writePrivate(stateFile(dataDir), `${JSON.stringify(state, null, 2)}\n`);
}

/**
 * The network as it is now: organizations and consensus from the state, everything else as wished.
 *
 * @throws ZodError when the two do not fit together.
 */
export function effectivePlan(state: NetworkState, wished: NetworkDefinition): NetworkPlan {
  const { chaincode } = wished;
  const definition = networkDefinitionSchema.parse({
    ...wished,
    organizations: state.organizations,
    consensus: state.consensus,
    chaincode: {
      ...chaincode,
      version: state.chaincode.version,
      collections: chaincode.collections.map((collection) => ({
        ...collection,
        members: [
          ...new Set([...collection.members, ...(state.addedMembers[collection.name] ?? [])]),
        ],
      })),
    },
  });
  return { definition, consenterIds: state.consenterIds, slot: state.chaincode.slot };
}

/** The state with that organization in another form. */
export function withOrganization(
  state: NetworkState,
  name: string,
  change: (organization: OrganizationDefinition) => OrganizationDefinition,
): NetworkState {
  const organizations = state.organizations.map((o) => (o.name === name ? change(o) : o));
  return {
    ...state,
    organizations,
    consenterIds: numberConsenters(state.consenterIds, organizations),
  };
}

/** The state after the code has come to want another version of the chaincode than before. */
export function newestWish(state: NetworkState, wished: NetworkDefinition): NetworkState {
  const { version } = wished.chaincode;
  if (version === state.chaincode.wanted) return state;
  return { ...state, chaincode: { version, wanted: version, slot: state.chaincode.slot } };
}

/**
 * The state without the node or organization whose adding was cut off: the network starts without it, then the
 * adding goes on. An orderer is not left out, as it may count for the quorum already.
 */
export function settledState(state: NetworkState): NetworkState {
  const { pending } = state;
  if (pending?.verb === 'add-peer') {
    return withOrganization(state, pending.organization, (o) => ({
      ...o,
      peers: o.peers.filter((name) => name !== pending.node),
    }));
  }
  if (pending?.verb !== 'add-org') return state;
  const { name, mspId } = pending.organization;
  return {
    ...state,
    organizations: state.organizations.filter((o) => o.name !== name),
    addedMembers: Object.fromEntries(
      Object.entries(state.addedMembers).map(([collection, members]) => [
        collection,
        members.filter((id) => id !== mspId),
      ]),
    ),
  };
}
