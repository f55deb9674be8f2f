import { common, peer } from '@hyperledger/fabric-protos';
import type { Ledger } from '../ledger/types.ts';
import { readOr } from '../protos/read.ts';
import {
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

/** cscc: a peer's channels and their configuration (core/scc/cscc/configure.go). Joining channels is not for clients of a gateway. */
export class ConfigurationChaincode implements SystemChaincode {
  readonly name = 'cscc';
  readonly #ledger: Ledger;

  readonly #ofChannel: ReadonlyMap<string, () => Promise<peer.Response>> = new Map([
    ['GetConfigBlock', () => this.#configurationBlock()],
    ['GetChannelConfig', () => this.#configuration()],
  ]);

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
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
    if (name === 'GetChannels') return this.#channels();
    const answer = this.#ofChannel.get(name);
    if (answer === undefined) return refusal(`Requested function ${name} not found.`);
    const channel = text(args[1]);
    if (channel === '' && name === 'GetChannelConfig')
      return refusal('empty channel name provided');
    return channel === this.#ledger.channel ? answer() : unknownChannel(name, channel);
  }

  #channels(): peer.Response {
    const channel = new peer.ChannelInfo();
    channel.setChannelId(this.#ledger.channel);
    const answer = new peer.ChannelQueryResponse();
    answer.addChannels(channel);
    return success(answer.serializeBinary());
  }

  async #configurationBlock(): Promise<peer.Response> {
    const block = await this.#ledger.block(CONFIGURATION_BLOCK);
    return success(block?.serializeBinary() ?? new Uint8Array());
  }

  async #configuration(): Promise<peer.Response> {
    const block = await this.#ledger.block(CONFIGURATION_BLOCK);
    const [envelope] = block?.getData()?.getDataList_asU8() ?? [];
    const payload = readOr(readOr(envelope, common.Envelope)?.getPayload_asU8(), common.Payload);
    const config = readOr(payload?.getData_asU8(), common.ConfigEnvelope)?.getConfig();
    return success(config?.serializeBinary() ?? new Uint8Array());
  }
}

function unknownChannel(name: string, channel: string): peer.Response {
  return refusal(
    `access denied for [${name}][${channel}]: Failed to get policy manager for channel [${channel}]`,
  );
}
