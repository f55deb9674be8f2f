import { common } from '@hyperledger/fabric-protos';
import type { Identity } from '../msp/identity.ts';
import type { MspManager } from '../msp/msp-manager.ts';
import { ProposalError, transactionId, type UnpackedProposal } from './proposal.ts';

function rfc3339(timeMs: number): string {
  return new Date(timeMs).toISOString().replace(/\.\d+Z$/, 'Z');
}

/** A duration as Go prints it, e.g. `1m0s`. */
function goDuration(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  const rest = `${seconds - minutes * 60}s`;
  return minutes < 60
    ? `${minutes}m${rest}`
    : `${Math.floor(minutes / 60)}h${minutes % 60}m${rest}`;
}

/** Fabric's time is the protobuf timestamp; a missing one is the Unix epoch. */
function proposalTimeMs(proposal: UnpackedProposal): number {
  const timestamp = proposal.channelHeader.getTimestamp();
  if (timestamp === undefined) return 0;
  return timestamp.getSeconds() * 1000 + timestamp.getNanos() / 1e6;
}

/**
 * The filters in front of an endorser (core/handlers/auth/filter): an expired certificate, or a time in the proposal
 * too far from the peer's.
 *
 * @returns the text of the refusal, or undefined.
 */
export function refuseAtTheDoor(
  proposal: UnpackedProposal,
  msps: MspManager,
  options: { readonly nowMs: number; readonly timeWindowMs: number },
): string | undefined {
  const { nowMs, timeWindowMs } = options;
  if (msps.find(proposal.creator)?.isExpiredAt(nowMs) === true) {
    return 'proposal client identity expired';
  }
  const timeMs = proposalTimeMs(proposal);
  if (Math.abs(nowMs - timeMs) <= timeWindowMs) return undefined;
  return `request unauthorized due to incorrect timestamp ${rfc3339(timeMs)}, peer time ${rfc3339(nowMs)}, peer.authentication.timewindow ${goDuration(timeWindowMs)}`;
}

const TYPE_NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(common.HeaderType).map(([name, type]) => [type, name]),
);

function refuseHeaders(proposal: UnpackedProposal): string | undefined {
  const { channelHeader, nonce, creator, txId } = proposal;
  const type = channelHeader.getType();
  if (type !== common.HeaderType.ENDORSER_TRANSACTION && type !== common.HeaderType.CONFIG) {
    return `invalid header type ${TYPE_NAMES.get(type) ?? String(type)}`;
  }
  if (channelHeader.getEpoch() !== 0) return 'epoch is non-zero';
  if (nonce.length === 0) return 'nonce is empty';
  if (creator.length === 0) return 'creator is empty';
  const expected = transactionId(nonce, creator);
  if (txId !== expected) return `incorrectly computed txid '${txId}' -- expected '${expected}'`;
  return proposal.signature.length === 0 ? 'empty signature bytes' : undefined;
}

/**
 * Checks headers, creator and signature (core/endorser/msgvalidation.go Validate).
 *
 * @returns the creator.
 * @throws ProposalError with Fabric's text; it says no more than which organization was claimed.
 */
export function validateProposal(proposal: UnpackedProposal, msps: MspManager): Identity {
  const refusal = refuseHeaders(proposal);
  if (refusal !== undefined) throw new ProposalError(refusal);
  const creator = msps.find(proposal.creator);
  if (creator === undefined) {
    throw new ProposalError(
      `access denied: channel [${proposal.channel}] creator org unknown, creator is malformed`,
    );
  }
  const reason =
    creator.refuse() ?? creator.refuseSignature(proposal.proposalBytes, proposal.signature);
  if (reason !== undefined) {
    throw new ProposalError(
      `access denied: channel [${proposal.channel}] creator org [${creator.mspId}]`,
    );
  }
  return creator;
}
