/** What stands in public about a transaction. Whatever somebody put into an envelope, reading it does not fail. */
import { common, ledger, msp, peer } from '@hyperledger/fabric-protos';
import {
  type CollectionHashes,
  MomentMs,
  type Touched,
  type TransactionLine,
} from '@pulseledger/domain';

/** What an envelope holds, apart from its verdict, which stands in the block. */
export interface ReadEnvelope {
  readonly line: Omit<TransactionLine, 'code'>;
  /** The content of an endorser transaction. */
  readonly content: Uint8Array | undefined;
}

/** What an endorser transaction did, in public. */
export interface Action {
  readonly endorsers: readonly string[];
  readonly event: string | null;
  readonly touched: readonly Touched[];
}

const TYPES: ReadonlyMap<number, string> = names(common.HeaderType);
/** Names of functions are contract and function; anything else in that place is not shown. */
const FUNCTION = /^[\w.:-]{1,100}$/;
const UNREADABLE: ReadEnvelope = {
  line: { id: '', atMs: null, type: 'UNREADABLE', chaincode: null, function: null, creator: '' },
  content: undefined,
};

/** Fabric's names of an enumeration's values. */
export function names(enumeration: object): ReadonlyMap<number, string> {
  return new Map(
    Object.entries(enumeration).flatMap(([name, value]) =>
      typeof value === 'number' ? [[value, name] as const] : [],
    ),
  );
}

export function readEnvelope(bytes: Uint8Array): ReadEnvelope {
  try {
    return readPayload(common.Envelope.deserializeBinary(bytes).getPayload_asU8());
  } catch {
    return UNREADABLE;
  }
}

function readPayload(bytes: Uint8Array): ReadEnvelope {
  const payload = common.Payload.deserializeBinary(bytes);
  const header = payload.getHeader();
  const channel = common.ChannelHeader.deserializeBinary(
    header?.getChannelHeader_asU8() ?? new Uint8Array(),
  );
  const signature = common.SignatureHeader.deserializeBinary(
    header?.getSignatureHeader_asU8() ?? new Uint8Array(),
  );
  const isEndorsed = channel.getType() === common.HeaderType.ENDORSER_TRANSACTION;
  return {
    line: {
      id: channel.getTxId(),
      atMs: momentOf(channel),
      type: TYPES.get(channel.getType()) ?? String(channel.getType()),
      ...(isEndorsed ? calledIn(payload.getData_asU8()) : { chaincode: null, function: null }),
      creator: mspOf(signature.getCreator_asU8()),
    },
    content: isEndorsed ? payload.getData_asU8() : undefined,
  };
}

/** What a client states; nothing keeps it from being absurd. */
function momentOf(channel: common.ChannelHeader): number | null {
  const atMs = channel.getTimestamp()?.toDate().getTime();
  return MomentMs.safeParse(atMs).data ?? null;
}

function actionsIn(content: Uint8Array): peer.ChaincodeActionPayload[] {
  return peer.Transaction.deserializeBinary(content)
    .getActionsList()
    .map((one) => peer.ChaincodeActionPayload.deserializeBinary(one.getPayload_asU8()));
}

function calledIn(content: Uint8Array): Pick<TransactionLine, 'chaincode' | 'function'> {
  try {
    const spec = specIn(actionsIn(content)[0] ?? new peer.ChaincodeActionPayload());
    const name = Buffer.from(spec?.getInput()?.getArgsList_asU8()[0] ?? []).toString();
    return {
      chaincode: spec?.getChaincodeId()?.getName() ?? null,
      function: FUNCTION.test(name) ? name : null,
    };
  } catch {
    return { chaincode: null, function: null };
  }
}

function specIn(action: peer.ChaincodeActionPayload): peer.ChaincodeSpec | undefined {
  const proposal = peer.ChaincodeProposalPayload.deserializeBinary(
    action.getChaincodeProposalPayload_asU8(),
  );
  return peer.ChaincodeInvocationSpec.deserializeBinary(
    proposal.getInput_asU8(),
  ).getChaincodeSpec();
}

/** The MSP of a serialized identity; nothing else of it is told. */
export function mspOf(identity: Uint8Array): string {
  try {
    return msp.SerializedIdentity.deserializeBinary(identity).getMspid();
  } catch {
    return '';
  }
}

/** @param content of an endorser transaction */
export function readAction(content: Uint8Array | undefined): Action {
  const nothing: Action = { endorsers: [], event: null, touched: [] };
  if (content === undefined) return nothing;
  try {
    const endorsed = actionsIn(content)[0]?.getAction();
    const response = peer.ProposalResponsePayload.deserializeBinary(
      endorsed?.getProposalResponsePayload_asU8() ?? new Uint8Array(),
    );
    const action = peer.ChaincodeAction.deserializeBinary(response.getExtension_asU8());
    const event = peer.ChaincodeEvent.deserializeBinary(action.getEvents_asU8()).getEventName();
    const results = ledger.rwset.TxReadWriteSet.deserializeBinary(action.getResults_asU8());
    return {
      endorsers: (endorsed?.getEndorsementsList() ?? []).map((one) =>
        mspOf(one.getEndorser_asU8()),
      ),
      event: FUNCTION.test(event) ? event : null,
      touched: results.getNsRwsetList().map(touchedIn),
    };
  } catch {
    return nothing;
  }
}

function touchedIn(set: ledger.rwset.NsReadWriteSet): Touched {
  const state = ledger.rwset.kvrwset.KVRWSet.deserializeBinary(set.getRwset_asU8());
  return {
    namespace: set.getNamespace(),
    reads: state.getReadsList().length,
    writes: state.getWritesList().length,
    collections: set.getCollectionHashedRwsetList().map(hashesIn),
  };
}

function hashesIn(set: ledger.rwset.CollectionHashedReadWriteSet): CollectionHashes {
  const hashed = ledger.rwset.kvrwset.HashedRWSet.deserializeBinary(set.getHashedRwset_asU8());
  return {
    collection: set.getCollectionName(),
    reads: hashed.getHashedReadsList().length,
    writes: hashed.getHashedWritesList().length,
    hash: Buffer.from(set.getPvtRwsetHash_asU8()).toString('hex'),
  };
}
