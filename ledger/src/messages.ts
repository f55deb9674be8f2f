import type { Gateway, Proposal } from '@hyperledger/fabric-gateway';
import { gateway as gatewayProto, msp } from '@hyperledger/fabric-protos';
import type { LedgerConnection } from './connection.ts';
import type { Signatory } from './signatory.ts';

/** A call of a contract function. Inputs travel as transient data only: arguments are public. */
export interface LedgerTransaction {
  /** Contract and function, for example `vitals:RecordChunks`. */
  readonly name: string;
  readonly transient: Readonly<Record<string, Uint8Array | string>>;
}

/** A Gateway message that is not signed yet. */
export interface UnsignedMessage {
  readonly transactionId: string;
  /** The whole message, as the gateway's `newSigned…` functions take it. */
  readonly bytes: Uint8Array;
  /** What the signature is over. */
  readonly toSign: Uint8Array;
}

/** A Gateway message with its signature. Sending it again is the same message. */
export interface SignedMessage {
  readonly transactionId: string;
  readonly bytes: Uint8Array;
  readonly signature: Uint8Array;
}

/** Signs messages in one pass, in order. */
export async function signMessages(
  signatory: Signatory,
  messages: readonly UnsignedMessage[],
): Promise<SignedMessage[]> {
  const signatures = await signatory.signing.signAll(messages.map(({ toSign }) => toSign));
  return messages.map(({ transactionId, bytes }, index) => {
    const signature = signatures[index];
    if (signature === undefined) {
      throw new RangeError('A signature is missing.');
    }
    return { transactionId, bytes, signature };
  });
}

/** Who calls what, and which organizations' peers run it. */
export interface ProposalOptions {
  readonly connection: LedgerConnection;
  readonly signatory: Signatory;
  readonly transaction: LedgerTransaction;
  /** MSP ids. */
  readonly organizations: readonly string[];
}

/**
 * A proposal with a new nonce, and so a new transaction ID. A person's subject is opened along with it.
 * @param gateway - of the same signatory.
 */
export function newProposal(gateway: Gateway, options: ProposalOptions): Proposal {
  const { connection, signatory, transaction, organizations } = options;
  const { subject } = signatory;
  return gateway
    .getNetwork(connection.channel)
    .getContract(connection.chaincode)
    .newProposal(transaction.name, {
      transientData: {
        ...transaction.transient,
        ...(subject === undefined ? {} : { subject: JSON.stringify(subject) }),
      },
      endorsingOrganizations: [...organizations],
    });
}

/** A signable Gateway message as plain bytes. */
export function toUnsigned(signable: {
  getTransactionId(): string;
  getBytes(): Uint8Array;
  getDigest(): Uint8Array;
}): UnsignedMessage {
  return {
    transactionId: signable.getTransactionId(),
    bytes: signable.getBytes(),
    toSign: signable.getDigest(),
  };
}

/**
 * The request for the commit status of a transaction, by its ID alone: the client makes one only after a
 * successful submit, and it is needed most when the submit's fate is unknown.
 */
export function newCommitRequest(
  connection: LedgerConnection,
  signatory: Signatory,
  transactionId: string,
): UnsignedMessage {
  const identity = new msp.SerializedIdentity();
  identity.setMspid(signatory.mspId);
  identity.setIdBytes(Buffer.from(signatory.certificatePem));
  const request = new gatewayProto.CommitStatusRequest();
  request.setChannelId(connection.channel);
  request.setTransactionId(transactionId);
  request.setIdentity(identity.serializeBinary());
  const toSign = request.serializeBinary();
  const signed = new gatewayProto.SignedCommitStatusRequest();
  signed.setRequest(toSign);
  return { transactionId, bytes: signed.serializeBinary(), toSign };
}
