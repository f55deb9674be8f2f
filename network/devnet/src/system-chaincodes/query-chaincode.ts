import { common, type peer } from '@hyperledger/fabric-protos';
import { blockHeaderHash } from '../ledger/block-hash.ts';
import type { Ledger } from '../ledger/types.ts';
import {
  invokedChaincode,
  refusal,
  type SystemCall,
  type SystemChaincode,
  success,
  text,
} from './system-chaincode.ts';

const DIGITS = /^\d+$/;
const MAX_UINT64 = 2n ** 64n - 1n;

type Query = (argument: Uint8Array) => Promise<peer.Response>;

/** qscc: a ledger's blocks and transactions (core/scc/qscc/query.go). */
export class QueryChaincode implements SystemChaincode {
  readonly name = 'qscc';
  readonly #ledger: Ledger;
  readonly #queries: ReadonlyMap<string, Query> = new Map<string, Query>([
    ['GetChainInfo', () => this.#chainInfo()],
    ['GetBlockByNumber', (number) => this.#blockByNumber(text(number))],
    ['GetBlockByHash', (hash) => this.#blockByHash(hash)],
    ['GetTransactionByID', (id) => this.#transaction(text(id))],
    ['GetBlockByTxID', (id) => this.#blockOf(text(id))],
  ]);

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
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
    if (channel !== this.#ledger.channel) return refusal(`Invalid chain ID, ${channel}`);
    const query = this.#queries.get(name);
    return query?.(args[2] ?? new Uint8Array()) ?? refusal(`Requested function ${name} not found.`);
  }

  async #chainInfo(): Promise<peer.Response> {
    const { height, lastHash } = this.#ledger;
    const last = await this.#ledger.block(height - 1);
    const info = new common.BlockchainInfo();
    info.setHeight(height);
    info.setCurrentblockhash(lastHash);
    info.setPreviousblockhash(last?.getHeader()?.getPreviousHash_asU8() ?? new Uint8Array());
    return success(info.serializeBinary());
  }

  async #blockByNumber(number: string): Promise<peer.Response> {
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
    const at = wanted === MAX_UINT64 ? this.#ledger.height - 1 : Number(wanted);
    const block = await this.#ledger.block(at);
    return block === undefined
      ? refusal(
          `Failed to get block number ${wanted}, error no such block number [${wanted}] in index`,
        )
      : success(block.serializeBinary());
  }

  /** There is no index by hash: nobody but developers asks, and a development chain is short. */
  async #blockByHash(hash: Uint8Array): Promise<peer.Response> {
    for (let number = this.#ledger.height - 1; number >= 0; number -= 1) {
      const block = await this.#ledger.block(number);
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

  async #transaction(id: string): Promise<peer.Response> {
    const found = await this.#ledger.transaction(id);
    return found === undefined
      ? refusal(
          `Failed to get transaction with id ${id}, error no such transaction ID [${id}] in index`,
        )
      : success(found.serializeBinary());
  }

  async #blockOf(id: string): Promise<peer.Response> {
    const status = this.#ledger.transactionStatus(id);
    const block = status && (await this.#ledger.block(status.block));
    return block === undefined
      ? refusal(`Failed to get block for txID ${id}, error no such transaction ID [${id}] in index`)
      : success(block.serializeBinary());
  }
}
