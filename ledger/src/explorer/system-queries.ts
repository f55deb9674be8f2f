/** Questions to Fabric's own chaincodes: `qscc` about blocks, `_lifecycle` about chaincodes. */
import { GatewayError } from '@hyperledger/fabric-gateway';
import { common, peer } from '@hyperledger/fabric-protos';
import { PulseError } from '@pulseledger/domain';
import type { LedgerConnection } from '../connection.ts';
import { Evaluator } from '../evaluator.ts';
import type { SignatorySource } from '../signatory.ts';

const { lifecycle } = peer;
/** core/scc/qscc/query.go, common/ledger/blkstorage/blockindex.go */
const NOT_THERE = /no such (?:block number|transaction ID)/;
/** core/scc/qscc/query.go, core/chaincode/lifecycle/scc.go */
const REFUSED = /access denied/;

/** Who asks, and where. */
export interface SystemQueriesOptions {
  readonly connection: LedgerConnection;
  readonly signatories: SignatorySource;
}

/**
 * Fabric itself decides who may ask: by the channel's defaults every member may. Nothing is sent along but the question, so
 * that other organizations' peers learn no more of whoever asks than a certificate tells. All throw PulseError: `not_found`,
 * `access_denied`, `unavailable`, `timeout`.
 */
export class SystemQueries {
  readonly #connection: LedgerConnection;
  readonly #evaluator: Evaluator;

  constructor(options: SystemQueriesOptions) {
    this.#connection = options.connection;
    this.#evaluator = new Evaluator(options);
  }

  get channel(): string {
    return this.#connection.channel;
  }

  /** How far a peer of an organization has come. */
  async chainInfo(mspId?: string): Promise<common.BlockchainInfo> {
    return common.BlockchainInfo.deserializeBinary(await this.#block('GetChainInfo', [], mspId));
  }

  /** A block's bytes. */
  block(number: number): Promise<Uint8Array> {
    return this.#block('GetBlockByNumber', [String(number)]);
  }

  /** The bytes of the block that holds a transaction. */
  blockOf(transactionId: string): Promise<Uint8Array> {
    return this.#block('GetBlockByTxID', [transactionId]);
  }

  /** Every chaincode that is committed on the channel. */
  async definitions(): Promise<peer.lifecycle.QueryChaincodeDefinitionsResult> {
    const input = new lifecycle.QueryChaincodeDefinitionsArgs().serializeBinary();
    const answer = await this.#ask('_lifecycle', 'QueryChaincodeDefinitions', [input]);
    return lifecycle.QueryChaincodeDefinitionsResult.deserializeBinary(answer);
  }

  /** One of them, with who has approved it. */
  async definition(name: string): Promise<peer.lifecycle.QueryChaincodeDefinitionResult> {
    const args = new lifecycle.QueryChaincodeDefinitionArgs();
    args.setName(name);
    const input = [args.serializeBinary()];
    const answer = await this.#ask('_lifecycle', 'QueryChaincodeDefinition', input);
    return lifecycle.QueryChaincodeDefinitionResult.deserializeBinary(answer);
  }

  #block(name: string, further: readonly string[], mspId?: string): Promise<Uint8Array> {
    return this.#ask('qscc', name, [this.channel, ...further], mspId);
  }

  async #ask(
    chaincode: string,
    name: string,
    input: readonly (string | Uint8Array)[],
    mspId: string = this.#connection.mspId,
  ): Promise<Uint8Array> {
    try {
      return await this.#evaluator.ask((gateway) =>
        gateway
          .getNetwork(this.channel)
          .getContract(chaincode)
          .newProposal(name, { arguments: [...input], endorsingOrganizations: [mspId] }),
      );
    } catch (error) {
      throw understood(error);
    }
  }
}

/** Fabric's own chaincodes know none of our codes; their texts tell. */
function understood(error: unknown): unknown {
  if (!(error instanceof PulseError) || !(error.cause instanceof GatewayError)) return error;
  const { message, details } = error.cause;
  const text = [message, ...details.map((detail) => detail.message)].join('\n');
  if (NOT_THERE.test(text)) return new PulseError('not_found', undefined, { cause: error });
  if (REFUSED.test(text)) return new PulseError('access_denied', undefined, { cause: error });
  return error;
}
