import { status } from '@grpc/grpc-js';
import { gateway } from '@hyperledger/fabric-protos';
import { readMessage } from '../protos/read.ts';
import type { CommitNotifier } from './commit-notifier.ts';
import type { GatewayContext } from './context.ts';
import { GatewayError } from './errors.ts';

function read(signed: gateway.SignedCommitStatusRequest): gateway.CommitStatusRequest {
  const data = signed.getRequest_asU8();
  if (data.length === 0) {
    throw new GatewayError(status.INVALID_ARGUMENT, 'a commit status request is required');
  }
  try {
    return readMessage(data, gateway.CommitStatusRequest);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new GatewayError(status.INVALID_ARGUMENT, `invalid status request: ${reason}`);
  }
}

function validate(request: gateway.CommitStatusRequest): void {
  const refuse = (text: string): GatewayError => new GatewayError(status.INVALID_ARGUMENT, text);
  if (request.getIdentity_asU8().length === 0) throw refuse('no identity provided');
  if (request.getChannelId() === '') throw refuse('no channel ID provided');
  if (request.getTransactionId() === '') throw refuse('transaction ID should not be empty');
}

function response(
  found: Parameters<Parameters<CommitNotifier['onTransaction']>[1]>[0],
): gateway.CommitStatusResponse {
  const message = new gateway.CommitStatusResponse();
  message.setResult(found.code);
  message.setBlockNumber(found.block);
  return message;
}

/**
 * Answers what became of a transaction: at once when it is committed, else when it will be
 * (internal/pkg/gateway/commitstatus.go).
 *
 * @param cancelled resolves when the client does not wait any longer.
 * @throws GatewayError
 */
export async function commitStatus(
  context: GatewayContext,
  notifier: CommitNotifier,
  signed: gateway.SignedCommitStatusRequest,
  cancelled: Promise<void>,
): Promise<gateway.CommitStatusResponse> {
  const request = read(signed);
  validate(request);
  context.checkReader(request.getChannelId(), {
    data: signed.getRequest_asU8(),
    identity: request.getIdentity_asU8(),
    signature: signed.getSignature_asU8(),
  });
  const txId = request.getTransactionId();
  const { promise, resolve, reject } = Promise.withResolvers<gateway.CommitStatusResponse>();
  // Listening first, looking up second: a commit in between is not missed.
  const stop = notifier.onTransaction(txId, (found) => {
    resolve(response(found));
  });
  const known = context.ledger.transactionStatus(txId);
  if (known !== undefined) resolve(response(known));
  void cancelled.then(() => {
    reject(new GatewayError(status.CANCELLED, 'context canceled'));
  });
  try {
    return await promise;
  } finally {
    stop();
  }
}
