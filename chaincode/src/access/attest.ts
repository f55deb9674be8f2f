import {
  ATTESTATION_LIFE_MS,
  type AttestedDecision,
  type AttestedShare,
  type AttestedTest,
  type AttestInput,
  type AttestOutput,
  AttestRequest,
  type Claims,
  canonicalJson,
  decide,
  PERMIT_LIFE_MS,
  type RecordDocument,
  type Relation,
  type Want,
} from '@pulseledger/domain';
import { liveSharesOf } from '../consent/facts.ts';
import { attestCorrection } from '../record/correction-facts.ts';
import { attestTests } from '../record/repeat-reason.ts';
import type { Call, TransactionFunction } from '../transaction/invoke.ts';
import { inputOf } from '../transaction/transient.ts';
import { type AccessFacts, gatherFacts, questionFrom } from './facts.ts';
import { shareFacts } from './share-facts.ts';
import { requireAboutNow, signClaims } from './sign-claims.ts';

type AttestCall = Call<AttestRequest>;

const CHANGES: readonly Want['action'][] = ['create', 'amend', 'delete'];

/** A stated emergency is a relation of its own; the medic's role does the rest. */
function emergencyRelation({ emergency, atMs }: AttestInput): Relation[] {
  if (emergency === undefined) return [];
  return [{ kind: 'emergency', mspId: null, fromMs: atMs, untilMs: atMs + PERMIT_LIFE_MS }];
}

/**
 * Who registers a patient treats from that moment on, and may write with the registration. The
 * write itself makes sure that the registration is in the same transaction.
 */
function registrarRelation(
  { caller }: AttestCall,
  question: AttestInput,
  known: boolean,
): Relation[] {
  const registers = question.wants.some(({ action }) => action === 'register');
  if (known || !registers) return [];
  return [{ kind: 'treating', mspId: caller.mspId, fromMs: question.atMs, untilMs: null }];
}

async function factsFor(call: AttestCall): Promise<AccessFacts> {
  const { stub, caller, input } = call;
  const { question } = input;
  const { patientId, shareId = '', atMs } = question;
  if (patientId === undefined) return shareFacts(stub, shareId);
  const facts = await gatherFacts({ stub, caller, nowMs: atMs }, patientId);
  const further = [
    ...emergencyRelation(question),
    ...registrarRelation(call, question, facts.isKnown),
  ];
  return { ...facts, relations: [...facts.relations, ...further] };
}

function decisionOn(call: AttestCall, facts: AccessFacts, want: Want): AttestedDecision {
  const { purpose, atMs } = call.input.question;
  const { action, recordClass } = want;
  const labels = [...new Set(want.labels)].sort();
  const asked = { action, recordClass, labels, purpose, atMs };
  return { action, recordClass, labels, ...decide(questionFrom(call, facts, asked)) };
}

async function sharesFor({ stub, input }: AttestCall): Promise<AttestedShare[]> {
  const { patientId, wants, atMs } = input.question;
  const changes = wants.some(({ action }) => CHANGES.includes(action));
  return patientId !== undefined && changes ? liveSharesOf(stub, patientId, atMs) : [];
}

/** Whether tests need a reason to be repeated: told to who may order them, from results that they may read. */
async function testsFor(
  call: AttestCall,
  facts: AccessFacts,
  decisions: readonly AttestedDecision[],
): Promise<AttestedTest[]> {
  const { patientId, purpose, atMs, tests = [] } = call.input.question;
  const mayOrder = decisions.some(
    ({ action, recordClass, outcome }) =>
      outcome === 'permit' && recordClass === 'order' && CHANGES.includes(action),
  );
  if (patientId === undefined || !mayOrder) return [];
  const canRead = ({ recordClass, labels }: RecordDocument): boolean => {
    const asked = { action: 'read', recordClass, labels, purpose, atMs } as const;
    return decide(questionFrom(call, facts, asked)).outcome === 'permit';
  };
  return attestTests(call.stub, patientId, tests, { atMs, canRead });
}

/** Decide from this organization's state, and sign what was decided; a denial as well. */
async function attest(call: AttestCall): Promise<AttestOutput> {
  const { stub, caller, input, nowMs } = call;
  const { question, attesterMspId } = input;
  const { patientId = null, shareId = null, purpose, atMs, nonceHex } = question;
  requireAboutNow(atMs, nowMs);
  const facts = await factsFor(call);
  const decisions = question.wants.map((want) => decisionOn(call, facts, want));
  const wantsNotes = question.wants.some(({ recordClass }) => recordClass === 'psychotherapy-note');
  const claims: Claims = {
    ...{ v: 1, kind: 'access', patientId, shareId, purpose, atMs, nonceHex },
    subjectId: caller.subjectId ?? null,
    role: caller.role,
    mspId: caller.mspId,
    expiresAtMs: atMs + ATTESTATION_LIFE_MS,
    decisions,
    shares: await sharesFor(call),
    orders: facts.relations.flatMap(({ recordId }) => recordId ?? []),
    authorGroups: wantsNotes ? facts.authorGroups : [],
    emergency: question.emergency ?? null,
    tests: await testsFor(call, facts, decisions),
    corrects: await attestCorrection(call, facts),
  };
  const text = canonicalJson(claims);
  return {
    claims: text,
    mspId: attesterMspId,
    signature: await signClaims(stub, attesterMspId, text, atMs),
  };
}

export const ATTEST: TransactionFunction<AttestRequest> = {
  name: 'access:Attest',
  input: inputOf(AttestRequest),
  run: attest,
};
