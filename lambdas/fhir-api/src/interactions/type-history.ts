/**
 * History of a type: https://hl7.org/fhir/R4/http.html#history. A record is read patient by patient, with an entry in the
 * patient's log, so this too is within one patient.
 */
import { classesOfType, PulseError, type RecordView } from '@pulseledger/domain';
import { isChronicledType } from '../definitions/served-types.ts';
import type { Call } from '../http/call.ts';
import { ok, type Reply } from '../http/reply.ts';
import { nothingToSee } from '../record/port.ts';
import { shownRecord, type Versioned } from '../record/stored.ts';
import type { Place } from '../search/cursor.ts';
import { comparePlaces, fitting } from '../search/results.ts';
import { historyBundle } from './history-bundle.ts';
import { historyQuery } from './history-query.ts';
import { typeIn } from './read.ts';

export async function readTypeHistory(call: Call): Promise<Reply> {
  const type = typeIn(call.path);
  // As SMART counts it: https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html
  call.grant.require(type, 's');
  if (!isChronicledType(type)) {
    throw new PulseError('not_found', 'this type has a history for each of its resources only');
  }
  const path = `${type}/_history`;
  const { count, sinceMs, patientId, query, after } = await historyQuery(call, path, 'type');
  const views = await call.chart.load(patientFor(call, patientId), classesOfType(type), {
    sinceMs,
  });
  const all = ofType(views, type)
    .filter(({ writtenAtMs }) => writtenAtMs >= sinceMs)
    .map(shownRecord)
    .sort((a, b) => comparePlaces(placeOf(a), placeOf(b), []));
  const ahead =
    after === undefined ? all : all.filter((one) => comparePlaces(placeOf(one), after, []) > 0);
  const versions = ahead.slice(0, fitting(ahead, count));
  const last = versions.length < ahead.length ? versions.at(-1) : undefined;
  return ok(
    await historyBundle(call, {
      ...{ type, path, query, versions, total: all.length },
      next: last === undefined ? undefined : placeOf(last),
    }),
  );
}

/** The patient who is named; a patient who names none means the own record. */
function patientFor({ caller }: Call, named: string | undefined): string {
  const patientId = named ?? (caller.role === 'patient' ? caller.subjectId : undefined);
  if (patientId === undefined) {
    throw new PulseError(
      'invalid_input',
      'the history of a type is within one patient: name the patient, as in ?patient=[id]',
    );
  }
  if (!/^[0-9a-f]{32}$/.test(patientId)) throw nothingToSee();
  return patientId;
}

/** A class may hold several types, and what is deleted says no longer what it was: its versions before do. */
function ofType(views: readonly RecordView[], type: string): RecordView[] {
  const records = Map.groupBy(views, ({ recordId }) => recordId);
  return [...records.values()]
    .filter((versions) => versions.some(({ resource }) => resource?.resourceType === type))
    .flat();
}

/** Nobody writes earlier than what is shown, so a place stays where it is while others write. */
function placeOf({ lastUpdatedMs, id, version }: Versioned): Place {
  return [-lastUpdatedMs, id, -version];
}
