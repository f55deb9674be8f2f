import { common, type peer } from '@hyperledger/fabric-protos';
import type { Channels } from '../channel/channel.ts';
import { blockHeaderHash } from '../ledger/block-hash.ts';
import type { Ledger } from '../ledger/types.ts';
import {
  creatorOf,
  invokedChaincode,
  refusal,
  type SystemCall,
  type SystemChaincode,
  success,
  text,
} from './system-chaincode.ts';

const DIGITS = /^\d+$/;
const MAX_UINT64 = 2n ** 64n - 1n;

const READERS = '/Channel/Application/Readers';

type Query = (ledger: Ledger, argument: Uint8Array) => Promise<peer.Response>;

/** qscc: a ledger's blocks and transactions (core/scc/qscc/query.go). */
export class QueryChaincode implements SystemChaincode {
  readonly name = 'qscc';
  readonly #channels: Channels;

  /** @param channels the peer's. */
  constructor(channels: Channels) {
    this.#channels = channels;
  }

  async invoke(call: SystemCall): Promise<peer.Response> {
    const { args } = call;
    const [name, channel] = [text(args[0]), text(args[1])];
    if (args.length < 2) return refusal(`Incorrect number of arguments, ${args.length}`);
    const invoked = invokedChaincode(call);
    if (invoked !== this.name) {
      return refusal(
        `Rejecting invoke of QSCC from another chaincode because of potential for deadlocks, original invocation for '${invoked}'`,
      );
    }
    if (name !== 'GetChainInfo' && args.length < 3) {
      return refusal(`missing 3rd argument for ${name}`);
    }
    const found = this.#channels.get(channel);
    if (found === undefined) return refusal(`Invalid chain ID, ${channel}`);
    const query = QUERIES.get(name);
    if (query === undefined) {
      return refusal(`access denied for [${name}][${channel}]: [Unmapped policy for qscc/${name}]`);
    }
    const { signedProposal } = call.parameters;
    const denied = found.policies.refuseAccess(channel, READERS, {
      data: signedProposal.getProposalBytes_asU8(),
      identity: creatorOf(signedProposal),
      signature: signedProposal.getSignature_asU8(),
    });
    if (denied !== undefined) {
      return refusal(`access denied for [${name}][${channel}]: [${denied}]`);
    }
    return query(found.ledger, args[2] ?? new Uint8Array());
  }
}

async function chainInfo(ledger: Ledger): Promise<peer.Response> {
  const { height, lastHash } = ledger;
  const last = await ledger.block(height - 1);
  const info = new common.BlockchainInfo();
  info.setHeight(height);
  info.setCurrentblockhash(lastHash);
  info.setPreviousblockhash(last?.getHeader()?.getPreviousHash_asU8() ?? new Uint8Array());
  return success(info.serializeBinary());
}

async function blockByNumber(ledger: Ledger, number: string): Promise<peer.Response> {
  if (!DIGITS.test(number)) {
    return refusal(
      `Failed to parse block number with error strconv.ParseUint: parsing ${JSON.stringify(number)}: invalid syntax`,
    );
  }
  const wanted = BigInt(number);
  if (wanted > MAX_UINT64) {
    return refusal(
      `Failed to parse block number with error strconv.ParseUint: parsing "${number}": value out of range`,
    );
  }
  // The largest number means the last block.
  const at = wanted === MAX_UINT64 ? ledger.height - 1 : Number(wanted);
  const block = await ledger.block(at);
  return block === undefined
    ? refusal(
        `Failed to get block number ${wanted}, error no such block number [${wanted}] in index`,
      )
    : success(block.serializeBinary());
}

/** There is no index by hash: nobody but developers asks, and a development chain is short. */
async function blockByHash(ledger: Ledger, hash: Uint8Array): Promise<peer.Response> {
  for (let number = ledger.height - 1; number >= 0; number -= 1) {
    const block = await ledger.block(number);
    const header = block?.getHeader();
    if (block === undefined || header === undefined) continue;
    if (Buffer.compare(blockHeaderHash(header), hash) === 0) {
      return success(block.serializeBinary());
    }
  }
  const hex = Buffer.from(hash).toString('hex');
  return refusal(
    `Failed to get block hash ${text(hash)}, error no such block hash [${hex}] in index`,
  );
}

async function transaction(ledger: Ledger, id: string): Promise<peer.Response> {
  const found = await ledger.transaction(id);
  return found === undefined
    ? refusal(
        `Failed to get transaction with id ${id}, error no such transaction ID [${id}] in index`,
      )
    : success(found.serializeBinary());
}

async function blockOf(ledger: Ledger, id: string): Promise<peer.Response> {
  const status = ledger.transactionStatus(id);
  const block = status && (await ledger.block(status.block));
  return block === undefined
    ? refusal(`Failed to get block for txID ${id}, error no such transaction ID [${id}] in index`)
    : success(block.serializeBinary());
}

const QUERIES: ReadonlyMap<string, Query> = new Map<string, Query>([
  ['GetChainInfo', chainInfo],
  ['GetBlockByNumber', (ledger, number) => blockByNumber(ledger, text(number))],
  ['GetBlockByHash', blockByHash],
  ['GetTransactionByID', (ledger, id) => transaction(ledger, text(id))],
  ['GetBlockByTxID', (ledger, id) => blockOf(ledger, text(id))],
]);
