import {
  ACCESS_KEYS,
  AccessEntryDocument,
  ATTESTATION_LEAD_MS,
  type ChangeOutput,
  CommitIntentInput,
  decide,
  EmergencyIntent,
  INTENT_COMMIT_MS,
  INTENT_LIFE_MS,
  type OpenedClass,
  PulseError,
  type ReadOnIntentOutput,
} from '@pulseledger/domain';
import type { Caller } from '../access/caller.ts';
import { gatherFacts, questionFrom } from '../access/facts.ts';
import { exists, writeDocument } from '../store/documents.ts';
import { CHANGED, UNCHANGED } from '../transaction/change.ts';
import type { Call, TransactionFunction } from '../transaction/invoke.ts';
import { inputOf } from '../transaction/transient.ts';
import { notifySupervisor } from './notices.ts';

type AnyCall = Omit<Call<unknown>, 'input'>;

/** The medic for whom an organization's API asks: of that organization, and in no other role. */
function medicOf({ caller }: AnyCall, { medicId }: EmergencyIntent): Caller {
  return { mspId: caller.mspId, role: 'emergency-medic', subjectId: medicId };
}

function requireRecent({ nowMs }: AnyCall, { atMs }: EmergencyIntent, lifeMs: number): void {
  if (atMs > nowMs + ATTESTATION_LEAD_MS || nowMs >= atMs + lifeMs) {
    throw new PulseError('chart_closed', 'The intent is not of this time.');
  }
}

/** What an intent opens by the state of this peer at this moment. */
export async function openedBy(call: AnyCall, intent: EmergencyIntent): Promise<OpenedClass[]> {
  const { patientId, purpose, recordClasses, atMs } = intent;
  const asMedic = { ...call, caller: medicOf(call, intent) };
  const facts = await gatherFacts(asMedic, patientId);
  const untilMs = atMs + INTENT_LIFE_MS;
  const relation = { kind: 'emergency' as const, mspId: null, fromMs: atMs, untilMs };
  const withEmergency = { ...facts, relations: [...facts.relations, relation] };
  return recordClasses.map((recordClass) => {
    const asked = { action: 'read' as const, recordClass, labels: [], purpose, atMs };
    return { recordClass, ...decide(questionFrom(asMedic, withEmergency, asked)) };
  });
}

/** The entry of an intent. */
function entryOf(
  call: AnyCall,
  intent: EmergencyIntent,
  classes: readonly OpenedClass[],
): AccessEntryDocument {
  const { permitId, medicId, purpose, emergency, atMs, saltHex } = intent;
  return {
    ...{ permitId, subjectId: medicId, purpose, emergency, atMs, saltHex, classes },
    role: 'emergency-medic',
    mspId: call.caller.mspId,
    untilMs: atMs + INTENT_LIFE_MS,
    committedLateAtMs: null,
  };
}

/** An intent as what a reader's permit would be, and the medic as the reader. */
export async function permitOfIntent(
  call: AnyCall,
  intent: EmergencyIntent,
): Promise<{ readonly permit: AccessEntryDocument; readonly caller: Caller }> {
  requireRecent(call, intent, INTENT_LIFE_MS);
  const permit = entryOf(call, intent, await openedBy(call, intent));
  return { permit, caller: medicOf(call, intent) };
}

/** What would be opened: outcomes alone. The API stores them with the intent before it reads. */
async function readOnIntent(call: Call<EmergencyIntent>): Promise<ReadOnIntentOutput> {
  const { permit } = await permitOfIntent(call, call.input);
  return { classes: permit.classes, untilMs: permit.untilMs };
}

/** Enter what was read while nothing could be ordered; the entry says that it came late. */
async function commitIntent(call: Call<CommitIntentInput>): Promise<ChangeOutput> {
  const { stub, input, nowMs } = call;
  const { intent, classes } = input;
  requireRecent(call, intent, INTENT_COMMIT_MS);
  const key = ACCESS_KEYS.access(intent.patientId, intent.permitId);
  if (await exists(stub, key)) return UNCHANGED;
  const entry = { ...entryOf(call, intent, classes), committedLateAtMs: nowMs };
  await writeDocument(stub, key, entry);
  await notifySupervisor(stub, intent.patientId, entry);
  return CHANGED;
}

export const READ_ON_INTENT: TransactionFunction<EmergencyIntent> = {
  name: 'emergency:ReadOnIntent',
  input: inputOf(EmergencyIntent),
  run: readOnIntent,
};

export const COMMIT_INTENT: TransactionFunction<CommitIntentInput> = {
  name: 'emergency:CommitIntent',
  input: inputOf(CommitIntentInput),
  run: commitIntent,
};
