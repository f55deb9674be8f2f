import { common, gateway, peer } from '@hyperledger/fabric-protos';
import { readOr, ValidationCode } from '../validator/envelope.ts';

function eventOf(envelope: Uint8Array): peer.ChaincodeEvent | undefined {
  const payload = readOr(
    readOr(envelope, common.Envelope.deserializeBinary)?.getPayload_asU8() ?? new Uint8Array(),
    common.Payload.deserializeBinary,
  );
  const header = readOr(
    payload?.getHeader()?.getChannelHeader_asU8() ?? new Uint8Array(),
    common.ChannelHeader.deserializeBinary,
  );
  if (payload === undefined || header?.getType() !== common.HeaderType.ENDORSER_TRANSACTION) {
    return undefined;
  }
  return actionEvent(payload.getData_asU8());
}

function actionEvent(transactionBytes: Uint8Array): peer.ChaincodeEvent | undefined {
  const transaction = readOr(transactionBytes, peer.Transaction.deserializeBinary);
  const action = transaction?.getActionsList()[0]?.getPayload_asU8() ?? new Uint8Array();
  const endorsed = readOr(action, peer.ChaincodeActionPayload.deserializeBinary)?.getAction();
  const responsePayload = readOr(
    endorsed?.getProposalResponsePayload_asU8() ?? new Uint8Array(),
    peer.ProposalResponsePayload.deserializeBinary,
  );
  const events = readOr(
    responsePayload?.getExtension_asU8() ?? new Uint8Array(),
    peer.ChaincodeAction.deserializeBinary,
  )?.getEvents_asU8();
  if (events === undefined || events.length === 0) return undefined;
  const event = readOr(events, peer.ChaincodeEvent.deserializeBinary);
  const isComplete =
    event !== undefined &&
    event.getChaincodeId() !== '' &&
    event.getEventName() !== '' &&
    event.getTxId() !== '';
  return isComplete ? event : undefined;
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
    envelopes
      .filter((_, index) => codes?.[index] === ValidationCode.VALID)
      .flatMap((envelope) => eventOf(envelope) ?? []),
  );
  return response;
}
