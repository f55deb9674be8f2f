import { Metadata, type ServiceError, type status } from '@grpc/grpc-js';
import { gateway, google } from '@hyperledger/fabric-protos';

const DETAILS = 'grpc-status-details-bin';

/** Which node an error came from. */
export interface ErrorDetail {
  readonly address: string;
  readonly mspId: string;
  readonly message: string;
}

function addDetail(to: google.rpc.Status, detail: ErrorDetail): void {
  const message = new gateway.ErrorDetail();
  message.setAddress(detail.address);
  message.setMspId(detail.mspId);
  message.setMessage(detail.message);
  to.addDetails().pack(message.serializeBinary(), 'gateway.ErrorDetail', 'type.googleapis.com/');
}

/** Go sends a blank at the end of a text as it is, which HTTP/2 for Node refuses in a header: clients see no text at all. */
function asHeader(message: string): string {
  return message.endsWith(' ') ? '' : message;
}

/** An error that the Gateway answers with, in gRPC's form: code, text, and where it came from. */
export class GatewayError extends Error implements ServiceError {
  override readonly name = 'GatewayError';
  readonly code: status;
  readonly details: string;
  readonly metadata: Metadata;

  constructor(code: status, message: string, details: readonly ErrorDetail[] = []) {
    super(message);
    this.code = code;
    this.details = asHeader(message);
    this.metadata = new Metadata();
    if (details.length === 0) return;
    const rich = new google.rpc.Status();
    rich.setCode(code);
    rich.setMessage(message);
    for (const detail of details) addDetail(rich, detail);
    this.metadata.set(DETAILS, Buffer.from(rich.serializeBinary()));
  }
}
