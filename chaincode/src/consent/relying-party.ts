import {
  type ChangeOutput,
  CONSENT_KEYS,
  canonicalJson,
  PROVIDER_MSP_IDS,
  PulseError,
  RelyingParty,
} from '@pulseledger/domain';
import { ledgerKey, parseDocument } from '../store/documents.ts';
import { CHANGED, UNCHANGED } from '../transaction/change.ts';
import type { Call, TransactionFunction } from '../transaction/invoke.ts';
import type { LedgerStub } from '../transaction/ledger-context.ts';
import { inputOf } from '../transaction/transient.ts';

async function statementOf(stub: LedgerStub, mspId: string): Promise<RelyingParty | undefined> {
  const bytes = await stub.getState(ledgerKey(stub, CONSENT_KEYS.relyingParty(mspId)));
  return bytes.length === 0 ? undefined : parseDocument(bytes, RelyingParty);
}

/**
 * For whom passkeys are made and where they may be used: the pages that every provider lists. It is
 * public state that all such transactions read alike, so reading it tells nothing apart. One
 * organization alone can take a page away and cannot add one.
 */
export async function agreedRelyingParty(stub: LedgerStub): Promise<RelyingParty | undefined> {
  const statements: RelyingParty[] = [];
  for (const mspId of PROVIDER_MSP_IDS) {
    const statement = await statementOf(stub, mspId);
    if (statement !== undefined) statements.push(statement);
  }
  const [first, ...others] = statements;
  if (first === undefined || statements.length < PROVIDER_MSP_IDS.length) return undefined;
  if (others.some(({ id }) => id !== first.id)) return undefined;
  const origins = first.origins.filter((origin) =>
    others.every((other) => other.origins.includes(origin)),
  );
  return { id: first.id, origins };
}

/**
 * @throws PulseError `precondition_failed` as long as the providers do not agree on one.
 */
export async function requireRelyingParty(stub: LedgerStub): Promise<RelyingParty> {
  const agreed = await agreedRelyingParty(stub);
  if (agreed !== undefined) return agreed;
  throw new PulseError(
    'precondition_failed',
    'Both organizations must first say on which pages passkeys are used.',
  );
}

async function setRelyingParty({ stub, caller, input }: Call<RelyingParty>): Promise<ChangeOutput> {
  const known = await statementOf(stub, caller.mspId);
  const text = canonicalJson(input);
  if (known !== undefined && canonicalJson(known) === text) return UNCHANGED;
  const key = ledgerKey(stub, CONSENT_KEYS.relyingParty(caller.mspId));
  await stub.putState(key, Buffer.from(text));
  return CHANGED;
}

export const SET_RELYING_PARTY: TransactionFunction<RelyingParty> = {
  name: 'consent:SetRelyingParty',
  input: inputOf(RelyingParty),
  run: setRelyingParty,
};
