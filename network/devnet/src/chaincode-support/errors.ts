/** Something the peer refuses a chaincode, or a chaincode that cannot be run; the message is Fabric's text. */
export class ChaincodeError extends Error {
  override readonly name = 'ChaincodeError';
}

/** End of the text by which the Gateway knows that a chaincode went away (core/chaincode/handler.go). */
export const STREAM_TERMINATED = 'chaincode stream terminated';
export const EXECUTION_TIMEOUT = 'timeout expired while executing transaction';
