import type {
  ChaincodeDefinition,
  NetworkDefinition,
  OrganizationDefinition,
} from '../../definition/src/index.ts';
import { majority } from './define-network.ts';
import type { OtherChannel } from './devnet.ts';

/** A channel besides the definition's, in as few words as possible. */
export interface SimpleChannel {
  readonly name: string;
  /** MSP IDs, or names of organizations. Default: all. */
  readonly organizations?: readonly string[] | undefined;
}

function membersOf(
  { organizations }: NetworkDefinition,
  { name, organizations: wanted }: SimpleChannel,
): readonly OrganizationDefinition[] {
  if (wanted === undefined) return organizations;
  return wanted.map((one) => {
    const found = organizations.find((o) => o.mspId === one || o.name === one);
    if (found !== undefined) return found;
    const known = organizations.map((o) => o.mspId).join(', ');
    throw new RangeError(`The channel "${name}" names "${one}". The organizations are ${known}.`);
  });
}

/** The network's chaincode as members alone can run it. */
function chaincodeOf(
  { chaincode }: NetworkDefinition,
  members: readonly string[],
): ChaincodeDefinition {
  return {
    name: chaincode.name,
    version: chaincode.version,
    endorsementPolicy: majority(members),
    collections: chaincode.collections.filter((collection) =>
      collection.members.every((mspId) => members.includes(mspId)),
    ),
  };
}

/**
 * Further channels with the network's chaincode: endorsed by most of the members, with the collections of which all
 * members are the channel's.
 *
 * @param addresses of the chaincode's servers, by the organization's name.
 * @throws RangeError when a member is no organization of the network.
 */
export function furtherChannels(
  definition: NetworkDefinition,
  addresses: Readonly<Record<string, string>>,
  channels: readonly SimpleChannel[],
): readonly OtherChannel[] {
  return channels.map((channel) => {
    const members = membersOf(definition, channel);
    const chaincode = chaincodeOf(
      definition,
      members.map((o) => o.mspId),
    );
    return {
      name: channel.name,
      organizations: members.map((o) => o.name),
      chaincodes: [{ definition: chaincode, addresses }],
    };
  });
}
