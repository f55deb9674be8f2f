/** GET /Observation/$lastn: https://hl7.org/fhir/R4/observation-operation-lastn.html */
import { PulseError } from '@pulseledger/domain';
import { type FhirJson, isObject } from '../definitions/fhir-json.ts';
import type { Call } from '../http/call.ts';
import { handling } from '../http/negotiation.ts';
import { remark } from '../http/outcome.ts';
import { ok, type Reply } from '../http/reply.ts';
import { matching } from '../search/asked.ts';
import { searchSet, withParameters } from '../search/bundle.ts';
import { onePatient } from '../search/candidates.ts';
import { parseQuery, wholeNumber } from '../search/query.ts';
import { lastOfEach } from './lastn.ts';
import { readable, timeOf } from './search-observations.ts';
import { shownSign } from './search-vitals.ts';
import { MAX_LAST, vitalsQueryOf } from './vitals-query.ts';

export async function lastObservations(call: Call): Promise<Reply> {
  call.grant.require('Observation', 's');
  const { baseUrl, request } = call;
  const max = maxOf(request.query.find(([name]) => name === 'max')?.[1] ?? '1');
  const rest = request.query.filter(([name]) => name !== 'max');
  const query = parseQuery('Observation', rest, { handling: handling(request), baseUrl });
  const patientId = onePatient(query);
  if (patientId === undefined)
    throw new PulseError('invalid_input', 'patient or subject is required');
  const isNarrowed = query.filters.some(({ parameter }) =>
    ['code', 'category'].includes(parameter.name),
  );
  if (!isNarrowed) throw new PulseError('invalid_input', '$lastn needs code or category');
  const { vitals, stored } = await readable(call, patientId);
  const asVitals = vitalsQueryOf(query, patientId, max);
  const last =
    vitals === undefined ? { signs: [] } : await lastOfEach(vitals, asVitals, call.now());
  const all = [...last.signs.map(shownSign), ...matching(query, stored)];
  const since = last.lookedBackToMs;
  return ok(
    searchSet({
      baseUrl,
      self: withParameters(
        'Observation/$lastn',
        request.query.filter(([name]) => name !== '_format'),
      ),
      matches: newestOfEach(all, max),
      remarks:
        since === undefined
          ? []
          : [
              remark(
                'incomplete',
                `Only readings since ${new Date(since).toISOString()} were looked at; name fewer codes, or a date, to go further back.`,
              ),
            ],
    }),
  );
}

function maxOf(text: string): number {
  const max = wholeNumber('max', text);
  if (max < 1 || max > MAX_LAST) {
    throw new PulseError('invalid_input', `max is between 1 and ${MAX_LAST}`);
  }
  return max;
}

/** By code, newest first; those of the same time as the last one included. */
function newestOfEach(all: readonly FhirJson[], max: number): FhirJson[] {
  return [...Map.groupBy(all, codeOf).values()].flatMap((group) => {
    const sorted = group.toSorted((a, b) => timeOf(b) - timeOf(a));
    const last = sorted[max - 1];
    if (last === undefined) return sorted;
    return sorted.filter((one) => timeOf(one) >= timeOf(last));
  });
}

function codeOf(observation: FhirJson): string {
  const { code } = observation;
  if (!isObject(code)) return '';
  const coding: unknown = Array.isArray(code['coding']) ? code['coding'][0] : undefined;
  if (!isObject(coding)) return JSON.stringify(code['text'] ?? '');
  return JSON.stringify([coding['system'], coding['code']]);
}
