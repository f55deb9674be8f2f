import { common, peer } from '@hyperledger/fabric-protos';
import { proposalHash, transactionId } from '../endorser/proposal.ts';
import type { MspManager } from '../msp/msp-manager.ts';
import { bytes } from '../protos/bytes.ts';

export type ValidationCode = peer.TxValidationCodeMap[keyof peer.TxValidationCodeMap];
export const ValidationCode: peer.TxValidationCodeMap = peer.TxValidationCode;

/** A transaction of a block that has the right form and its creator's signature. */
export interface EndorserTransaction {
  readonly txId: string;
  readonly channelHeader: common.ChannelHeader;
  readonly endorsedAction: peer.ChaincodeEndorsedAction;
  /** The response payload inside, already read. */
  readonly responsePayload: peer.ProposalResponsePayload;
}

/** What an envelope is, or the code by which it is invalid. */
export type EnvelopeCheck =
  | { readonly kind: 'transaction'; readonly transaction: EndorserTransaction }
  | { readonly kind: 'configuration' }
  | { readonly kind: 'invalid'; readonly code: ValidationCode };

function invalid(code: ValidationCode): EnvelopeCheck {
  return { kind: 'invalid', code };
}

/** The message, or undefined when the bytes are none. */
export function readOr<T>(data: Uint8Array, read: (data: Uint8Array) => T): T | undefined {
  try {
    return read(bytes(data));
  } catch {
    return undefined;
  }
}

interface Headers {
  readonly header: common.Header;
  readonly channelHeader: common.ChannelHeader;
  readonly nonce: Uint8Array;
  readonly creator: Uint8Array;
}

const KNOWN_TYPES: ReadonlySet<number> = new Set([
  common.HeaderType.ENDORSER_TRANSACTION,
  common.HeaderType.CONFIG_UPDATE,
  common.HeaderType.CONFIG,
]);

function signatureHeaderParts(
  data: Uint8Array,
): { nonce: Uint8Array; creator: Uint8Array } | undefined {
  const message = readOr(data, common.SignatureHeader.deserializeBinary);
  if (message === undefined) return undefined;
  const [nonce, creator] = [message.getNonce_asU8(), message.getCreator_asU8()];
  return nonce.length === 0 || creator.length === 0 ? undefined : { nonce, creator };
}

function readHeaders(header: common.Header | undefined): Headers | undefined {
  if (header === undefined) return undefined;
  const channelHeader = readOr(
    header.getChannelHeader_asU8(),
    common.ChannelHeader.deserializeBinary,
  );
  const signature = signatureHeaderParts(header.getSignatureHeader_asU8());
  if (channelHeader === undefined || signature === undefined) return undefined;
  if (!KNOWN_TYPES.has(channelHeader.getType()) || channelHeader.getEpoch() !== 0) return undefined;
  return { header, channelHeader, ...signature };
}

/** The one action of a transaction, when it is tied to its proposal. */
function readAction(
  data: Uint8Array,
  header: common.Header,
): Pick<EndorserTransaction, 'endorsedAction' | 'responsePayload'> | undefined {
  const actions = readOr(data, peer.Transaction.deserializeBinary)?.getActionsList() ?? [];
  const action = actions[0];
  if (action === undefined || actions.length !== 1) return undefined;
  if (signatureHeaderParts(action.getHeader_asU8()) === undefined) return undefined;
  const payload = readOr(action.getPayload_asU8(), peer.ChaincodeActionPayload.deserializeBinary);
  const endorsedAction = payload?.getAction();
  if (payload === undefined || endorsedAction === undefined) return undefined;
  const responsePayload = readOr(
    endorsedAction.getProposalResponsePayload_asU8(),
    peer.ProposalResponsePayload.deserializeBinary,
  );
  if (responsePayload === undefined) return undefined;
  const hash = proposalHash(
    header.getChannelHeader_asU8(),
    action.getHeader_asU8(),
    // With transient data left in, the hash is another one: such a transaction is invalid.
    payload.getChaincodeProposalPayload_asU8(),
  );
  const isTied = Buffer.compare(hash, responsePayload.getProposalHash_asU8()) === 0;
  return isTied ? { endorsedAction, responsePayload } : undefined;
}

function isSignedByCreator(
  envelope: common.Envelope,
  payload: Uint8Array,
  creator: Uint8Array,
  msps: MspManager,
): boolean {
  const identity = msps.find(creator);
  return (
    identity !== undefined &&
    identity.refuse() === undefined &&
    identity.refuseSignature(payload, envelope.getSignature_asU8()) === undefined
  );
}

/**
 * Checks form, creator's signature, transaction id and the tie between proposal and response of one envelope
 * (core/common/validation/msgvalidation.go). Whether a certificate has expired meanwhile is not asked, as in Fabric: the answer
 * would change with time.
 */
export function checkEnvelope(data: Uint8Array, channel: string, msps: MspManager): EnvelopeCheck {
  const envelope = readOr(data, common.Envelope.deserializeBinary);
  if (envelope === undefined) return invalid(ValidationCode.INVALID_OTHER_REASON);
  const payloadBytes = envelope.getPayload_asU8();
  const payload = readOr(payloadBytes, common.Payload.deserializeBinary);
  if (payload === undefined) return invalid(ValidationCode.BAD_PAYLOAD);
  const headers = readHeaders(payload.getHeader());
  if (headers === undefined) return invalid(ValidationCode.BAD_COMMON_HEADER);
  const { header, channelHeader, nonce, creator } = headers;
  if (channelHeader.getType() === common.HeaderType.CONFIG) return { kind: 'configuration' };
  const isOurs = channelHeader.getChannelId() === channel;
  if (!isOurs || !isSignedByCreator(envelope, payloadBytes, creator, msps)) {
    return invalid(ValidationCode.BAD_CREATOR_SIGNATURE);
  }
  if (channelHeader.getType() !== common.HeaderType.ENDORSER_TRANSACTION) {
    return invalid(ValidationCode.UNSUPPORTED_TX_PAYLOAD);
  }
  const txId = channelHeader.getTxId();
  if (txId !== transactionId(nonce, creator)) return invalid(ValidationCode.BAD_PROPOSAL_TXID);
  const action = readAction(payload.getData_asU8(), header);
  if (action === undefined) return invalid(ValidationCode.INVALID_ENDORSER_TRANSACTION);
  return { kind: 'transaction', transaction: { txId, channelHeader, ...action } };
}
