import { common } from '@hyperledger/fabric-protos';

const { Block, ConfigEnvelope, Envelope, Payload } = common;
const APPLICATION = 'Application';
const ORDERER = 'Orderer';

/** A channel's configuration as a configuration block holds it. */
export interface ChannelConfig {
  /** common.Config. */
  readonly bytes: Uint8Array;
  /** Raised by every update. */
  readonly sequence: number;
  readonly applicationOrganizations: readonly string[];
  readonly ordererOrganizations: readonly string[];
}

/** A config block that cannot be read. */
export class ConfigBlockError extends Error {
  override readonly name = 'ConfigBlockError';
}

function configOf(block: Uint8Array): common.Config {
  const [data] = Block.deserializeBinary(block).getData()?.getDataList_asU8() ?? [];
  if (data === undefined) throw new ConfigBlockError('The configuration block is empty.');
  const payload = Payload.deserializeBinary(Envelope.deserializeBinary(data).getPayload_asU8());
  const config = ConfigEnvelope.deserializeBinary(payload.getData_asU8()).getConfig();
  if (config === undefined) throw new ConfigBlockError('The block is no configuration block.');
  return config;
}

function groupNames(config: common.Config, group: string): string[] {
  const groups = config.getChannelGroup()?.getGroupsMap().get(group)?.getGroupsMap();
  return groups === undefined ? [] : [...groups.keys()].sort();
}

/** @throws ConfigBlockError when the bytes are no configuration block. */
export function readConfigBlock(block: Uint8Array): ChannelConfig {
  const config = configOf(block);
  return {
    bytes: config.serializeBinary(),
    sequence: config.getSequence(),
    applicationOrganizations: groupNames(config, APPLICATION),
    ordererOrganizations: groupNames(config, ORDERER),
  };
}

function majority(names: readonly string[]): number {
  return Math.floor(names.length / 2) + 1;
}

/** MSP IDs whose group below `Application` an update writes, and whether it writes anything else. */
function touched(update: common.ConfigUpdate): {
  organizations: string[];
  others: boolean;
} {
  const root = update.getWriteSet();
  const readRoot = update.getReadSet();
  const changes = (name: string): boolean => {
    const before = readRoot?.getGroupsMap().get(name);
    const after = root?.getGroupsMap().get(name);
    return after !== undefined && before?.getVersion() !== after.getVersion();
  };
  const application = root?.getGroupsMap().get(APPLICATION)?.getGroupsMap();
  const organizations = application === undefined ? [] : [...application.keys()];
  const hasOrderer = root?.getGroupsMap().get(ORDERER) !== undefined;
  const others =
    hasOrderer || changes(APPLICATION) || readRoot?.getVersion() !== root?.getVersion();
  return { organizations, others };
}

/**
 * MSP IDs of the administrators who have to sign an update: one organization's own when only its own part changes,
 * else the fewest that are a majority of the members, and of those who order.
 */
export function neededSigners(
  config: ChannelConfig,
  updateBytes: Uint8Array,
  first: string,
): string[] {
  const { organizations, others } = touched(common.ConfigUpdate.deserializeBinary(updateBytes));
  const { applicationOrganizations, ordererOrganizations } = config;
  const all = new Set([...ordererOrganizations, ...applicationOrganizations]);
  const [only] = organizations;
  if (!others && organizations.length === 1 && only !== undefined && all.has(only)) return [only];
  const ordered = [...all].sort((a, b) => Number(b === first) - Number(a === first));
  const signers: string[] = [];
  const isEnough = (names: readonly string[]): boolean =>
    names.filter((name) => signers.includes(name)).length >= majority(names);
  for (const name of ordered) {
    if (isEnough(applicationOrganizations) && isEnough(ordererOrganizations)) break;
    signers.push(name);
  }
  return signers;
}

/** The update as the envelope that administrators sign and hand in (common.Envelope). */
export function updateEnvelope(channel: string, updateBytes: Uint8Array): Uint8Array {
  const header = new common.ChannelHeader();
  header.setType(common.HeaderType.CONFIG_UPDATE);
  header.setChannelId(channel);
  const update = new common.ConfigUpdateEnvelope();
  update.setConfigUpdate(updateBytes);
  const payload = new Payload();
  const payloadHeader = new common.Header();
  payloadHeader.setChannelHeader(header.serializeBinary());
  payload.setHeader(payloadHeader);
  payload.setData(update.serializeBinary());
  const envelope = new Envelope();
  envelope.setPayload(payload.serializeBinary());
  return envelope.serializeBinary();
}
