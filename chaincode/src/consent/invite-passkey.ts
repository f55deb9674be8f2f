import {
  type ChangeOutput,
  CONSENT_KEYS,
  type InvitationDocument,
  InvitePasskeyInput,
  PulseError,
} from '@pulseledger/domain';
import { exists, writeDocument } from '../store/documents.ts';
import { CHANGED } from '../transaction/change.ts';
import type { Call, TransactionFunction } from '../transaction/invoke.ts';
import { inputOf } from '../transaction/transient.ts';

/**
 * An administrator says to have seen this person and hands over the code. The administrator cannot
 * use it: registering is the person's own, and nobody invites themselves.
 */
async function invitePasskey({
  stub,
  caller,
  input,
  nowMs,
}: Call<InvitePasskeyInput>): Promise<ChangeOutput> {
  const { mspId, subjectId: administratorId } = caller;
  if (administratorId === undefined || administratorId === input.subjectId) {
    throw new PulseError('access_denied', 'Nobody invites themselves.');
  }
  const key = CONSENT_KEYS.invitation(input.invitationId);
  if (await exists(stub, key)) throw new PulseError('conflict', 'The invitation exists already.');
  const invitation: InvitationDocument = { ...input, mspId, administratorId, atMs: nowMs };
  await writeDocument(stub, key, invitation);
  return CHANGED;
}

export const INVITE_PASSKEY: TransactionFunction<InvitePasskeyInput> = {
  name: 'consent:InvitePasskey',
  input: inputOf(InvitePasskeyInput),
  run: invitePasskey,
};
