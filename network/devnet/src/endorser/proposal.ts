import { createHash } from 'node:crypto';
import { common, peer } from '@hyperledger/fabric-protos';
import { type MessageClass, readMessage } from '../protos/read.ts';

/** A proposal taken apart (core/endorser/msgvalidation.go). */
export interface UnpackedProposal {
  readonly signed: peer.SignedProposal;
  readonly proposalBytes: Uint8Array;
  readonly signature: Uint8Array;
  readonly channelHeader: common.ChannelHeader;
  readonly channel: string;
  readonly txId: string;
  readonly nonce: Uint8Array;
  /** Bytes of msp.SerializedIdentity. */
  readonly creator: Uint8Array;
  readonly chaincode: string;
  readonly input: peer.ChaincodeInput;
  /** Ties the endorsements to this proposal: SHA-256 over the headers and the payload without transient data. */
  readonly hash: Uint8Array;
}

/** A proposal that cannot be read. */
export class ProposalError extends Error {
  override readonly name = 'ProposalError';
}

/** Reads a message, with Fabric's text when it is none. */
export function unmarshal<T>(what: string, data: Uint8Array, message: MessageClass<T>): T {
  try {
    return readMessage(data, message);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ProposalError(`error unmarshalling ${what}: ${reason}`);
  }
}

/** The chaincode proposal payload as it goes into the transaction: without transient data. */
export function withoutTransient(payload: peer.ChaincodeProposalPayload): Uint8Array {
  const clean = new peer.ChaincodeProposalPayload();
  clean.setInput(payload.getInput_asU8());
  return clean.serializeBinary();
}

/** SHA-256 over channel header, signature header and payload without transient data (protoutil GetProposalHash). */
export function proposalHash(
  channelHeader: Uint8Array,
  signatureHeader: Uint8Array,
  payload: Uint8Array,
): Uint8Array {
  return createHash('sha256')
    .update(channelHeader)
    .update(signatureHeader)
    .update(payload)
    .digest();
}

/** Transaction id: hex SHA-256 over nonce and creator. */
export function transactionId(nonce: Uint8Array, creator: Uint8Array): string {
  return createHash('sha256').update(nonce).update(creator).digest('hex');
}

function chaincodeName(channelHeader: common.ChannelHeader): string {
  const extension = unmarshal(
    'ChaincodeHeaderExtension',
    channelHeader.getExtension_asU8(),
    peer.ChaincodeHeaderExtension,
  );
  const id = extension.getChaincodeId();
  if (id === undefined) throw new ProposalError('ChaincodeHeaderExtension.ChaincodeId is nil');
  if (id.getName() === '')
    throw new ProposalError('ChaincodeHeaderExtension.ChaincodeId.Name is empty');
  return id.getName();
}

function chaincodeInput(payload: peer.ChaincodeProposalPayload): peer.ChaincodeInput {
  const invocation = unmarshal(
    'ChaincodeInvocationSpec',
    payload.getInput_asU8(),
    peer.ChaincodeInvocationSpec,
  );
  const spec = invocation.getChaincodeSpec();
  if (spec === undefined) {
    throw new ProposalError('chaincode invocation spec did not contain chaincode spec');
  }
  const input = spec.getInput();
  if (input === undefined) throw new ProposalError('chaincode input did not contain any input');
  return input;
}

function unpackFresh(signed: peer.SignedProposal): UnpackedProposal {
  const proposalBytes = signed.getProposalBytes_asU8();
  const proposal = unmarshal('Proposal', proposalBytes, peer.Proposal);
  const header = unmarshal('Header', proposal.getHeader_asU8(), common.Header);
  const channelHeader = unmarshal(
    'ChannelHeader',
    header.getChannelHeader_asU8(),
    common.ChannelHeader,
  );
  const signatureHeader = unmarshal(
    'SignatureHeader',
    header.getSignatureHeader_asU8(),
    common.SignatureHeader,
  );
  const chaincode = chaincodeName(channelHeader);
  const payload = unmarshal(
    'ChaincodeProposalPayload',
    proposal.getPayload_asU8(),
    peer.ChaincodeProposalPayload,
  );
  return {
    signed,
    proposalBytes,
    signature: signed.getSignature_asU8(),
    channelHeader,
    channel: channelHeader.getChannelId(),
    txId: channelHeader.getTxId(),
    nonce: signatureHeader.getNonce_asU8(),
    creator: signatureHeader.getCreator_asU8(),
    chaincode,
    input: chaincodeInput(payload),
    hash: proposalHash(
      header.getChannelHeader_asU8(),
      header.getSignatureHeader_asU8(),
      withoutTransient(payload),
    ),
  };
}

/** Several peers of this process get the same message. */
const unpacked = new WeakMap<peer.SignedProposal, UnpackedProposal>();

/**
 * Takes a signed proposal apart.
 *
 * @throws ProposalError when it cannot be read.
 */
export function unpackProposal(signed: peer.SignedProposal): UnpackedProposal {
  const known = unpacked.get(signed);
  if (known !== undefined) return known;
  const proposal = unpackFresh(signed);
  unpacked.set(signed, proposal);
  return proposal;
}
