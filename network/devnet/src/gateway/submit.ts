import { status } from '@grpc/grpc-js';
import { common, gateway } from '@hyperledger/fabric-protos';
import type { GatewayContext } from './context.ts';
import { GatewayError } from './errors.ts';

const STATUS_NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(common.Status).map(([name, code]) => [code, name]),
);

function isClientError(code: number): boolean {
  return code >= 400 && code < 500;
}

/**
 * Hands a signed transaction to the orderer; that it was accepted does not mean that it will be valid
 * (internal/pkg/gateway/submit.go).
 *
 * @throws GatewayError
 */
export function submit(
  context: GatewayContext,
  request: gateway.SubmitRequest,
): gateway.SubmitResponse {
  const transaction = request.getPreparedTransaction();
  if (transaction === undefined) {
    throw new GatewayError(status.INVALID_ARGUMENT, 'a prepared transaction is required');
  }
  if (transaction.getSignature_asU8().length === 0) {
    throw new GatewayError(status.INVALID_ARGUMENT, 'prepared transaction must be signed');
  }
  const channel = request.getChannelId();
  if (channel !== context.channel) {
    const { message } = context.unknownChannel(channel);
    throw new GatewayError(status.FAILED_PRECONDITION, message);
  }
  const refusal = context.orderer.broadcast(transaction);
  if (refusal === undefined) return new gateway.SubmitResponse();
  if (isClientError(refusal.status)) {
    const name = STATUS_NAMES.get(refusal.status) ?? String(refusal.status);
    throw new GatewayError(
      status.ABORTED,
      `received unsuccessful response from orderer: status=${name}, info=${refusal.info}`,
    );
  }
  throw new GatewayError(status.UNAVAILABLE, 'no orderers could successfully process transaction');
}
