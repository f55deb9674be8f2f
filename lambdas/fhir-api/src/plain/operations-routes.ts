/** Routes beside FHIR: plain JSON, failures as problem documents (RFC 9457). */
import {
  commandTopic,
  Identifier,
  MAX_GAP_PAGE,
  PulseError,
  type WatchCommand,
} from '@pulseledger/domain';
import { z } from 'zod';
import type { Call } from '../http/call.ts';
import { ok, type Reply } from '../http/reply.ts';
import type { FhirRequest } from '../http/request.ts';
import type { Route } from '../http/routes.ts';
import { identifierIn } from './plain-input.ts';

/** How long a device sends short windows after somebody has asked for it. */
const WATCH_MS = 5 * 60_000;
const DEFAULT_PAGE = 50;

const PageQuery = z.strictObject({
  pageSize: z.coerce.number().int().min(1).max(MAX_GAP_PAGE).default(DEFAULT_PAGE),
  bookmark: Identifier.optional(),
});

export const OPERATIONS_ROUTES: readonly Route[] = [
  {
    method: 'GET',
    path: 'devices/gaps',
    format: 'plain',
    access: 'login',
    summary: "What is missing of the organization's devices",
    query: PageQuery,
    handle: listGaps,
  },
  {
    method: 'GET',
    path: 'devices/:id/gaps',
    format: 'plain',
    access: 'login',
    summary: 'What is missing of one device',
    handle: readGaps,
  },
  {
    method: 'POST',
    path: 'patients/:id/watch',
    format: 'plain',
    access: 'login',
    summary: "Asks the patient's devices for short windows",
    handle: watch,
  },
];

/** What is missing of the devices of the caller's organization, a page at a time: its administrators only. */
async function listGaps({ request, record }: Call): Promise<Reply> {
  const page = PageQuery.safeParse(Object.fromEntries(request.query));
  if (!page.success) {
    const names = new Set(page.error.issues.map(({ path }) => path.join('.') || 'another name'));
    throw new PulseError('invalid_input', `not as expected: ${[...names].join(', ')}`);
  }
  return ok(await record.listGaps(page.data));
}

/** What is missing of one device: the patient, who treats the patient, the custodian's administrator. */
async function readGaps({ request, path, record }: Call): Promise<Reply> {
  refuseQuery(request);
  return ok(await record.readGaps({ deviceId: identifierIn(path['id']) }));
}

/** Until when the patient's devices were asked to send short windows, and how many. */
export interface Watched {
  readonly watchUntilMs: number;
  readonly devices: number;
}

/**
 * Asks the devices that the patient wears now for short windows. Whoever may read the patient's devices may;
 * asking again prolongs it. A device that is offline hears of it when it is back.
 */
async function watch({ request, path, record, publish, now }: Call): Promise<Reply> {
  refuseQuery(request);
  const { devices } = await record.listDevicesByPatient({
    patientId: identifierIn(path['id']),
  });
  const nowMs = now();
  const worn = devices.filter(
    ({ status, assignments }) =>
      status === 'active' &&
      assignments.some(
        ({ fromMs, untilMs }) => fromMs <= nowMs && (untilMs === null || nowMs < untilMs),
      ),
  );
  const command: WatchCommand = { watchUntilMs: nowMs + WATCH_MS };
  await Promise.all(worn.map(({ deviceId }) => publish(commandTopic(deviceId), command)));
  const answer: Watched = { ...command, devices: worn.length };
  return ok(answer);
}

function refuseQuery({ query }: FhirRequest): void {
  if (query.length > 0) throw new PulseError('invalid_input', 'this address takes no parameters');
}
