import { PulseError } from '@pulseledger/domain';
import type { Bundle, Observation } from 'fhir/r4.js';
import { handling, requireForm } from '../http/negotiation.ts';
import { remark } from '../http/outcome.ts';
import { type Parameter, parseQuery } from '../http/request.ts';
import type { Call } from '../http/routes.ts';
import { decodeStored, nothingToSee, storedChunks } from '../record/port.ts';
import { searchSet, withParameters } from '../search/bundle.ts';
import { openCursor, type Position, sealCursor } from '../search/cursor.ts';
import { lastOfEach } from './lastn.ts';
import { toObservation } from './observation.ts';
import { type ObservationId, observationIdOf, parseObservationId } from './observation-id.ts';
import { countMatches, searchPage } from './search-vitals.ts';
import { type Sign, signsOf } from './signs.ts';
import { type ObservationQuery, parseObservationQuery } from './vitals-query.ts';

export async function readObservation(call: Call): Promise<Observation> {
  const id = parseObservationId(call.id);
  if (id === undefined) throw nothingToSee();
  const sign = (await signsAround(call, id)).find((found) => observationIdOf(found) === call.id);
  if (sign === undefined) throw nothingToSee();
  return toObservation(sign);
}

/** Everything of that patient and instant, since the parts of a panel may be in two chunks. */
async function signsAround(call: Call, id: ObservationId): Promise<Sign[]> {
  const { patientId, chunk, lateRecordedAtMs } = await call.record.findChunk(id);
  const stored = { bytes: Buffer.from(chunk, 'base64'), lateRecordedAtMs };
  const page = await call.record.readChunks({
    patientId,
    fromMs: id.atMs,
    toMs: id.atMs + 1,
    pageSize: MAX_CHUNKS_AN_INSTANT,
  });
  const others = storedChunks(page).filter(({ bytes }) => !stored.bytes.equals(bytes));
  const all = [stored, ...others];
  return signsOf(patientId, all.map(decodeStored));
}

/** A patient wears a handful of devices, so an instant is in a handful of chunks. */
const MAX_CHUNKS_AN_INSTANT = 50;

export async function searchObservations(call: Call): Promise<Bundle> {
  return answerSearch(call, call.request.query);
}

/** POST [base]/Observation/_search: the parameters of the address and of the form together. */
export async function searchObservationsByForm(call: Call): Promise<Bundle> {
  requireForm(call.request);
  return answerSearch(call, [...call.request.query, ...parseQuery(call.request.body, true)]);
}

async function answerSearch(call: Call, parameters: readonly Parameter[]): Promise<Bundle> {
  const cursor = parameters.find(([name]) => name === '_cursor')?.[1];
  const { query, after, self } =
    cursor === undefined
      ? startSearch(call, parameters)
      : await continueSearch(call, cursor, parameters);
  const now = call.now();
  const { baseUrl } = call;
  if (query.countOnly) {
    const total = await countMatches(call.record, query, now);
    return searchSet({ baseUrl, self, total, observations: [] });
  }
  const page = await searchPage(call.record, query, now, after);
  return searchSet({
    baseUrl,
    self,
    next: await nextLink(call, query, page.next),
    observations: page.signs.map(toObservation),
    remarks: page.isCutShort
      ? [remark('incomplete', 'There may be more: this page ended early, follow the next link.')]
      : [],
  });
}

interface Search {
  readonly query: ObservationQuery;
  readonly after?: Position;
  readonly self: string;
}

function startSearch(call: Call, parameters: readonly Parameter[]): Search {
  const query = parseObservationQuery(parameters, {
    operation: 'search',
    handling: handling(call.request),
    baseUrl: call.baseUrl,
  });
  return { query, self: withParameters('Observation', query.understood) };
}

/** The query is inside the cursor; nothing beside it can change what is asked for. */
async function continueSearch(
  call: Call,
  cursor: string,
  parameters: readonly Parameter[],
): Promise<Search> {
  if (parameters.some(([name]) => !['_cursor', '_format', '_pretty'].includes(name))) {
    throw new PulseError('invalid_input', '_cursor goes with no other search parameter');
  }
  const { query, after } = await openCursor(call.cursorKey, call.caller, cursor);
  return {
    query: parseObservationQuery(query, {
      operation: 'search',
      handling: 'strict',
      baseUrl: call.baseUrl,
    }),
    after,
    self: withParameters('Observation', [['_cursor', cursor]]),
  };
}

async function nextLink(
  call: Call,
  query: ObservationQuery,
  after: Position | undefined,
): Promise<string | undefined> {
  if (after === undefined) return undefined;
  const cursor = await sealCursor(call.cursorKey, call.caller, { query: query.understood, after });
  return withParameters('Observation', [['_cursor', cursor]]);
}

export async function lastObservations(call: Call): Promise<Bundle> {
  const query = parseObservationQuery(call.request.query, {
    operation: 'lastn',
    handling: handling(call.request),
    baseUrl: call.baseUrl,
  });
  const { signs, lookedBackToMs } = await lastOfEach(call.record, query, call.now());
  return searchSet({
    baseUrl: call.baseUrl,
    self: withParameters('Observation/$lastn', query.understood),
    observations: signs.map(toObservation),
    remarks:
      lookedBackToMs === undefined
        ? []
        : [
            remark(
              'incomplete',
              `Only readings since ${new Date(lookedBackToMs).toISOString()} were looked at; name fewer codes, or a date, to go further back.`,
            ),
          ],
  });
}
