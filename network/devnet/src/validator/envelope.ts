import { common, peer } from '@hyperledger/fabric-protos';
import { proposalHash, transactionId } from '../endorser/proposal.ts';
import type { MspManager } from '../msp/msp-manager.ts';
import { readOr } from '../protos/read.ts';

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
  | { readonly kind: 'invalid'; readonly code: ValidationCode };

function invalid(code: ValidationCode): EnvelopeCheck {
  return { kind: 'invalid', code };
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
  const message = readOr(data, common.SignatureHeader);
  if (message === undefined) return undefined;
  const [nonce, creator] = [message.getNonce_asU8(), message.getCreator_asU8()];
  return nonce.length === 0 || creator.length === 0 ? undefined : { nonce, creator };
}

function readHeaders(header: common.Header | undefined): Headers | undefined {
  if (header === undefined) return undefined;
  const channelHeader = readOr(header.getChannelHeader_asU8(), common.ChannelHeader);
  const signature = signatureHeaderParts(header.getSignatureHeader_asU8());
  if (channelHeader === undefined || signature === undefined) return undefined;
  if (!KNOWN_TYPES.has(channelHeader.getType()) || channelHeader.getEpoch() !== 0) return undefined;
  return { header, channelHeader, ...signature };
}

/** The one action of a transaction; undefined when it has another number of them. */
function onlyAction(data: Uint8Array): peer.TransactionAction | undefined {
  const actions = readOr(data, peer.Transaction)?.getActionsList() ?? [];
  return actions.length === 1 ? actions[0] : undefined;
}

/** What the endorsers of an action signed, when it is tied to its proposal. */
function readAction(
  action: peer.TransactionAction,
  channelHeader: Uint8Array,
): Pick<EndorserTransaction, 'endorsedAction' | 'responsePayload'> | undefined {
  if (signatureHeaderParts(action.getHeader_asU8()) === undefined) return undefined;
  const payload = readOr(action.getPayload_asU8(), peer.ChaincodeActionPayload);
  const endorsedAction = payload?.getAction();
  const responsePayload = readOr(
    endorsedAction?.getProposalResponsePayload_asU8(),
    peer.ProposalResponsePayload,
  );
  if (payload === undefined || endorsedAction === undefined) return undefined;
  // With transient data left in, the hash is another one: such a transaction is invalid.
  const proposal = payload.getChaincodeProposalPayload_asU8();
  const hash = proposalHash(channelHeader, action.getHeader_asU8(), proposal);
  if (responsePayload === undefined) return undefined;
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

/** The checks of an endorser transaction after its signature. */
function checkTransaction(headers: Headers, data: Uint8Array): EnvelopeCheck {
  const { header, channelHeader, nonce, creator } = headers;
  if (channelHeader.getType() !== common.HeaderType.ENDORSER_TRANSACTION) {
    return invalid(ValidationCode.UNSUPPORTED_TX_PAYLOAD);
  }
  const txId = channelHeader.getTxId();
  if (txId !== transactionId(nonce, creator)) return invalid(ValidationCode.BAD_PROPOSAL_TXID);
  const action = onlyAction(data);
  const parts =
    action === undefined ? undefined : readAction(action, header.getChannelHeader_asU8());
  if (parts === undefined) return invalid(ValidationCode.INVALID_ENDORSER_TRANSACTION);
  return { kind: 'transaction', transaction: { txId, channelHeader, ...parts } };
}

/**
 * Checks form, creator's signature, transaction id and the tie between proposal and response of one envelope
 * (core/common/validation/msgvalidation.go). Whether a certificate has expired meanwhile is not asked, as in Fabric: the answer
 * would change with time.
 */
export function checkEnvelope(data: Uint8Array, channel: string, msps: MspManager): EnvelopeCheck {
  const envelope = readOr(data, common.Envelope);
  if (envelope === undefined) return invalid(ValidationCode.INVALID_OTHER_REASON);
  const payloadBytes = envelope.getPayload_asU8();
  const payload = readOr(payloadBytes, common.Payload);
  if (payload === undefined) return invalid(ValidationCode.BAD_PAYLOAD);
  const headers = readHeaders(payload.getHeader());
  if (headers === undefined) return invalid(ValidationCode.BAD_COMMON_HEADER);
  const { channelHeader, creator } = headers;
  const isOurs = channelHeader.getChannelId() === channel;
  if (!isOurs || !isSignedByCreator(envelope, payloadBytes, creator, msps)) {
    return invalid(ValidationCode.BAD_CREATOR_SIGNATURE);
  }
  return checkTransaction(headers, payload.getData_asU8());
}
