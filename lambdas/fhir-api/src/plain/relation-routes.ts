/** Who treats a patient, and who acts for one: plain JSON, failures as problem documents (RFC 9457). */
import {
  ChangeOutput,
  MSP_IDS,
  ORGANIZATIONS,
  PulseError,
  RepresentativeRequest,
  RepresentativesAnswer,
  TreatingAnswer,
  type TreatingLine,
  type TreatingRelation,
  TreatingRequest,
} from '@pulseledger/domain';
import type { Call } from '../http/call.ts';
import { ok, type Reply } from '../http/reply.ts';
import type { Route } from '../http/routes.ts';
import { newId } from '../interactions/incoming.ts';
import { type Names, namesOf } from '../record/names.ts';
import { identifierIn, jsonBody, parsed } from './plain-input.ts';

const MAX_BODY = 8_192;
/** The contract judges by the time of the transaction, which may be a little earlier than ours. */
const EARLIER_MS = 60_000;

export const RELATION_ROUTES: readonly Route[] = [
  {
    ...{ method: 'GET', path: 'patients/:id/treating', format: 'plain', access: 'login' },
    summary: 'Who treats a patient, or did',
    answer: TreatingAnswer,
    handle: listTreating,
  },
  {
    ...{ method: 'PUT', path: 'patients/:id/treating/:practitioner' },
    ...{ format: 'plain', access: 'login' },
    summary: 'Somebody treats the patient from now on: by the patient, or by an administrator',
    body: TreatingRequest,
    answer: ChangeOutput,
    maxBody: MAX_BODY,
    handle: setTreating,
  },
  {
    ...{ method: 'POST', path: 'patients/:id/treating/:practitioner/end' },
    ...{ format: 'plain', access: 'login' },
    summary: 'Somebody does not treat the patient any more',
    answer: ChangeOutput,
    handle: endTreating,
  },
  {
    ...{ method: 'GET', path: 'patients/:id/representatives', format: 'plain', access: 'login' },
    summary: 'Who acts for a patient, or did',
    answer: RepresentativesAnswer,
    handle: listRepresentatives,
  },
  {
    ...{ method: 'PUT', path: 'patients/:id/representatives/:representative' },
    ...{ format: 'plain', access: 'login' },
    summary:
      'Names who acts for the patient: a proxy by the patient, a guardian by an administrator',
    body: RepresentativeRequest,
    answer: ChangeOutput,
    maxBody: MAX_BODY,
    handle: setRepresentative,
  },
  {
    ...{ method: 'POST', path: 'patients/:id/representatives/:representative/end' },
    ...{ format: 'plain', access: 'login' },
    summary: 'Somebody does not act for the patient any more',
    answer: ChangeOutput,
    handle: endRepresentative,
  },
];

async function listTreating({ path, relations, directory, now }: Call): Promise<Reply> {
  const nowMs = now();
  const { relations: all } = await relations.listTreating({ patientId: identifierIn(path['id']) });
  const names = await namesOf(
    directory,
    all.map(({ practitionerId }) => practitionerId),
  );
  const lines = all.map((relation) => lineOf(relation, names));
  const isOver = ({ untilMs }: TreatingLine): number =>
    Number(untilMs !== null && untilMs <= nowMs);
  const answer: TreatingAnswer = {
    relations: lines.sort((a, b) => isOver(a) - isOver(b) || b.fromMs - a.fromMs),
  };
  return ok(answer);
}

function lineOf(
  { practitionerId, mspId, fromMs, untilMs }: TreatingRelation,
  names: Names,
): TreatingLine {
  const organization = ORGANIZATIONS.find((name) => MSP_IDS[name] === mspId);
  if (organization === undefined) throw new PulseError('internal');
  const name = names.get(practitionerId) ?? null;
  return { practitionerId, name, organization, fromMs, untilMs };
}

async function setTreating({ request, path, relations, now }: Call): Promise<Reply> {
  const { organization, untilMs } = parsed(TreatingRequest, jsonBody(request.body));
  const input = {
    patientId: identifierIn(path['id']),
    practitionerId: identifierIn(path['practitioner']),
    mspId: MSP_IDS[organization],
    fromMs: now() - EARLIER_MS,
    untilMs,
    saltHex: newId(),
  };
  return ok(await relations.setTreating(input));
}

async function endTreating({ path, relations, now }: Call): Promise<Reply> {
  const patientId = identifierIn(path['id']);
  const practitionerId = identifierIn(path['practitioner']);
  return ok(await relations.endTreating({ patientId, practitionerId, untilMs: now() }));
}

async function listRepresentatives({ path, relations }: Call): Promise<Reply> {
  return ok(await relations.listRepresentatives({ patientId: identifierIn(path['id']) }));
}

async function setRepresentative({ request, path, relations, now }: Call): Promise<Reply> {
  const { kind, scope, untilMs } = parsed(RepresentativeRequest, jsonBody(request.body));
  const patientId = identifierIn(path['id']);
  const representativeId = identifierIn(path['representative']);
  const input = {
    ...{ representativeId, kind, scope, untilMs },
    fromMs: now() - EARLIER_MS,
    saltHex: newId(),
  };
  return ok(await relations.setRepresentative(patientId, input));
}

async function endRepresentative({ path, relations, now }: Call): Promise<Reply> {
  const patientId = identifierIn(path['id']);
  const representativeId = identifierIn(path['representative']);
  return ok(await relations.endRepresentative(patientId, { representativeId, untilMs: now() }));
}
