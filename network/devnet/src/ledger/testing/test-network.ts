import { common, peer } from '@hyperledger/fabric-protos';
import { blockDataHash } from '../block-hash.ts';
import { openLedger } from '../open.ts';
import type {
  CommitResult,
  DevelopmentLedger,
  KeyValue,
  Ledger,
  LedgerOptions,
  SimulationResult,
  StateIterator,
  TxSimulator,
} from '../types.ts';

/** What the ledger's tests share: a channel of three organizations, and endorsed transactions without signatures. */

export const HOSPITAL = 'HospitalMSP';
export const CLINIC = 'ClinicMSP';
export const INSURER = 'InsurerMSP';
/** The chaincode; its collections are `providers` and, expiring, `brief`. */
export const PULSE = 'pulse';
export const PROVIDERS = 'providers';
export const BRIEF = 'brief';
export const BRIEF_BLOCKS_TO_LIVE = 2;

export function testOptions(dir: string): LedgerOptions {
  const members = [HOSPITAL, CLINIC];
  return {
    dir,
    channel: 'records',
    organizations: [HOSPITAL, CLINIC, INSURER],
    namespaces: [
      {
        name: PULSE,
        collections: [
          { name: PROVIDERS, members, blockToLive: 0 },
          { name: BRIEF, members, blockToLive: BRIEF_BLOCKS_TO_LIVE },
        ],
      },
    ],
    sync: false,
  };
}

/** A ledger that holds an (empty) genesis block. */
export async function openTestLedger(dir: string): Promise<DevelopmentLedger> {
  const ledger = await openLedger(testOptions(dir));
  if (ledger.height === 0) await ledger.commitBlock(nextBlock(ledger, []));
  return ledger;
}

export interface Endorsed {
  readonly txId: string;
  readonly envelope: Uint8Array;
  readonly result: SimulationResult;
}

export interface EndorseOptions {
  readonly mspId?: string;
  /** Organizations that get the private data before the commit; by default the endorsing one. */
  readonly persistAt?: readonly string[];
}

/** Simulates and makes the envelope that a client would submit. */
export async function endorse(
  ledger: Ledger,
  txId: string,
  chaincode: (simulator: TxSimulator) => Promise<void> | void,
  { mspId = HOSPITAL, persistAt = [mspId] }: EndorseOptions = {},
): Promise<Endorsed> {
  const simulator = ledger.newSimulator({ mspId, txId });
  try {
    await chaincode(simulator);
    const result = simulator.result();
    if (result.privateRwset !== undefined) {
      for (const member of persistAt) {
        await ledger.persistTransient(member, txId, result.privateRwset);
      }
    }
    return { txId, envelope: transactionEnvelope(txId, result.publicRwset), result };
  } finally {
    await simulator.done();
  }
}

export function transactionEnvelope(txId: string, publicRwset: Uint8Array): Uint8Array {
  const chaincode = new peer.ChaincodeID();
  chaincode.setName(PULSE);
  const action = new peer.ChaincodeAction();
  action.setChaincodeId(chaincode);
  action.setResults(publicRwset);
  const response = new peer.ProposalResponsePayload();
  response.setExtension$(action.serializeBinary());
  const endorsed = new peer.ChaincodeEndorsedAction();
  endorsed.setProposalResponsePayload(response.serializeBinary());
  const actionPayload = new peer.ChaincodeActionPayload();
  actionPayload.setAction(endorsed);
  const transactionAction = new peer.TransactionAction();
  transactionAction.setPayload(actionPayload.serializeBinary());
  const transaction = new peer.Transaction();
  transaction.addActions(transactionAction);
  return envelope(txId, common.HeaderType.ENDORSER_TRANSACTION, transaction.serializeBinary());
}

export function envelope(txId: string, type: number, data: Uint8Array): Uint8Array {
  const channel = new common.ChannelHeader();
  channel.setType(type);
  channel.setTxId(txId);
  channel.setChannelId('records');
  const header = new common.Header();
  header.setChannelHeader(channel.serializeBinary());
  const payload = new common.Payload();
  payload.setHeader(header);
  payload.setData(data);
  const message = new common.Envelope();
  message.setPayload(payload.serializeBinary());
  return message.serializeBinary();
}

/** The block an orderer would cut, with the validator's codes (by default all VALID). */
export function nextBlock(
  ledger: Pick<Ledger, 'height' | 'lastHash'>,
  envelopes: readonly Uint8Array[],
  codes: readonly number[] = envelopes.map(() => peer.TxValidationCode.VALID),
): common.Block {
  const data = new common.BlockData();
  data.setDataList([...envelopes]);
  const header = new common.BlockHeader();
  header.setNumber(ledger.height);
  header.setPreviousHash(ledger.lastHash);
  header.setDataHash(blockDataHash(data));
  const metadata = new common.BlockMetadata();
  const none = new Uint8Array();
  metadata.setMetadataList([none, none, Uint8Array.from(codes), none, none]);
  const block = new common.Block();
  block.setHeader(header);
  block.setData(data);
  block.setMetadata(metadata);
  return block;
}

/** Commits the transactions as one block and answers their final codes. */
export async function commit(
  ledger: Ledger,
  ...transactions: readonly { envelope: Uint8Array }[]
): Promise<number[]> {
  const { transactions: committed } = await commitAll(ledger, transactions);
  return committed.map(({ code }) => code);
}

export async function commitAll(
  ledger: Ledger,
  transactions: readonly { envelope: Uint8Array }[],
): Promise<CommitResult> {
  const envelopes = transactions.map(({ envelope: bytes }) => bytes);
  return ledger.commitBlock(nextBlock(ledger, envelopes));
}

/** One read-only look at the state. */
export async function query<T>(
  ledger: Ledger,
  read: (simulator: TxSimulator) => Promise<T> | T,
  mspId: string = HOSPITAL,
): Promise<T> {
  const simulator = ledger.newSimulator({ mspId, txId: 'query' });
  try {
    return await read(simulator);
  } finally {
    await simulator.done();
  }
}

export async function drain(iterator: StateIterator): Promise<KeyValue[]> {
  const results: KeyValue[] = [];
  for (let next = await iterator.next(); next; next = await iterator.next()) results.push(next);
  return results;
}

export function text(value: Uint8Array | undefined): string | undefined {
  return value && Buffer.from(value).toString('utf8');
}
