import {
  ACCESS_KEYS,
  AccessEntryDocument,
  type Decision,
  decide,
  EmergencyIntent,
  EXTRACT_COLLECTION,
  PROVIDERS_COLLECTION,
  PulseError,
  type RecordClass,
  type Relation,
} from '@pulseledger/domain';
import { permitOfIntent } from '../emergency/intent.ts';
import { readDocument } from '../store/documents.ts';
import type { Call } from '../transaction/invoke.ts';
import { jsonField } from '../transaction/transient.ts';
import type { Caller } from './caller.ts';
import { type AccessFacts, gatherFacts, questionFrom } from './facts.ts';
import { usualPurpose } from './rights.ts';
import { shareFacts } from './share-facts.ts';

type AnyCall = Omit<Call<unknown>, 'input'>;

/** Somebody with a chart open, who is asked anew for everything that is read. */
export interface Reader {
  /** May the reader see a record of this class with these labels, now? */
  readonly decide: (recordClass: RecordClass, labels: readonly string[]) => Decision;
  /** Groups of authors of psychotherapy notes that the reader belongs to. */
  readonly authorGroups: readonly string[];
  /** Orders that a laboratory has to answer; it sees no other. */
  readonly orders: readonly string[];
}

const CLOSED: Decision = { outcome: 'deny', reason: 'not_permitted' };

/** Is the permit the caller's own, and has it not ended? */
function isOwnAndLive({ caller, nowMs }: AnyCall, permit: AccessEntryDocument): boolean {
  return (
    permit.subjectId === caller.subjectId &&
    permit.role === caller.role &&
    permit.mspId === caller.mspId &&
    permit.atMs <= nowMs &&
    nowMs < permit.untilMs
  );
}

async function livePermit(
  call: AnyCall,
  ownerId: string,
  permitId: string,
  collection: string,
): Promise<AccessEntryDocument> {
  const key = ACCESS_KEYS.access(ownerId, permitId);
  const permit = await readDocument(call.stub, key, AccessEntryDocument, collection);
  if (permit === undefined || !isOwnAndLive(call, permit)) throw new PulseError('chart_closed');
  return permit;
}

/**
 * The API of an organization has no permit; while nothing can be ordered it reads for a medic, on an
 * intent that it has stored and will commit.
 */
async function intendedPermit(
  call: AnyCall,
  patientId: string,
  permitId: string,
): Promise<{ readonly permit: AccessEntryDocument; readonly caller: Caller }> {
  const intent = jsonField(call.stub, 'intent', EmergencyIntent);
  if (intent.patientId !== patientId || intent.permitId !== permitId) {
    throw new PulseError('chart_closed');
  }
  return permitOfIntent(call, intent);
}

function emergencyOf({ emergency, atMs, untilMs }: AccessEntryDocument): Relation[] {
  return emergency === null ? [] : [{ kind: 'emergency', mspId: null, fromMs: atMs, untilMs }];
}

function readerWith(call: AnyCall, permit: AccessEntryDocument, facts: AccessFacts): Reader {
  const relations = [...facts.relations, ...emergencyOf(permit)];
  const opened = new Set(
    permit.classes.flatMap(({ recordClass, outcome }) => (outcome === 'permit' ? recordClass : [])),
  );
  return {
    authorGroups: facts.authorGroups,
    orders: relations.flatMap(({ recordId }) => recordId ?? []),
    decide: (recordClass, labels) => {
      if (!opened.has(recordClass)) return CLOSED;
      const { purpose } = permit;
      const asked = { action: 'read' as const, recordClass, labels, purpose, atMs: call.nowMs };
      return decide(questionFrom(call, { ...facts, relations }, asked));
    },
  };
}

/**
 * The caller as a reader of a patient's record: with a live permit of the caller's own, and decided
 * anew from the state of this moment, so that what was revoked is not read for the permit's sake.
 * Only for evaluated functions.
 *
 * @throws PulseError `chart_closed` without such a permit.
 */
export async function openReader(
  call: AnyCall,
  patientId: string,
  permitId: string,
): Promise<Reader> {
  if (call.caller.role === 'api') {
    const { permit, caller } = await intendedPermit(call, patientId, permitId);
    const asMedic = { ...call, caller };
    return readerWith(asMedic, permit, await gatherFacts(asMedic, patientId));
  }
  const permit = await livePermit(call, patientId, permitId, PROVIDERS_COLLECTION);
  return readerWith(call, permit, await gatherFacts(call, patientId));
}

/** What is read: a class of a patient's record, by virtue of a permit. */
export interface ReadRight {
  readonly patientId: string;
  readonly permitId: string;
}

function requirePermit({ outcome, reason }: Decision): void {
  if (outcome === 'permit') return;
  throw new PulseError(reason === 'erased' ? 'gone' : 'access_denied');
}

/**
 * Go on only for somebody who may read this class of the patient's record.
 *
 * @throws PulseError `chart_closed`, `access_denied`, `gone`.
 */
export async function requireReader(
  call: AnyCall,
  { patientId, permitId }: ReadRight,
  recordClass: RecordClass,
): Promise<Reader> {
  const reader = await openReader(call, patientId, permitId);
  requirePermit(reader.decide(recordClass, []));
  return reader;
}

/**
 * Go on only for an insurer's agent who has opened this share and may read this class of it.
 *
 * @throws PulseError `chart_closed`, `access_denied`.
 */
export async function requireSharePermit(
  call: AnyCall,
  { shareId, permitId }: { readonly shareId: string; readonly permitId: string },
  recordClass: RecordClass,
): Promise<Reader> {
  const permit = await livePermit(call, shareId, permitId, EXTRACT_COLLECTION);
  const reader = readerWith(call, permit, await shareFacts(call.stub, shareId));
  requirePermit(reader.decide(recordClass, []));
  return reader;
}

/**
 * May the caller open this class of the patient's record, by the state of this moment and for the
 * role's usual purpose? For what leads to a patient and shows nothing of the record itself.
 */
export async function mayOpen(
  call: AnyCall,
  patientId: string,
  recordClass: RecordClass,
): Promise<boolean> {
  const facts = await gatherFacts(call, patientId);
  const purpose = usualPurpose(call.caller.role);
  const asked = { action: 'read', recordClass, labels: [], purpose, atMs: call.nowMs } as const;
  return decide(questionFrom(call, facts, asked)).outcome === 'permit';
}
