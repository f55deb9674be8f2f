import { beforeEach, describe, expect, it } from '@jest/globals';
import { EquivalentsAnswer, OrderAnswer } from '@pulseledger/domain';
import { z } from 'zod';
import { REPEAT_REASON_SYSTEM } from '../http/outcome.ts';
import type { Caller } from '../smart/token.ts';
import { type TestApi, testApi } from '../testing/api.ts';
import {
  AMINA,
  amina,
  BORIS,
  doctor,
  doctorElsewhere,
  emptyRecord,
  NOON,
  nurse,
} from '../testing/story.ts';

const DAY_MS = 86_400_000;
const LOINC = 'http://loinc.org';
const subject = { reference: `Patient/${AMINA}` };
const result = {
  resourceType: 'Observation',
  status: 'final',
  category: [
    {
      coding: [
        {
          system: 'http://terminology.hl7.org/CodeSystem/observation-category',
          code: 'laboratory',
        },
      ],
    },
  ],
  code: { coding: [{ system: LOINC, code: '17856-6' }] },
  subject,
  effectiveDateTime: new Date(NOON - DAY_MS).toISOString(),
  valueQuantity: { value: 6.1, unit: '%', system: 'http://unitsofmeasure.org', code: '%' },
};
const order = {
  resourceType: 'ServiceRequest',
  status: 'active',
  intent: 'order',
  code: { coding: [{ system: LOINC, code: '4548-4' }] },
  subject,
};

let api: TestApi;
beforeEach(() => {
  api = testApi(emptyRecord(), [doctor, nurse, doctorElsewhere, amina]);
});

async function send(caller: Caller, method: string, path: string, body?: unknown) {
  const headers = {
    'content-type': path.startsWith('patients') ? 'application/json' : 'application/fhir+json',
  };
  const sending = body === undefined ? { method } : { method, headers, body: JSON.stringify(body) };
  const { status, text } = await api.send(caller, path, sending);
  return { status, json: text === '' ? {} : (JSON.parse(text) as unknown) };
}

async function equivalents(caller: Caller, loinc = '4548-4') {
  return send(caller, 'GET', `patients/${AMINA}/equivalents?loinc=${loinc}`);
}

describe('ordering a test', () => {
  it('shows equivalent recent results of any facility that the caller may read', async () => {
    expect((await send(doctor, 'POST', 'Observation', result)).status).toBe(201);
    const old = { ...result, effectiveDateTime: '2020-01-01' };
    await send(doctor, 'POST', 'Observation', old);
    const { status, json } = await equivalents(doctor);
    expect(status).toBe(200);
    expect(EquivalentsAnswer.parse(json)).toMatchObject({
      validityDays: 40,
      results: [{ takenAtMs: NOON - DAY_MS, resource: { valueQuantity: { value: 6.1 } } }],
    });
    expect((await equivalents(doctor, '3016-3')).json).toMatchObject({ results: [] });
    expect((await equivalents(doctor, 'x')).status).toBe(400);
    expect((await equivalents(doctorElsewhere)).status).toBe(404);
  });

  it('is stopped by a recent result until a reason names it, which is recorded', async () => {
    const place = (body: object) => send(doctor, 'POST', `patients/${AMINA}/orders`, body);
    expect((await place({ resource: order })).status).toBe(201);
    await send(doctor, 'POST', 'Observation', result);
    expect((await place({ resource: order })).status).toBe(409);
    const { results } = EquivalentsAnswer.parse((await equivalents(doctor)).json);
    const reason = { reason: 'result-in-doubt', text: 'Haemolysed', shown: [AMINA] };
    expect((await place({ resource: order, repeat: reason })).status).toBe(409);
    const repeat = { ...reason, shown: results.map(({ recordId }) => recordId) };
    const placed = await place({ resource: order, repeat });
    expect(placed.status).toBe(201);
    const { recordId } = OrderAnswer.parse(placed.json);
    expect((await send(amina, 'GET', `ServiceRequest/${recordId}`)).status).toBe(200);
  });

  it('is stopped just so when it is written as FHIR, created or amended', async () => {
    await send(doctor, 'POST', 'Observation', result);
    const refused = await send(doctor, 'POST', 'ServiceRequest', order);
    expect(refused.status).toBe(409);
    expect(refused.json).toMatchObject({
      issue: [
        {
          code: 'business-rule',
          details: { coding: [{ code: 'reason_needed' }] },
          diagnostics: expect.stringMatching(/equivalents.*reasonCode.*supportingInfo/),
        },
      ],
    });
    const thyroid = { ...order, code: { coding: [{ system: LOINC, code: '3016-3' }] } };
    const placed = await api.send(doctor, 'ServiceRequest', {
      method: 'POST',
      headers: { 'content-type': 'application/fhir+json' },
      body: JSON.stringify(thyroid),
    });
    const { id } = JSON.parse(placed.text) as { id: string };
    const changed = await api.send(doctor, `ServiceRequest/${id}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/fhir+json', 'if-match': 'W/"1"' },
      body: JSON.stringify({ ...order, id }),
    });
    expect(changed.status).toBe(409);
  });

  it('as FHIR has its reason in reasonCode and the result that was seen in supportingInfo', async () => {
    const made = await send(doctor, 'POST', 'Observation', result);
    const { id } = z.object({ id: z.string() }).parse(made.json);
    const why = {
      coding: [{ system: REPEAT_REASON_SYSTEM, code: 'result-in-doubt' }],
      text: 'Haemolysed',
    };
    const seen = [{ reference: `Observation/${id}` }];
    const post = (members: object) =>
      send(doctor, 'POST', 'ServiceRequest', { ...order, ...members });
    const missing = [
      { supportingInfo: seen },
      { reasonCode: [{ text: 'Haemolysed' }], supportingInfo: seen },
      { reasonCode: [why] },
      { reasonCode: [why], supportingInfo: [{ reference: `Observation/${AMINA}` }] },
    ];
    for (const members of missing) expect((await post(members)).status).toBe(409);
    const placed = await post({ reasonCode: [why], supportingInfo: seen });
    expect(placed).toMatchObject({ status: 201, json: { reasonCode: [why] } });
    const repeat = { reason: 'result-in-doubt', text: 'Haemolysed', shown: [id] };
    expect(api.clinical.stored()).toContain(JSON.stringify({ repeat }).slice(1, -1));
  });

  it.each([
    ['a reason that is none', { coding: [{ system: REPEAT_REASON_SYSTEM, code: 'because' }] }],
    ['no words', { coding: [{ system: REPEAT_REASON_SYSTEM, code: 'other' }], text: '' }],
  ])('as FHIR is refused with %s, and told where', async (_, reasonCode) => {
    const refused = await send(doctor, 'POST', 'ServiceRequest', {
      ...order,
      reasonCode: [{ text: 'x', ...reasonCode }],
    });
    expect(refused).toMatchObject({
      status: 422,
      json: { issue: [{ expression: [expect.stringContaining('ServiceRequest.reasonCode')] }] },
    });
  });

  it('is for the patient in the address', async () => {
    const other = { ...order, subject: { reference: `Patient/${BORIS}` } };
    const wrong = await send(doctor, 'POST', `patients/${AMINA}/orders`, { resource: other });
    expect(wrong.status).toBe(400);
  });
});
