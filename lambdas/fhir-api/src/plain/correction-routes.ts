/** Asking for the correction of a record, and answering: plain JSON beside FHIR, failures as problem documents (RFC 9457). */
import {
  CHART_CLASSES,
  ChangeOutput,
  type Correction,
  CorrectionAnswerRequest,
  CorrectionRequest,
  CorrectionRequested,
  CorrectionsAnswer,
  type Place,
} from '@pulseledger/domain';
import type { Call } from '../http/call.ts';
import { ok, type Reply } from '../http/reply.ts';
import type { Route } from '../http/routes.ts';
import { conceal } from '../record/chart.ts';
import { nothingToSee } from '../record/port.ts';
import { identifierIn, jsonBody, parsed } from './plain-input.ts';

/** A text of the greatest length, each character as its JSON escape. */
const MAX_BODY = 16_384;
/** What a scope would have to name; only those for everything do. */
const SCOPE = 'Correction';

export const CORRECTION_ROUTES: readonly Route[] = [
  {
    ...{ method: 'GET', path: 'patients/:id/corrections', format: 'plain', access: 'login' },
    summary: 'What the patient said is wrong, and what was answered; to whom it is addressed',
    answer: CorrectionsAnswer,
    handle: readCorrections,
  },
  {
    ...{ method: 'POST', path: 'patients/:id/corrections', format: 'plain', access: 'login' },
    summary: 'Ask the organization that wrote a record to correct it',
    body: CorrectionRequest,
    answer: CorrectionRequested,
    maxBody: MAX_BODY,
    handle: requestCorrection,
  },
  {
    method: 'POST',
    path: 'patients/:id/corrections/:request/answer',
    format: 'plain',
    access: 'login',
    summary: 'Say in which version the record is corrected, or why it stays as it is',
    body: CorrectionAnswerRequest,
    answer: ChangeOutput,
    maxBody: MAX_BODY,
    handle: answerCorrection,
  },
];

/** With the permits of the chart: usually one, several when parts of it were opened one after the other. */
async function readCorrections(call: Call): Promise<Reply> {
  call.grant.require(SCOPE, 'r');
  const patientId = identifierIn(call.path['id']);
  const permits = new Set((await call.chart.open(patientId, CHART_CLASSES)).values());
  if (permits.size === 0) throw nothingToSee();
  const found = new Map<string, Correction>();
  for (const permitId of permits) {
    const read = call.corrections.readCorrections({ patientId, permitId });
    for (const each of (await conceal(read)).corrections) found.set(each.correctionId, each);
  }
  const corrections = [...found.values()].sort((a, b) => b.askedAtMs - a.askedAtMs);
  return ok({ corrections });
}

/** The record's place, if it is this patient's. @throws PulseError `not_found` */
async function placeIn(call: Call, recordId: string): Promise<Place> {
  const place = await call.chart.locate(recordId);
  if (place.patientId !== identifierIn(call.path['id'])) throw nothingToSee();
  return place;
}

async function requestCorrection(call: Call): Promise<Reply> {
  call.grant.require(SCOPE, 'c');
  const { recordId, version, text } = parsed(CorrectionRequest, jsonBody(call.request.body));
  const place = await placeIn(call, recordId);
  const correctionId = await call.corrections.requestCorrection({ ...place, version, text });
  return { ...ok({ correctionId }), status: 201 };
}

async function answerCorrection(call: Call): Promise<Reply> {
  call.grant.require(SCOPE, 'u');
  const correctionId = identifierIn(call.path['request']);
  const { recordId, ...outcome } = parsed(CorrectionAnswerRequest, jsonBody(call.request.body));
  const place = await placeIn(call, recordId);
  return ok(await call.corrections.answerCorrection({ ...place, ...outcome, correctionId }));
}
