import {
  type BlockAnswer,
  type BlockLine,
  type BlocksAnswer,
  type ChaincodesAnswer,
  type LedgerAnswer,
  MAX_BLOCK_PAGE,
  MSP_IDS,
  ORGANIZATIONS,
  type Organization,
  type PeerHeight,
  PulseError,
  type TransactionAnswer,
} from '@pulseledger/domain';
import type { KeptLines, UnchainedLine } from './kept-lines.ts';
import { readBlock, transactionIn } from './read-block.ts';
import { readDefinition } from './read-definition.ts';
import { SystemQueries, type SystemQueriesOptions } from './system-queries.ts';

/** A block may have megabytes; so many are on their way at the same time. */
const AT_ONCE = 4;
/** Chaincodes that are told of; a channel of this project has one. */
const MAX_CHAINCODES = 20;

/** Options of {@link LedgerExplorer}. */
export interface LedgerExplorerOptions extends SystemQueriesOptions {
  readonly kept: KeptLines;
}

/**
 * What stands in public on the ledger, as the peer of the connection's organization has it: blocks, transactions, chaincodes.
 * Hashes are computed anew from the bytes. All throw PulseError: `not_found`, `access_denied`, `unavailable`, `timeout`.
 */
export class LedgerExplorer {
  readonly #queries: SystemQueries;
  readonly #kept: KeptLines;

  constructor(options: LedgerExplorerOptions) {
    this.#queries = new SystemQueries(options);
    this.#kept = options.kept;
  }

  /** How far each organization's peer has come; with several, Fabric's gateway asks the one that is furthest. */
  async overview(): Promise<LedgerAnswer> {
    const peers = await Promise.all(ORGANIZATIONS.map((name) => this.#height(name)));
    return { channel: this.#queries.channel, peers };
  }

  async #height(organization: Organization): Promise<PeerHeight> {
    const peer = { organization, mspId: MSP_IDS[organization] };
    try {
      const info = await this.#queries.chainInfo(peer.mspId);
      const lastHash = Buffer.from(info.getCurrentblockhash_asU8()).toString('hex');
      return { ...peer, height: info.getHeight(), lastHash };
    } catch (error) {
      // A peer that is away is what the operator wants to see; the own one's refusal is not.
      if (!(error instanceof PulseError) || error.code === 'access_denied') throw error;
      return { ...peer, height: null, lastHash: null };
    }
  }

  /** @param before the newest block that is wanted is the one before this; all when left out */
  async blocks(before: number | undefined, pageSize: number): Promise<BlocksAnswer> {
    const height = (await this.#queries.chainInfo()).getHeight();
    const newest = Math.min(before ?? height, height) - 1;
    const size = Math.min(pageSize, MAX_BLOCK_PAGE, newest + 1);
    // One more, to see whether the oldest hangs on it.
    const numbers = Array.from({ length: size + 1 }, (_, index) => newest - index);
    const lines = await this.#lines(numbers.filter((number) => number >= 0));
    const blocks = lines.slice(0, size).map((line, index) => chained(line, lines[index + 1]));
    return { height, blocks };
  }

  async block(number: number): Promise<BlockAnswer> {
    const { line, orderers, lines } = readBlock(await this.#queries.block(number));
    const [before] = number === 0 ? [] : await this.#lines([number - 1]);
    return { ...chained(line, before), orderers, lines };
  }

  async transaction(id: string): Promise<TransactionAnswer> {
    const found = transactionIn(readBlock(await this.#queries.blockOf(id)), id);
    if (found === undefined) throw new PulseError('not_found');
    return found;
  }

  async chaincodes(): Promise<ChaincodesAnswer> {
    const all = (await this.#queries.definitions()).getChaincodeDefinitionsList();
    const names = all.slice(0, MAX_CHAINCODES).map((one) => one.getName());
    const chaincodes = await Promise.all(
      names.map(async (name) => readDefinition(name, await this.#queries.definition(name))),
    );
    return { chaincodes };
  }

  async #lines(numbers: readonly number[]): Promise<UnchainedLine[]> {
    const lines: UnchainedLine[] = [];
    for (let at = 0; at < numbers.length; at += AT_ONCE) {
      const some = numbers.slice(at, at + AT_ONCE);
      lines.push(...(await Promise.all(some.map((number) => this.#line(number)))));
    }
    return lines;
  }

  async #line(number: number): Promise<UnchainedLine> {
    const known = this.#kept.get(number);
    if (known !== undefined) return known;
    const { line } = readBlock(await this.#queries.block(number));
    this.#kept.keep(line);
    return line;
  }
}

function chained(line: UnchainedLine, before: UnchainedLine | undefined): BlockLine {
  return { ...line, isChained: before === undefined ? null : line.previousHash === before.hash };
}
