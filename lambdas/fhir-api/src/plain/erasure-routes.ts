/** Asking for erasure, answering and carrying out: plain JSON beside FHIR, failures as problem documents (RFC 9457). */
import {
  ChangeOutput,
  ErasureAnswerRequest,
  ErasureProgress,
  ErasureRequest,
  ErasureRequested,
  ErasuresAnswer,
  Identifier,
  WaitingErasures,
} from '@pulseledger/domain';
import { z } from 'zod';
import type { Call } from '../http/call.ts';
import { ok, type Reply } from '../http/reply.ts';
import type { Route } from '../http/routes.ts';
import { identifierIn, jsonBody, parsed } from './plain-input.ts';

const MAX_BODY = 2_048;
const PAGE_SIZE = 100;
/** Steps of one call, and for how long: the gateways in front of this function answer by then. */
const MAX_STEPS = 20;
const MAX_WORK_MS = 15_000;
/** What a scope would have to name; only those for everything do. */
const SCOPE = 'Erasure';
const PageQuery = z.strictObject({ bookmark: Identifier.optional() });

export const ERASURE_ROUTES: readonly Route[] = [
  {
    ...{ method: 'GET', path: 'erasures', format: 'plain', access: 'login' },
    summary: 'Requests for erasure that wait for the own organization’s answer',
    query: PageQuery,
    answer: WaitingErasures,
    handle: listWaiting,
  },
  {
    ...{ method: 'POST', path: 'patients/:id/erasures', format: 'plain', access: 'login' },
    summary: 'Ask for erasure: of readings at once, or of the whole record',
    body: ErasureRequest,
    answer: ErasureRequested,
    maxBody: MAX_BODY,
    handle: requestErasure,
  },
  {
    ...{ method: 'GET', path: 'patients/:id/erasures', format: 'plain', access: 'login' },
    summary: 'What became of the requests, with receipts',
    answer: ErasuresAnswer,
    handle: readErasures,
  },
  {
    method: 'POST',
    path: 'patients/:id/erasures/:request/answer',
    format: 'plain',
    access: 'login',
    summary:
      'Grant a request with the end of retention, or refuse it: each custodian’s administrator',
    body: ErasureAnswerRequest,
    answer: ChangeOutput,
    maxBody: MAX_BODY,
    handle: answerErasure,
  },
  {
    method: 'POST',
    path: 'patients/:id/erasures/:request/carry-out',
    format: 'plain',
    access: 'login',
    summary: 'Purge what a request covers, a part with each call until it is done',
    answer: ErasureProgress,
    handle: carryOut,
  },
];

async function listWaiting(call: Call): Promise<Reply> {
  call.grant.require(SCOPE, 's');
  const { bookmark } = parsed(PageQuery, Object.fromEntries(call.request.query));
  return ok(await call.erasures.listErasures({ waiting: true, pageSize: PAGE_SIZE, bookmark }));
}

async function requestErasure(call: Call): Promise<Reply> {
  call.grant.require(SCOPE, 'c');
  const patientId = identifierIn(call.path['id']);
  const { scope } = parsed(ErasureRequest, jsonBody(call.request.body));
  const requestId = await call.erasures.requestErasure(patientId, scope);
  return { ...ok({ requestId }), status: 201 };
}

async function readErasures(call: Call): Promise<Reply> {
  call.grant.require(SCOPE, 'r');
  return ok(await call.erasures.readErasures(identifierIn(call.path['id'])));
}

function requestIn({ path }: Call): { readonly patientId: string; readonly requestId: string } {
  return { patientId: identifierIn(path['id']), requestId: identifierIn(path['request']) };
}

async function answerErasure(call: Call): Promise<Reply> {
  call.grant.require(SCOPE, 'u');
  const answer = parsed(ErasureAnswerRequest, jsonBody(call.request.body));
  return ok(await call.erasures.answerErasure({ ...requestIn(call), ...answer }));
}

/** A call ends in time and says whether to call again; whatever was purged stays so. */
async function carryOut(call: Call): Promise<Reply> {
  call.grant.require(SCOPE, 'd');
  const request = requestIn(call);
  const untilMs = call.now() + MAX_WORK_MS;
  let purged = 0;
  for (let step = 0; step < MAX_STEPS && call.now() < untilMs; step += 1) {
    const keys = await call.erasures.eraseStep(request);
    if (keys === 0) return ok({ purged, done: true });
    purged += keys;
  }
  return ok({ purged, done: false });
}
