/** What is asked of a history, in the address or in the cursor of a next link: https://hl7.org/fhir/R4/http.html#history */
import { PulseError } from '@pulseledger/domain';
import type { Call } from '../http/call.ts';
import { handling } from '../http/negotiation.ts';
import type { Parameter } from '../http/request.ts';
import { openCursor, type Place } from '../search/cursor.ts';
import { parseDateFilter } from '../search/date-search.ts';
import { patientIdIn, printable, wholeNumber } from '../search/query.ts';

const DEFAULT_COUNT = 50;
/** Most versions on a page. */
export const MAX_HISTORY = 100;

export interface HistoryQuery {
  readonly count: number;
  readonly sinceMs: number;
  /** Within whose record; of a type only. */
  readonly patientId: string | undefined;
  /** As understood. */
  readonly query: readonly Parameter[];
  /** Where the page before ended. */
  readonly after: Place | undefined;
}

interface Draft {
  count: number;
  sinceMs: number;
  patientId: string | undefined;
  query: Parameter[];
}

type Take = (draft: Draft, value: string, baseUrl: string) => void;
type Takes = ReadonlyMap<string, Take>;

const OF_ONE: Takes = new Map<string, Take>([
  [
    '_count',
    (draft, value) => {
      draft.count = Math.max(1, Math.min(wholeNumber('_count', value), MAX_HISTORY));
    },
  ],
  [
    '_since',
    (draft, value) => {
      draft.sinceMs = parseDateFilter(value).fromMs;
    },
  ],
]);

const OF_TYPE: Takes = new Map<string, Take>([
  ...OF_ONE,
  [
    'patient',
    (draft, value, baseUrl) => {
      const patientId = patientIdIn(value, baseUrl);
      const isOther = draft.patientId !== undefined && draft.patientId !== patientId;
      if (patientId === undefined || isOther) {
        throw new PulseError('invalid_input', 'patient names one patient, by id or reference');
      }
      draft.patientId = patientId;
    },
  ],
]);

/**
 * @param path below the base, to which a cursor belongs
 * @throws PulseError `invalid_input`
 */
export async function historyQuery(
  call: Call,
  path: string,
  of: 'one' | 'type',
): Promise<HistoryQuery> {
  const { request, baseUrl, cursorKey, caller } = call;
  const takes = of === 'one' ? OF_ONE : OF_TYPE;
  const cursor = request.query.find(([name]) => name === '_cursor')?.[1];
  if (cursor === undefined) {
    const isStrict = handling(request) === 'strict';
    return { ...taken(request.query, takes, isStrict, baseUrl), after: undefined };
  }
  const { query, after } = await openCursor(cursorKey, caller, cursor, path);
  return { ...taken(query, takes, true, baseUrl), after };
}

function taken(
  parameters: readonly Parameter[],
  takes: Takes,
  isStrict: boolean,
  baseUrl: string,
): Draft {
  const draft: Draft = { count: DEFAULT_COUNT, sinceMs: 0, patientId: undefined, query: [] };
  for (const [name, value] of parameters) {
    if (['_format', '_pretty'].includes(name)) continue;
    const take = takes.get(name);
    if (take !== undefined) {
      take(draft, value, baseUrl);
      draft.query.push([name, value]);
    } else if (isStrict) {
      throw new PulseError(
        'invalid_input',
        `the parameter ${printable(name)} is not supported here`,
      );
    }
  }
  return draft;
}
