import { common, peer } from '@hyperledger/fabric-protos';
import { bytes } from '../protos/bytes.ts';
import { readOr } from '../protos/read.ts';

/** The event of an action, without its payload. */
function filteredAction(action: peer.TransactionAction): peer.FilteredChaincodeAction[] {
  const payload = peer.ChaincodeActionPayload.deserializeBinary(bytes(action.getPayload_asU8()));
  const endorsed = payload.getAction();
  if (endorsed === undefined) return [];
  const response = peer.ProposalResponsePayload.deserializeBinary(
    bytes(endorsed.getProposalResponsePayload_asU8()),
  );
  const chaincode = peer.ChaincodeAction.deserializeBinary(bytes(response.getExtension_asU8()));
  const event = peer.ChaincodeEvent.deserializeBinary(bytes(chaincode.getEvents_asU8()));
  if (event.getChaincodeId() === '') return [];
  event.setPayload('');
  const filtered = new peer.FilteredChaincodeAction();
  filtered.setChaincodeEvent(event);
  return [filtered];
}

function transactionActions(data: Uint8Array): peer.FilteredTransactionActions {
  const actions = peer.Transaction.deserializeBinary(bytes(data)).getActionsList();
  const message = new peer.FilteredTransactionActions();
  message.setChaincodeActionsList(actions.flatMap(filteredAction));
  return message;
}

interface Filtered {
  readonly channel: string;
  readonly transaction: peer.FilteredTransaction;
}

/** @throws Error when what must be readable is not. */
function filter(envelopeBytes: Uint8Array, code: number): Filtered | undefined {
  const envelope = readOr(envelopeBytes, common.Envelope);
  if (envelope === undefined) return undefined;
  const payload = common.Payload.deserializeBinary(bytes(envelope.getPayload_asU8()));
  const header = payload.getHeader();
  if (header === undefined) return undefined;
  const channelHeader = common.ChannelHeader.deserializeBinary(header.getChannelHeader_asU8());
  const transaction = new peer.FilteredTransaction();
  transaction.setTxid(channelHeader.getTxId());
  // Any number may stand there; the message's type names the known ones.
  transaction.setType(channelHeader.getType() as common.HeaderTypeMap[keyof common.HeaderTypeMap]);
  transaction.setTxValidationCode(code as peer.TxValidationCodeMap[keyof peer.TxValidationCodeMap]);
  if (channelHeader.getType() === common.HeaderType.ENDORSER_TRANSACTION) {
    transaction.setTransactionActions(transactionActions(payload.getData_asU8()));
  }
  return { channel: channelHeader.getChannelId(), transaction };
}

/**
 * A block without payloads: ids, codes, and events by name (core/peer/deliverevents.go toFilteredBlock).
 *
 * @throws Error when one of its transactions cannot be read; Fabric then answers a status instead of the block.
 */
export function filteredBlock(block: common.Block): peer.FilteredBlock {
  const codes = block.getMetadata()?.getMetadataList_asU8()[
    common.BlockMetadataIndex.TRANSACTIONS_FILTER
  ];
  const found = (block.getData()?.getDataList_asU8() ?? []).flatMap(
    (envelope, index) => filter(envelope, codes?.[index] ?? 0) ?? [],
  );
  const message = new peer.FilteredBlock();
  message.setNumber(block.getHeader()?.getNumber() ?? 0);
  message.setChannelId(found.at(-1)?.channel ?? '');
  message.setFilteredTransactionsList(found.map(({ transaction }) => transaction));
  return message;
}
