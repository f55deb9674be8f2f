/** Alarms and NEWS2, for pages at the bedside: plain JSON, failures as problem documents (RFC 9457). */
import {
  AcknowledgeRequest,
  AlarmId,
  AlarmSettingsRequest,
  AlarmsAnswer,
  ageInYears,
  ChangeOutput,
  type FhirResource,
  NEWS2_MAX_AGE_MS,
  NEWS2_PARAMETERS,
  News2Answer,
  type News2Inputs,
  news2,
  news2InputsOf,
  type ReadAlarmsOutput,
} from '@pulseledger/domain';
import type { Call } from '../http/call.ts';
import { ok, type Reply } from '../http/reply.ts';
import type { Route } from '../http/routes.ts';
import { nothingToSee } from '../record/port.ts';
import { lastOfEach } from '../vitals/lastn.ts';
import { OBSERVATION_KINDS } from '../vitals/observation-kinds.ts';
import { shownSign } from '../vitals/search-vitals.ts';
import { identifierIn, jsonBody, parsed } from './plain-input.ts';

const MAX_BODY = 32_768;
/** The oldest input that NEWS2 takes. */
const LOOK_BACK_MS = Math.max(...Object.values(NEWS2_MAX_AGE_MS));

export const WATCH_ROUTES: readonly Route[] = [
  {
    ...{ method: 'GET', path: 'patients/:id/alarms', format: 'plain', access: 'login' },
    summary: 'Alarms: open ones, closed ones, what late data showed, and the settings',
    answer: AlarmsAnswer,
    handle: readAlarms,
  },
  {
    ...{ method: 'PUT', path: 'patients/:id/alarms/settings', format: 'plain', access: 'login' },
    summary: 'Set the limits by which a patient is watched',
    body: AlarmSettingsRequest,
    answer: ChangeOutput,
    maxBody: MAX_BODY,
    handle: setLimits,
  },
  {
    ...{ method: 'POST', path: 'patients/:id/alarms/:alarm/acknowledge' },
    ...{ format: 'plain', access: 'login' },
    summary: 'Acknowledge an alarm, or snooze it',
    body: AcknowledgeRequest,
    answer: ChangeOutput,
    maxBody: MAX_BODY,
    handle: acknowledge,
  },
  {
    ...{ method: 'GET', path: 'patients/:id/news2', format: 'plain', access: 'login' },
    summary: 'NEWS2 with the age of each input',
    answer: News2Answer,
    handle: readNews2,
  },
];

async function readAlarms({ path, watch }: Call): Promise<Reply> {
  return ok(await watch.readAlarms({ patientId: identifierIn(path['id']) }));
}

async function setLimits({ request, path, watch }: Call): Promise<Reply> {
  const patientId = identifierIn(path['id']);
  const { scale2, ...settings } = parsed(AlarmSettingsRequest, jsonBody(request.body));
  return ok(await watch.setLimits({ patientId, settings, scale2 }));
}

async function acknowledge({ request, path, watch }: Call): Promise<Reply> {
  const patientId = identifierIn(path['id']);
  const alarmId = AlarmId.safeParse(path['alarm']);
  if (!alarmId.success) throw nothingToSee();
  const { untilMs } = parsed(AcknowledgeRequest, jsonBody(request.body));
  return ok(await watch.acknowledge({ patientId, alarmId: alarmId.data, untilMs }));
}

/** From what devices measured and people charted, as the caller may read it. */
async function readNews2(call: Call): Promise<Reply> {
  const patientId = identifierIn(call.path['id']);
  const atMs = call.now();
  const [{ basics }, alarms, measured, charted] = await Promise.all([
    call.record.readPatient({ patientId }),
    call.watch.readAlarms({ patientId }),
    measuredOf(call, patientId, atMs),
    call.chart.load(patientId, ['vitals']),
  ]);
  const resources = charted.flatMap(({ resource }) => resource ?? []);
  const inputs = news2InputsOf([...measured, ...resources]);
  const patient = patientFacts(basics.birthDate, alarms, atMs);
  const answer: News2Answer = {
    atMs,
    scale: patient.scale2 === null ? 1 : 2,
    score: news2(inputs, patient, atMs),
    inputs: listed(inputs, atMs),
  };
  return ok(answer);
}

function patientFacts(
  birthDate: string,
  { settings, scale2 }: ReadAlarmsOutput,
  atMs: number,
): Parameters<typeof news2>[1] {
  const excluded = settings?.news2Excluded ?? null;
  return {
    ageYears: ageInYears(birthDate, atMs),
    isPregnant: excluded === 'pregnancy',
    hasSpinalCordInjury: excluded === 'spinal-cord-injury',
    scale2,
  };
}

/** The latest reading of each sign that has a value, as far back as any input may be old. */
async function measuredOf(call: Call, patientId: string, atMs: number): Promise<FhirResource[]> {
  const fromMs = Math.max(0, atMs - LOOK_BACK_MS);
  const since = { prefix: 'ge', fromMs, toMs: fromMs + 1, wallClock: false } as const;
  const { signs } = await lastOfEach(
    call.record,
    {
      patientId,
      kinds: OBSERVATION_KINDS.filter(({ category }) => category === 'vital-signs'),
      dates: [[since]],
      direction: 'desc',
      count: 1,
      max: 1,
      accepts: (resource) => resource['dataAbsentReason'] === undefined,
    },
    atMs,
  );
  return signs.map(shownSign);
}

function listed(inputs: News2Inputs, atMs: number): News2Answer['inputs'] {
  return NEWS2_PARAMETERS.flatMap((parameter) => {
    const input = inputs[parameter];
    if (input === undefined) return [];
    const maxAgeMs = NEWS2_MAX_AGE_MS[parameter];
    return [{ parameter, ...input, ageMs: atMs - input.atMs, maxAgeMs }];
  });
}
