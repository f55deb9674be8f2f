import { common } from '@hyperledger/fabric-protos';
import { readOr } from '../protos/read.ts';

/** Each organization's MSP configuration, as block 0 has it. */
function authorities(genesis: common.Block): ReadonlyMap<string, string> {
  const [bytes] = genesis.getData()?.getDataList_asU8() ?? [];
  const payload = readOr(readOr(bytes, common.Envelope)?.getPayload_asU8(), common.Payload);
  const config = readOr(payload?.getData_asU8(), common.ConfigEnvelope)?.getConfig();
  const application = config?.getChannelGroup()?.getGroupsMap().get('Application');
  const found = new Map<string, string>();
  application?.getGroupsMap().forEach((group, name) => {
    found.set(name, group.getValuesMap().get('MSP')?.getValue_asB64() ?? '');
  });
  return found;
}

/** Whether two channels have the same organizations with the same authorities, so that each other's signatures hold. */
export function sameAuthorities(a: common.Block, b: common.Block): boolean {
  const [ours, theirs] = [authorities(a), authorities(b)];
  return ours.size === theirs.size && [...ours].every(([name, msp]) => theirs.get(name) === msp);
}
