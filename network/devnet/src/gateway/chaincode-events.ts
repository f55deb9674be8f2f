import { status } from '@grpc/grpc-js';
import { gateway, orderer, type peer } from '@hyperledger/fabric-protos';
import { readMessage } from '../protos/read.ts';
import { blockEvents } from './block-events.ts';
import type { CommitNotifier } from './commit-notifier.ts';
import type { GatewayContext } from './context.ts';
import { GatewayError } from './errors.ts';
import { StreamEnd } from './stream-end.ts';

function read(signed: gateway.SignedChaincodeEventsRequest): gateway.ChaincodeEventsRequest {
  const data = signed.getRequest_asU8();
  if (data.length === 0) {
    throw new GatewayError(status.INVALID_ARGUMENT, 'a chaincode events request is required');
  }
  try {
    return readMessage(data, gateway.ChaincodeEventsRequest);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new GatewayError(status.INVALID_ARGUMENT, `invalid chaincode events request: ${reason}`);
  }
}

const REFUSED_POSITIONS: ReadonlyMap<number, string> = new Map([
  [orderer.SeekPosition.TypeCase.NEWEST, '*orderer.SeekPosition_Newest'],
  [orderer.SeekPosition.TypeCase.OLDEST, '*orderer.SeekPosition_Oldest'],
]);

function startBlock(context: GatewayContext, request: gateway.ChaincodeEventsRequest): number {
  const after = request.getAfterTransactionId();
  const found = after === '' ? undefined : context.ledger.transactionStatus(after);
  if (found !== undefined) return found.block;
  const position = request.getStartPosition();
  const kind = position?.getTypeCase() ?? orderer.SeekPosition.TypeCase.TYPE_NOT_SET;
  const refused = REFUSED_POSITIONS.get(kind);
  if (refused !== undefined) {
    throw new GatewayError(status.INVALID_ARGUMENT, `invalid start position type: ${refused}`);
  }
  return position?.getSpecified()?.getNumber() ?? context.ledger.height;
}

/** Chooses events of one chaincode, from the one after a given transaction on. */
function eventFilter(
  request: gateway.ChaincodeEventsRequest,
): (event: peer.ChaincodeEvent) => boolean {
  const chaincode = request.getChaincodeId();
  const after = request.getAfterTransactionId();
  let hasPassed = after === '';
  return (event) => {
    if (hasPassed) return event.getChaincodeId() === chaincode;
    hasPassed = event.getTxId() === after;
    return false;
  };
}

export interface EventStream {
  /** Resolves when the stream takes more. */
  send(response: gateway.ChaincodeEventsResponse): Promise<void>;
  readonly cancelled: Promise<void>;
  readonly isCancelled: () => boolean;
}

/**
 * Sends a chaincode's events block by block, from the past on and then as they come, until the client goes
 * (internal/pkg/gateway/chaincodeevents.go).
 *
 * @throws GatewayError
 */
export async function chaincodeEvents(
  context: GatewayContext,
  notifier: CommitNotifier,
  signed: gateway.SignedChaincodeEventsRequest,
  stream: EventStream,
): Promise<void> {
  const request = read(signed);
  context.checkReader(request.getChannelId(), {
    data: signed.getRequest_asU8(),
    identity: request.getIdentity_asU8(),
    signature: signed.getSignature_asU8(),
  });
  const end = new StreamEnd(notifier, stream.cancelled);
  try {
    await sendEvents(context, request, stream, end);
  } finally {
    end.stop();
  }
}

async function sendEvents(
  context: GatewayContext,
  request: gateway.ChaincodeEventsRequest,
  stream: EventStream,
  end: StreamEnd,
): Promise<void> {
  const isWanted = eventFilter(request);
  for (let number = startBlock(context, request); !stream.isCancelled(); number += 1) {
    await end.untilBlock(context.ledger, number);
    if (stream.isCancelled()) return;
    const block = await context.ledger.block(number);
    if (block === undefined) {
      throw new GatewayError(status.ABORTED, `block ${number} cannot be read`);
    }
    const response = blockEvents(block);
    const events = response.getEventsList().filter(isWanted);
    if (events.length === 0) continue;
    response.setEventsList(events);
    await stream.send(response);
  }
}
