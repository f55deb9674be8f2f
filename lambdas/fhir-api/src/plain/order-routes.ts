/** Ordering laboratory tests, with the results that make one needless: plain JSON beside FHIR. */
import {
  type EquivalentResult,
  EquivalentsAnswer,
  LoincCode,
  labGroupOf,
  OrderAnswer,
  OrderRequest,
  PulseError,
  standsFor,
  takenAtMs,
  WorklistAnswer,
} from '@pulseledger/domain';
import { z } from 'zod';
import { FhirJson } from '../definitions/fhir-json.ts';
import type { Call } from '../http/call.ts';
import { ok, type Reply } from '../http/reply.ts';
import type { Route } from '../http/routes.ts';
import {
  checkIncoming,
  newId,
  patientOf,
  withOwnReferences,
  writeOf,
} from '../interactions/incoming.ts';
import { identifierIn, jsonBody, parsed } from './plain-input.ts';

const MAX_BODY = 65_536;
/** Most results shown. */
const MAX_SHOWN = 10;
const WORKLIST_PAGE = 50;
const WorklistQuery = z.strictObject({
  bookmark: z
    .string()
    .regex(/^[0-9a-f]{32}\.[0-9a-f]{32}$/)
    .optional(),
});
const EquivalentsQuery = z.object({ loinc: LoincCode });

export const ORDER_ROUTES: readonly Route[] = [
  {
    ...{ method: 'GET', path: 'patients/:id/equivalents', format: 'plain', access: 'login' },
    summary:
      'Recent results of equivalent tests, which the caller may read, before a test is ordered',
    query: EquivalentsQuery,
    answer: EquivalentsAnswer,
    handle: readEquivalents,
  },
  {
    ...{ method: 'POST', path: 'patients/:id/orders', format: 'plain', access: 'login' },
    summary: 'Order a test; with equivalent recent results a reason to repeat it is needed',
    body: OrderRequest,
    answer: OrderAnswer,
    maxBody: MAX_BODY,
    handle: placeOrder,
  },
  {
    ...{ method: 'GET', path: 'orders', format: 'plain', access: 'login' },
    summary: 'Orders that the caller’s laboratory has to answer',
    query: WorklistQuery,
    answer: WorklistAnswer,
    handle: listOrders,
  },
];

/** The order itself is read as ServiceRequest, and answered with what is based on it. */
async function listOrders({ request, page }: Call): Promise<Reply> {
  const { bookmark } = parsed(WorklistQuery, Object.fromEntries(request.query));
  const [patientId = '', orderId = ''] = bookmark?.split('.') ?? [];
  const { orders, next } = await page.listOrders({
    pageSize: WORKLIST_PAGE,
    ...(bookmark === undefined ? {} : { after: { patientId, orderId } }),
  });
  const answer: WorklistAnswer = {
    orders,
    ...(next === undefined ? {} : { bookmark: `${next.patientId}.${next.orderId}` }),
  };
  return ok(answer);
}

async function equivalents(
  call: Call,
  patientId: string,
  loinc: string,
): Promise<EquivalentsAnswer> {
  const group = labGroupOf(loinc);
  if (group === undefined) return { validityDays: null, results: [] };
  const nowMs = call.now();
  const records = await call.chart.load(patientId, ['result']);
  const results = records.flatMap(({ recordId, mspId, resource }): EquivalentResult[] => {
    if (resource === null || !standsFor(resource, group, nowMs)) return [];
    return [{ recordId, mspId, resource, takenAtMs: takenAtMs(resource) ?? 0 }];
  });
  results.sort((a, b) => b.takenAtMs - a.takenAtMs);
  return { validityDays: group.validityDays, results: results.slice(0, MAX_SHOWN) };
}

async function readEquivalents(call: Call): Promise<Reply> {
  call.grant.require('Observation', 's');
  const { loinc } = parsed(EquivalentsQuery, Object.fromEntries(call.request.query));
  return ok(await equivalents(call, identifierIn(call.path['id']), loinc));
}

/** @throws PulseError `reason_needed`, by the contract, when there is a recent result and no reason that names it */
async function placeOrder(call: Call): Promise<Reply> {
  call.grant.require('ServiceRequest', 'c');
  const patientId = identifierIn(call.path['id']);
  const { resource: given, orderFor, repeat } = parsed(OrderRequest, jsonBody(call.request.body));
  const resource = withOwnReferences(FhirJson.parse(given), call.baseUrl);
  checkIncoming(resource, 'ServiceRequest');
  if (patientOf(resource) !== patientId) {
    throw new PulseError('invalid_input', 'the order is about another patient');
  }
  const recordId = newId();
  const write = writeOf(resource, { recordId, ifVersion: null });
  await call.chart.write(patientId, [
    { ...write, orderFor, ...(repeat === undefined ? {} : { repeat }) },
  ]);
  return { ...ok({ recordId }), status: 201 };
}
