/** What the web page and the command line read beside FHIR: plain JSON, failures as problem documents (RFC 9457). */
import { randomBytes } from 'node:crypto';
import {
  type AccessEntry,
  AccessesAnswer,
  type AccessLine,
  hintTopic,
  type ListPatientsInput,
  LiveAnswer,
  LiveRequest,
  MSP_IDS,
  ORGANIZATIONS,
  PatientsAnswer,
  PulseError,
  SERIES_STEPS,
  SeriesAnswer,
  VITAL_CODES,
} from '@pulseledger/domain';
import { z } from 'zod';
import { issueTicket, TICKET_SECONDS } from '../../../common/src/live-ticket.ts';
import type { Call } from '../http/call.ts';
import { ok, type Reply } from '../http/reply.ts';
import type { Route } from '../http/routes.ts';
import { type Names, namesOf } from '../record/names.ts';
import type { VitalsInput } from '../record/port.ts';
import { identifierIn, jsonBody, parsed } from './plain-input.ts';
import { readSeries } from './series.ts';

const PAGE = 50;
const MAX_LIVE_BODY = 8_192;
/** A month of hours, and some more. */
const MAX_SERIES_MS = 400 * 86_400_000;

const PatientsQuery = z.strictObject({ bookmark: z.string().max(512).optional() });
const SeriesQuery = z
  .strictObject({
    code: z.array(z.enum(VITAL_CODES)).min(1).max(VITAL_CODES.length),
    fromMs: z.coerce.number().int().min(0),
    toMs: z.coerce.number().int().min(0),
    step: z.enum(SERIES_STEPS).default('raw'),
  })
  .refine(({ fromMs, toMs }) => fromMs < toMs && toMs - fromMs <= MAX_SERIES_MS);

export const PAGE_ROUTES: readonly Route[] = [
  {
    ...{ method: 'GET', path: 'patients', format: 'plain', access: 'login' },
    summary: 'Whom the caller treats',
    query: PatientsQuery,
    answer: PatientsAnswer,
    handle: listPatients,
  },
  {
    ...{ method: 'GET', path: 'patients/:id/series', format: 'plain', access: 'login' },
    summary: 'Vital signs as lines to draw',
    query: SeriesQuery,
    answer: SeriesAnswer,
    handle: series,
  },
  {
    ...{ method: 'GET', path: 'patients/:id/accesses', format: 'plain', access: 'login' },
    summary: 'Who opened the record, or tried to',
    query: PatientsQuery,
    answer: AccessesAnswer,
    handle: listAccesses,
  },
  {
    ...{ method: 'POST', path: 'live', format: 'plain', access: 'login' },
    summary: 'A ticket for the live channel',
    body: LiveRequest,
    answer: LiveAnswer,
    maxBody: MAX_LIVE_BODY,
    handle: live,
  },
];

async function listPatients({ request, page }: Call): Promise<Reply> {
  const { bookmark } = parsed(PatientsQuery, Object.fromEntries(request.query));
  const input: ListPatientsInput = { pageSize: PAGE, bookmark };
  return ok(await page.listPatients(input));
}

async function series({ request, path, page, record }: Call): Promise<Reply> {
  const single = request.query.filter(([name]) => name !== 'code');
  const code = request.query.flatMap(([name, value]) => (name === 'code' ? [value] : []));
  const wanted = parsed(SeriesQuery, { ...Object.fromEntries(single), code });
  const { fromMs, toMs, step } = wanted;
  const patientId = identifierIn(path['id']);
  const source = {
    readChunks: (input: VitalsInput) => record.readChunks(input),
    readMinutes: (input: VitalsInput) => page.readMinutes(input),
    readHours: (input: VitalsInput) => page.readHours(input),
  };
  return ok(await readSeries(source, { patientId, codes: wanted.code, fromMs, toMs, step }));
}

/** Newest first. */
async function listAccesses({ request, path, page, directory, now }: Call): Promise<Reply> {
  const { bookmark } = parsed(PatientsQuery, Object.fromEntries(request.query));
  const { entries, bookmark: next } = await page.listAccess({
    ...{ patientId: identifierIn(path['id']), fromMs: 0, toMs: now() + 60_000 },
    ...{ pageSize: PAGE, bookmark },
  });
  const names = await namesOf(
    directory,
    entries.map(({ subjectId }) => subjectId),
  );
  const accesses = entries.map((entry) => accessLine(entry, names));
  const answer: AccessesAnswer = { accesses, bookmark: next };
  return ok(answer);
}

function accessLine(entry: AccessEntry, names: Names): AccessLine {
  const { atMs, subjectId, role, mspId, purpose, classes, emergency } = entry;
  const organization = ORGANIZATIONS.find((name) => MSP_IDS[name] === mspId);
  if (organization === undefined) throw new PulseError('internal');
  const named = (outcome: 'permit' | 'deny'): string[] =>
    classes.flatMap((one) => (one.outcome === outcome ? [one.recordClass] : []));
  return {
    ...{ atMs, subjectId, name: names.get(subjectId) ?? null, role, organization, purpose },
    permitted: named('permit'),
    refused: named('deny'),
    isEmergency: emergency !== null,
    enteredLateAtMs: entry.committedLateAtMs,
    verdict: entry.verdict ?? null,
    correction: entry.correction,
  };
}

/** Topics of those whose record the caller may open; the others are left out, as if they did not exist. */
async function live({ request, record, liveKey, now }: Call): Promise<Reply> {
  const { patientIds } = parsed(LiveRequest, jsonBody(request.body));
  const found = await Promise.all(
    [...new Set(patientIds)].map(async (patientId) => {
      try {
        const { pseudonym } = await record.readPatient({ patientId });
        return [{ patientId, topic: hintTopic(pseudonym) }];
      } catch (error) {
        if (error instanceof PulseError && error.code === 'not_found') return [];
        throw error;
      }
    }),
  );
  const topics = found.flat();
  const clientId = `page-${randomBytes(16).toString('hex')}`;
  const nowMs = now();
  const allowed = { clientId, topics: topics.map(({ topic }) => topic) };
  const ticket = await issueTicket(await liveKey(), allowed, nowMs);
  const answer: LiveAnswer = {
    ...{ ticket, clientId, topics },
    expiresAtMs: nowMs + TICKET_SECONDS * 1_000,
  };
  return ok(answer);
}
