import {
  ACCESS_KEYS,
  type AccessQuestion,
  type ConsentFact,
  EmergencyChoiceDocument,
  LinkDocument,
  PatientDocument,
  type PatientFacts,
  PROVIDER_MSP_IDS,
  RECORD_KEYS,
  type Relation,
  RepresentativeDocument,
  TreatingDocument,
} from '@pulseledger/domain';
import { consentFactsOf } from '../consent/facts.ts';
import { authorGroupsOf } from '../record/author-groups.ts';
import { erasureFacts } from '../record/erasure-facts.ts';
import { laboratoryOrders } from '../record/orders.ts';
import { parseDocument, readDocument } from '../store/documents.ts';
import { entries, rangeEnd, rangeStart } from '../store/range.ts';
import type { Call } from '../transaction/invoke.ts';
import type { LedgerStub } from '../transaction/ledger-context.ts';

type FactCall = Pick<Call<unknown>, 'stub' | 'caller' | 'nowMs'>;

/** What the ledger says about a caller and a patient: everything that `decide` wants to know. */
export interface AccessFacts {
  readonly patient: PatientFacts;
  /** Is anybody registered under this id? */
  readonly isKnown: boolean;
  readonly relations: readonly Relation[];
  readonly consents: readonly ConsentFact[];
  readonly authorGroups: readonly string[];
}

/** Live links of a patient between registrations. Only for evaluated functions. */
export async function linksOf(stub: LedgerStub, patientId: string): Promise<LinkDocument[]> {
  const prefix = { objectType: 'link', attributes: [patientId] };
  const links: LinkDocument[] = [];
  for await (const { value } of entries(stub, rangeStart(prefix), rangeEnd(prefix))) {
    links.push(parseDocument(value, LinkDocument));
  }
  return links;
}

async function patientFacts(
  { stub }: FactCall,
  patientId: string,
  links: readonly LinkDocument[],
): Promise<{ readonly patient: PatientFacts; readonly isKnown: boolean }> {
  const document = await readDocument(stub, RECORD_KEYS.patient(patientId), PatientDocument);
  const choiceKey = ACCESS_KEYS.emergencyChoice(patientId);
  const choice = await readDocument(stub, choiceKey, EmergencyChoiceDocument);
  const erasure = await erasureFacts(stub, patientId);
  const known = document?.registeredAt ?? erasure.registeredAt;
  const numbers = links.filter(({ target }) => target.kind === 'local-number');
  const registeredAt = known.length === 0 ? PROVIDER_MSP_IDS : known;
  const patient: PatientFacts = {
    registeredAt: [...new Set([...registeredAt, ...numbers.map(({ mspId }) => mspId)])],
    birthDate: document === undefined ? null : document.basics.birthDate,
    emergencyOptOut: choice?.optOut ?? false,
    restricted: erasure.restricted,
    erased: erasure.erased,
  };
  return { patient, isKnown: document !== undefined };
}

async function treatingRelation(
  { stub }: FactCall,
  patientId: string,
  practitionerId: string,
): Promise<Relation[]> {
  const key = RECORD_KEYS.treating(patientId, practitionerId);
  const treating = await readDocument(stub, key, TreatingDocument);
  if (treating === undefined) return [];
  const { mspId, fromMs, untilMs } = treating;
  return [{ kind: 'treating', mspId, fromMs, untilMs }];
}

async function representation(
  { stub }: FactCall,
  patientId: string,
  representativeId: string,
): Promise<Relation[]> {
  const key = ACCESS_KEYS.representative(patientId, representativeId);
  const document = await readDocument(stub, key, RepresentativeDocument);
  if (document === undefined) return [];
  const { kind: representative, scope, fromMs, untilMs } = document;
  return [{ kind: 'representative', mspId: null, representative, scope, fromMs, untilMs }];
}

async function orderRelations(call: FactCall, patientId: string): Promise<Relation[]> {
  const { stub, caller, nowMs } = call;
  const orders = await laboratoryOrders(stub, caller.mspId, patientId, nowMs);
  return orders.map(({ mspId, orderId: recordId, fromMs, untilMs }) => ({
    kind: 'laboratory-order' as const,
    ...{ mspId, recordId, fromMs, untilMs },
  }));
}

/** Patient ids under which a clinician's relation counts: a link may have been made by mistake, but is ended as one. */
function samePersons(patientId: string, links: readonly LinkDocument[]): string[] {
  const others = links.flatMap(({ target }) =>
    target.kind === 'same-person' ? [target.patientId] : [],
  );
  return [patientId, ...others];
}

async function treatingRelations(
  call: FactCall,
  ids: readonly string[],
  practitionerId: string,
): Promise<Relation[]> {
  const relations: Relation[] = [];
  for (const id of ids) relations.push(...(await treatingRelation(call, id, practitionerId)));
  return relations;
}

async function relationsOf(call: FactCall, ids: readonly string[]): Promise<Relation[]> {
  const { role, subjectId } = call.caller;
  const [patientId = ''] = ids;
  if (subjectId === undefined) return [];
  if (role === 'doctor' || role === 'nurse') return treatingRelations(call, ids, subjectId);
  if (role === 'representative') return representation(call, patientId, subjectId);
  if (role === 'laboratory') return orderRelations(call, patientId);
  const isSelf = role === 'patient' && subjectId === patientId;
  return isSelf ? [{ kind: 'self', mspId: null, fromMs: 0, untilMs: null }] : [];
}

async function groupsOf({ stub, caller }: FactCall): Promise<string[]> {
  const { role, subjectId } = caller;
  return role === 'doctor' && subjectId !== undefined ? authorGroupsOf(stub, subjectId) : [];
}

/**
 * Gather the facts about a caller and a patient. It reads keys that belong to the patient, so only
 * evaluated functions may call it: what a submitted one reads is public as hashes.
 */
export async function gatherFacts(call: FactCall, patientId: string): Promise<AccessFacts> {
  const { stub, nowMs } = call;
  const links = (await linksOf(stub, patientId)).filter(
    ({ fromMs, untilMs }) => fromMs <= nowMs && (untilMs === null || nowMs < untilMs),
  );
  const ids = samePersons(patientId, links);
  const consents: ConsentFact[] = [];
  for (const id of ids) consents.push(...(await consentFactsOf(stub, id)));
  return {
    ...(await patientFacts(call, patientId, links)),
    relations: await relationsOf(call, ids),
    consents,
    authorGroups: await groupsOf(call),
  };
}

/** The question that `decide` answers, from facts. */
export function questionFrom(
  { caller }: Pick<FactCall, 'caller'>,
  facts: AccessFacts,
  asked: Pick<AccessQuestion, 'action' | 'recordClass' | 'labels' | 'purpose' | 'atMs'>,
): AccessQuestion {
  const { patient, relations, consents, authorGroups } = facts;
  return {
    subject: { id: caller.subjectId ?? null, role: caller.role, mspId: caller.mspId },
    ...asked,
    ...{ patient, relations, consents, authorGroup: authorGroups.length > 0 },
  };
}
