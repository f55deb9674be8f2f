import {
  AuthorDocument,
  AuthorGroupDocument,
  AuthorGroupInput,
  type AuthorGroupView,
  type ChangeOutput,
  CLINICAL_KEYS,
  PROVIDERS_COLLECTION,
  PulseError,
  SetAuthorGroupInput,
} from '@pulseledger/domain';
import { ledgerKey, parseDocument, readDocument, writeDocument } from '../store/documents.ts';
import { entries, rangeEnd, rangeStart } from '../store/range.ts';
import { CHANGED } from '../transaction/change.ts';
import type { Call, TransactionFunction } from '../transaction/invoke.ts';
import type { LedgerStub } from '../transaction/ledger-context.ts';
import { inputOf } from '../transaction/transient.ts';

/** Groups of authors to which somebody belongs. Only for evaluated functions. */
export async function authorGroupsOf(stub: LedgerStub, subjectId: string): Promise<string[]> {
  const prefix = { objectType: 'author', attributes: [subjectId] };
  const groups: string[] = [];
  for await (const { value } of entries(stub, rangeStart(prefix), rangeEnd(prefix))) {
    groups.push(parseDocument(value, AuthorDocument).groupId);
  }
  return groups;
}

/** Make or change a group; it belongs to the organization whose administrator made it. */
async function setAuthorGroup(call: Call<SetAuthorGroupInput>): Promise<ChangeOutput> {
  const { stub, caller, input } = call;
  const { groupId, keyId, publicKey, add, remove, saltHex } = input;
  const key = CLINICAL_KEYS.authorGroup(groupId);
  const known = await readDocument(stub, key, AuthorGroupDocument);
  if (known !== undefined && known.mspId !== caller.mspId) throw new PulseError('access_denied');
  if (caller.subjectId !== undefined && add.includes(caller.subjectId)) {
    throw new PulseError('access_denied', 'An administrator does not become an author.');
  }
  const group: AuthorGroupDocument = { groupId, mspId: caller.mspId, keyId, publicKey, saltHex };
  await writeDocument(stub, key, group);
  for (const subjectId of add) {
    const author: AuthorDocument = { subjectId, groupId, saltHex };
    await writeDocument(stub, CLINICAL_KEYS.author(subjectId, groupId), author);
  }
  for (const subjectId of remove) {
    const authorKey = ledgerKey(stub, CLINICAL_KEYS.author(subjectId, groupId));
    await stub.deletePrivateData(PROVIDERS_COLLECTION, authorKey);
  }
  return CHANGED;
}

/** The group's key, for its members; for anybody else there is no such group. */
async function readAuthorGroup(call: Call<AuthorGroupInput>): Promise<AuthorGroupView> {
  const { stub, caller, input } = call;
  const { subjectId = '' } = caller;
  const memberKey = CLINICAL_KEYS.author(subjectId, input.groupId);
  const member = await readDocument(stub, memberKey, AuthorDocument);
  const groupKey = CLINICAL_KEYS.authorGroup(input.groupId);
  const group = await readDocument(stub, groupKey, AuthorGroupDocument);
  if (member === undefined || group?.mspId !== caller.mspId) throw new PulseError('not_found');
  const { groupId, mspId, keyId, publicKey } = group;
  return { groupId, mspId, keyId, publicKey };
}

export const SET_AUTHOR_GROUP: TransactionFunction<SetAuthorGroupInput> = {
  name: 'record:SetAuthorGroup',
  input: inputOf(SetAuthorGroupInput),
  run: setAuthorGroup,
};

export const READ_AUTHOR_GROUP: TransactionFunction<AuthorGroupInput> = {
  name: 'record:ReadAuthorGroup',
  input: inputOf(AuthorGroupInput),
  run: readAuthorGroup,
};
