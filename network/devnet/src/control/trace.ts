import { isUtf8 } from 'node:buffer';
import { X509Certificate } from 'node:crypto';
import { common, msp, peer, ledger as protos } from '@hyperledger/fabric-protos';
import type { DevelopmentLedger, ReadConflict, Version } from '../ledger/types.ts';
import { readOr } from '../protos/read.ts';
import { ControlError } from './errors.ts';
import { type EndorsedTransaction, endorsedTransaction } from './invocation.ts';
import type {
  Bytes,
  TracedCollection,
  TracedIdentity,
  TracedNamespace,
  TracedRead,
  TracedVersion,
  TracedWrite,
  TransactionTrace,
} from './trace-types.ts';

const { kvrwset } = protos.rwset;
const CODE_NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(peer.TxValidationCode).map(([name, code]) => [code, name]),
);

/** What a code means when nothing more is known of the single case. */
const MEANINGS: Readonly<Record<string, string>> = {
  VALID: 'Everything that it read was still so, and its endorsements satisfy all policies.',
  BAD_CREATOR_SIGNATURE: "The creator's signature or identity is not valid.",
  BAD_PROPOSAL_TXID: 'The transaction id is not the hash of nonce and creator.',
  DUPLICATE_TXID: 'A transaction with the same id is on the ledger already.',
  ENDORSEMENT_POLICY_FAILURE: 'Its endorsements do not satisfy a policy of what it writes.',
  MVCC_READ_CONFLICT: 'Something that it read was written by another transaction meanwhile.',
  PHANTOM_READ_CONFLICT: 'The result of a range query was another one when it was committed.',
  INVALID_ENDORSER_TRANSACTION: 'Proposal and endorsed response do not belong together.',
};

export interface TraceSources {
  readonly ledger: DevelopmentLedger;
  /** Text of a chaincode's endorsement policy. */
  readonly policyOf: (chaincode: string) => string | undefined;
  readonly wasFault: (txId: string) => boolean;
  /** Write sets that an organization's peer holds of a block, by the transaction's index. */
  readonly privateWriteSets: (
    mspId: string,
    block: number,
  ) => Promise<ReadonlyMap<number, protos.rwset.TxPvtReadWriteSet>>;
}

function readable(bytes: Uint8Array): Bytes {
  const buffer = Buffer.from(bytes);
  return isUtf8(buffer) ? { text: buffer.toString('utf8') } : { base64: buffer.toString('base64') };
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function identity(serialized: Uint8Array): TracedIdentity {
  const message = readOr(serialized, msp.SerializedIdentity);
  let subject = '';
  try {
    const certificate = new X509Certificate(message?.getIdBytes_asU8() ?? '');
    subject = certificate.subject.replaceAll('\n', ', ');
  } catch {
    // What is no certificate has no subject.
  }
  return { mspId: message?.getMspid() ?? '', subject };
}

function version(message: protos.rwset.kvrwset.Version | undefined): TracedVersion | null {
  if (message === undefined) return null;
  return { block: message.getBlockNum(), transaction: message.getTxNum() };
}

function reads(list: readonly protos.rwset.kvrwset.KVRead[]): TracedRead[] {
  return list.map((read) => ({ key: read.getKey(), version: version(read.getVersion()) }));
}

function writes(list: readonly protos.rwset.kvrwset.KVWrite[]): TracedWrite[] {
  return list.map((write) => ({
    key: write.getKey(),
    value: write.getIsDelete() ? null : readable(write.getValue_asU8()),
  }));
}

function privateWrites(
  held: protos.rwset.TxPvtReadWriteSet | undefined,
  namespace: string,
  collection: string,
): TracedWrite[] | null {
  const found = held
    ?.getNsPvtRwsetList()
    .filter((set) => set.getNamespace() === namespace)
    .flatMap((set) => set.getCollectionPvtRwsetList())
    .find((set) => set.getCollectionName() === collection);
  const set = readOr(found?.getRwset_asU8(), kvrwset.KVRWSet);
  return set === undefined ? null : writes(set.getWritesList());
}

function tracedCollection(
  namespace: string,
  message: protos.rwset.CollectionHashedReadWriteSet,
  held: protos.rwset.TxPvtReadWriteSet | undefined,
): TracedCollection {
  const set =
    readOr(message.getHashedRwset_asU8(), kvrwset.HashedRWSet) ?? new kvrwset.HashedRWSet();
  const collection = message.getCollectionName();
  return {
    collection,
    hashedReads: set.getHashedReadsList().map((read) => ({
      key: hex(read.getKeyHash_asU8()),
      version: version(read.getVersion()),
    })),
    hashedWrites: set.getHashedWritesList().map((write) => ({
      keyHash: hex(write.getKeyHash_asU8()),
      valueHash: write.getIsDelete() ? null : hex(write.getValueHash_asU8()),
      isPurge: write.getIsPurge(),
    })),
    metadataKeyHashes: set.getMetadataWritesList().map((write) => hex(write.getKeyHash_asU8())),
    writes: privateWrites(held, namespace, collection),
  };
}

function tracedNamespace(
  message: protos.rwset.NsReadWriteSet,
  held: protos.rwset.TxPvtReadWriteSet | undefined,
): TracedNamespace {
  const set = readOr(message.getRwset_asU8(), kvrwset.KVRWSet) ?? new kvrwset.KVRWSet();
  const namespace = message.getNamespace();
  return {
    namespace,
    reads: reads(set.getReadsList()),
    ranges: set.getRangeQueriesInfoList().map((range) => ({
      start: range.getStartKey(),
      end: range.getEndKey(),
      isExhausted: range.getItrExhausted(),
      reads: reads(range.getRawReads()?.getKvReadsList() ?? []),
    })),
    writes: writes(set.getWritesList()),
    metadataKeys: set.getMetadataWritesList().map((write) => write.getKey()),
    collections: message
      .getCollectionHashedRwsetList()
      .map((collection) => tracedCollection(namespace, collection, held)),
  };
}

function place(at: Version | undefined): string {
  return at === undefined
    ? 'nothing'
    : `the value of block ${at.block}, transaction ${at.transaction}`;
}

function whyConflict({ namespace, collection, key, read, found }: ReadConflict): string {
  const where =
    collection === '' ? namespace : `collection ${collection} of ${namespace} (key's hash)`;
  return `It read ${place(read)} at key "${key}" of ${where}; at its commit there was ${place(found)}.`;
}

/** Reads one committed transaction. */
export class Tracer {
  readonly #sources: TraceSources;

  constructor(sources: TraceSources) {
    this.#sources = sources;
  }

  /**
   * @param mspId whose peer is asked for private values.
   * @throws ControlError when there is no such transaction, or it is none of a chaincode.
   */
  async trace(txId: string, mspId: string | undefined): Promise<TransactionTrace> {
    const { ledger, privateWriteSets } = this.#sources;
    const status = ledger.transactionStatus(txId);
    const envelope = (await ledger.transaction(txId))?.getTransactionenvelope();
    if (status === undefined || envelope === undefined) {
      throw new ControlError(
        'No transaction with that id is committed. It may wait for its block, or have been refused or dropped.',
      );
    }
    const transaction = endorsedTransaction(envelope);
    if (transaction === undefined) {
      throw new ControlError('That transaction is none of a chaincode, or its form is not valid.');
    }
    const held = mspId === undefined ? undefined : await privateWriteSets(mspId, status.block);
    const code = CODE_NAMES.get(status.code) ?? String(status.code);
    return {
      txId,
      block: status.block,
      transaction: status.transaction,
      code,
      ...describe(transaction, held?.get(status.transaction)),
      why: this.#why(txId, code, transaction),
    };
  }

  #why(txId: string, code: string, transaction: EndorsedTransaction): string {
    const { ledger, policyOf, wasFault } = this.#sources;
    if (wasFault(txId)) return 'A fault was asked for.';
    const conflict = ledger.conflictOf(txId);
    if (conflict !== undefined) return whyConflict(conflict);
    const meaning = MEANINGS[code] ?? `Fabric's validation gave it the code ${code}.`;
    if (code !== 'ENDORSEMENT_POLICY_FAILURE') return meaning;
    const { chaincode } = transaction.invocation;
    const policy = policyOf(chaincode);
    return policy === undefined ? meaning : `${meaning} The policy of ${chaincode} is ${policy}.`;
  }
}

function tracedEvent(events: Uint8Array): TransactionTrace['event'] {
  if (events.length === 0) return null;
  const event = readOr(events, peer.ChaincodeEvent) ?? new peer.ChaincodeEvent();
  return { name: event.getEventName(), payload: readable(event.getPayload_asU8()) };
}

function describe(
  { invocation, channelHeader, creator, action }: EndorsedTransaction,
  held: protos.rwset.TxPvtReadWriteSet | undefined,
): Omit<TransactionTrace, 'txId' | 'block' | 'transaction' | 'code' | 'why'> {
  const payload = readOr(action.getProposalResponsePayload_asU8(), peer.ProposalResponsePayload);
  const done =
    readOr(payload?.getExtension_asU8(), peer.ChaincodeAction) ?? new peer.ChaincodeAction();
  const response = done.getResponse() ?? new peer.Response();
  const sets = readOr(done.getResults_asU8(), protos.rwset.TxReadWriteSet);
  return {
    creator: identity(creator),
    time: timeOf(channelHeader),
    chaincode: invocation.chaincode,
    args: invocation.args.map(readable),
    response: {
      status: response.getStatus(),
      message: response.getMessage(),
      payload: readable(response.getPayload_asU8()),
    },
    event: tracedEvent(done.getEvents_asU8()),
    endorsers: action.getEndorsementsList().map((each) => identity(each.getEndorser_asU8())),
    namespaces: (sets?.getNsRwsetList() ?? []).map((set) => tracedNamespace(set, held)),
  };
}

function timeOf(header: common.ChannelHeader): string {
  const time = header.getTimestamp();
  const ms = time === undefined ? 0 : time.getSeconds() * 1_000 + Math.floor(time.getNanos() / 1e6);
  return new Date(ms).toISOString();
}
