import { common, gateway, peer } from '@hyperledger/fabric-protos';
import { readOr } from '../protos/read.ts';
import { ValidationCode } from '../validator/envelope.ts';

/** Bytes of protos.Transaction in an envelope; undefined when it holds something else. */
function transactionOf(envelope: Uint8Array): Uint8Array | undefined {
  const payloadBytes = readOr(envelope, common.Envelope)?.getPayload_asU8();
  const payload = readOr(payloadBytes, common.Payload);
  const header = readOr(payload?.getHeader()?.getChannelHeader_asU8(), common.ChannelHeader);
  const isTransaction = header?.getType() === common.HeaderType.ENDORSER_TRANSACTION;
  return isTransaction ? payload?.getData_asU8() : undefined;
}

/** What the endorsers of a transaction signed. */
function actionOf(transaction: Uint8Array | undefined): peer.ChaincodeAction | undefined {
  const [action] = readOr(transaction, peer.Transaction)?.getActionsList() ?? [];
  const endorsed = readOr(action?.getPayload_asU8(), peer.ChaincodeActionPayload)?.getAction();
  const response = endorsed?.getProposalResponsePayload_asU8();
  const payload = readOr(response, peer.ProposalResponsePayload);
  return readOr(payload?.getExtension_asU8(), peer.ChaincodeAction);
}

function isComplete(event: peer.ChaincodeEvent): boolean {
  return event.getChaincodeId() !== '' && event.getEventName() !== '' && event.getTxId() !== '';
}

function eventsOf(envelope: Uint8Array): readonly peer.ChaincodeEvent[] {
  const events = actionOf(transactionOf(envelope))?.getEvents_asU8();
  const event = readOr(events, peer.ChaincodeEvent);
  return event !== undefined && isComplete(event) ? [event] : [];
}

/** Events of a block's valid transactions, in order (internal/pkg/gateway/event). */
export function blockEvents(block: common.Block): gateway.ChaincodeEventsResponse {
  const codes = block.getMetadata()?.getMetadataList_asU8()[
    common.BlockMetadataIndex.TRANSACTIONS_FILTER
  ];
  const envelopes = block.getData()?.getDataList_asU8() ?? [];
  const response = new gateway.ChaincodeEventsResponse();
  response.setBlockNumber(block.getHeader()?.getNumber() ?? 0);
  response.setEventsList(
    envelopes.filter((_, index) => codes?.[index] === ValidationCode.VALID).flatMap(eventsOf),
  );
  return response;
}
