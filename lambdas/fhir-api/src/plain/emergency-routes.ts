/** Break-glass, for pages in the ambulance and for supervisors: plain JSON, failures as problem documents (RFC 9457). */
import {
  ChangeOutput,
  EmergencyFindAnswer,
  EmergencyFindRequest,
  EmergencyOpenAnswer,
  EmergencyOpenRequest,
  EmergencyReportAnswer,
  EmergencyReviewRequest,
  EmergencyReviewsAnswer,
  PARTS_MAY_BE_WITHHELD,
  PulseError,
} from '@pulseledger/domain';
import type { Call } from '../http/call.ts';
import { ok, type Reply } from '../http/reply.ts';
import type { Route } from '../http/routes.ts';
import { identifierIn, jsonBody, parsed } from './plain-input.ts';

const MAX_BODY = 8_192;
/** How far back reviews and reports look. */
const LOOK_BACK_MS: number = 90 * 86_400_000;

export const EMERGENCY_ROUTES: readonly Route[] = [
  {
    ...{ method: 'POST', path: 'emergency/find', format: 'plain', access: 'login' },
    summary: 'Find a patient by the wristband, or by family name and birth date',
    body: EmergencyFindRequest,
    answer: EmergencyFindAnswer,
    maxBody: MAX_BODY,
    handle: find,
  },
  {
    ...{ method: 'POST', path: 'emergency/open', format: 'plain', access: 'login' },
    summary: 'Break the glass: open the summary for half an hour, with a reason',
    body: EmergencyOpenRequest,
    answer: EmergencyOpenAnswer,
    maxBody: MAX_BODY,
    handle: open,
  },
  {
    ...{ method: 'GET', path: 'emergency/reviews', format: 'plain', access: 'login' },
    summary: 'Emergency accesses of the own organization: first those without a verdict',
    answer: EmergencyReviewsAnswer,
    handle: reviews,
  },
  {
    ...{ method: 'POST', path: 'emergency/reviews/:permit', format: 'plain', access: 'login' },
    summary: 'A verdict on an emergency access',
    body: EmergencyReviewRequest,
    answer: ChangeOutput,
    maxBody: MAX_BODY,
    handle: review,
  },
  {
    ...{ method: 'GET', path: 'emergency/report', format: 'plain', access: 'login' },
    summary: 'Who breaks the glass again and again',
    answer: EmergencyReportAnswer,
    handle: report,
  },
];

async function reviews({ emergency, now }: Call): Promise<Reply> {
  return ok(await emergency.reviews(periodUntil(now())));
}

async function report({ emergency, now }: Call): Promise<Reply> {
  return ok(await emergency.report(periodUntil(now())));
}

function periodUntil(nowMs: number): { fromMs: number; toMs: number } {
  return { fromMs: nowMs - LOOK_BACK_MS, toMs: nowMs + 1 };
}

async function find({ request, emergency }: Call): Promise<Reply> {
  return ok(await emergency.find(parsed(EmergencyFindRequest, jsonBody(request.body))));
}

/** It is on record, refused or not; who opens learns which classes are open. @throws PulseError `access_denied` when none is. */
async function open({ request, emergency }: Call): Promise<Reply> {
  const { patientId, reasonCode, text } = parsed(EmergencyOpenRequest, jsonBody(request.body));
  const opening = await emergency.open({ patientId, emergency: { reasonCode, text } });
  const { permitId, classes, untilMs, intent } = opening;
  if (!classes.some(({ outcome }) => outcome === 'permit')) {
    throw new PulseError('access_denied', 'The record is not opened; the attempt is on record.');
  }
  const answer: EmergencyOpenAnswer = {
    ...{ permitId, untilMs, classes },
    isEntryLate: intent !== null,
    partsMayBeWithheld: PARTS_MAY_BE_WITHHELD,
  };
  return ok(answer);
}

async function review({ request, path, emergency }: Call): Promise<Reply> {
  const permitId = identifierIn(path['permit']);
  const { verdict, text } = parsed(EmergencyReviewRequest, jsonBody(request.body));
  return ok(await emergency.review({ permitId, verdict, text }));
}
