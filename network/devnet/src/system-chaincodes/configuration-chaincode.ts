import { common, peer } from '@hyperledger/fabric-protos';
import type { Channel, Channels } from '../channel/channel.ts';
import type { Ledger } from '../ledger/types.ts';
import { readOr } from '../protos/read.ts';
import {
  creatorOf,
  invokedChaincode,
  refusal,
  type SystemCall,
  type SystemChaincode,
  success,
  text,
} from './system-chaincode.ts';

/** Functions that ask for no channel. */
const WITHOUT_CHANNEL = new Set(['GetChannels', 'JoinBySnapshotStatus']);
/** Where the channel's configuration stands: it never changes. */
const CONFIGURATION_BLOCK = 0;
const READERS = '/Channel/Application/Readers';

/** cscc: a peer's channels and their configuration (core/scc/cscc/configure.go). Joining channels is not for clients of a gateway. */
export class ConfigurationChaincode implements SystemChaincode {
  readonly name = 'cscc';
  readonly #channels: Channels;

  /** @param channels the peer's. */
  constructor(channels: Channels) {
    this.#channels = channels;
  }

  async invoke(call: SystemCall): Promise<peer.Response> {
    const { args } = call;
    const name = text(args[0]);
    if (args.length < 1 || (args.length < 2 && !WITHOUT_CHANNEL.has(name))) {
      return refusal(`Incorrect number of arguments, ${args.length}`);
    }
    const invoked = invokedChaincode(call);
    if (invoked !== this.name) {
      return refusal(
        `Rejecting invoke of CSCC from another chaincode, original invocation for '${invoked}'`,
      );
    }
    if (name === 'GetChannels') return this.#joined();
    return this.#ofChannel(name, text(args[1]), call);
  }

  async #ofChannel(name: string, channel: string, call: SystemCall): Promise<peer.Response> {
    const answer = OF_CHANNEL.get(name);
    if (answer === undefined) return refusal(`Requested function ${name} not found.`);
    if (channel === '' && name === 'GetChannelConfig') {
      return refusal('empty channel name provided');
    }
    const found = this.#channels.get(channel);
    if (found === undefined) return unknownChannel(name, channel);
    const denied = deny(found, call);
    return denied === undefined
      ? answer(found.ledger)
      : refusal(`access denied for [${name}][${channel}]: ${denied}`);
  }

  #joined(): peer.Response {
    const answer = new peer.ChannelQueryResponse();
    for (const name of this.#channels.keys()) {
      const channel = new peer.ChannelInfo();
      channel.setChannelId(name);
      answer.addChannels(channel);
    }
    return success(answer.serializeBinary());
  }
}

function deny(channel: Channel, { parameters }: SystemCall): string | undefined {
  const { signedProposal } = parameters;
  return channel.policies.refuseAccess(channel.name, READERS, {
    data: signedProposal.getProposalBytes_asU8(),
    identity: creatorOf(signedProposal),
    signature: signedProposal.getSignature_asU8(),
  });
}

async function configurationBlock(ledger: Ledger): Promise<peer.Response> {
  const block = await ledger.block(CONFIGURATION_BLOCK);
  return success(block?.serializeBinary() ?? new Uint8Array());
}

async function configuration(ledger: Ledger): Promise<peer.Response> {
  const block = await ledger.block(CONFIGURATION_BLOCK);
  const [envelope] = block?.getData()?.getDataList_asU8() ?? [];
  const payload = readOr(readOr(envelope, common.Envelope)?.getPayload_asU8(), common.Payload);
  const config = readOr(payload?.getData_asU8(), common.ConfigEnvelope)?.getConfig();
  return success(config?.serializeBinary() ?? new Uint8Array());
}

const OF_CHANNEL: ReadonlyMap<string, (ledger: Ledger) => Promise<peer.Response>> = new Map([
  ['GetConfigBlock', configurationBlock],
  ['GetChannelConfig', configuration],
]);

function unknownChannel(name: string, channel: string): peer.Response {
  return refusal(
    `access denied for [${name}][${channel}]: Failed to get policy manager for channel [${channel}]`,
  );
}
