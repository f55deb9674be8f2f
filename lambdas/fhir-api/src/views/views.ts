/** Resources that are shown from the ledger's own documents: devices, consents, entries of the access log. */
import {
  type AccessEntry,
  type ConsentDocument,
  MAX_ACCESS_PAGE,
  PulseError,
} from '@pulseledger/domain';
import type { FhirJson } from '../definitions/fhir-json.ts';
import type { ServedType, ViewType } from '../definitions/served-types.ts';
import type { Call } from '../http/call.ts';
import { conceal } from '../record/chart.ts';
import { namesOf } from '../record/names.ts';
import { nothingToSee } from '../record/port.ts';
import { toAuditEvent } from './audit-event.ts';
import { toConsent } from './consent.ts';
import { toDevice } from './device.ts';

const IDENTIFIER = /^[0-9a-f]{32}$/;
const MAX_PAGES = 25;
const CONSENTS_A_PAGE = 100;
/** An entry may be a moment ahead of our clock. */
const CLOCK_AHEAD_MS = 300_000;

type Gather = (call: Call, patientId: string) => Promise<FhirJson[]>;

const GATHERERS: Readonly<Record<ViewType, Gather>> = {
  Device: async (call, patientId) => {
    const { devices } = await conceal(call.record.listDevicesByPatient({ patientId }));
    return devices.map((view) => ({ ...toDevice(view, call.now()) }));
  },
  Consent: async (call, patientId) => {
    const all = await pages<ConsentDocument>(async (bookmark) => {
      const input = { patientId, pageSize: CONSENTS_A_PAGE, ...bookmark };
      const { consents, bookmark: next } = await conceal(call.consents.listConsents(input));
      return [consents, next];
    });
    return all.map((consent) => ({ ...toConsent(consent, call.now()) }));
  },
  AuditEvent: async (call, patientId) => {
    const all = await pages<AccessEntry>(async (bookmark) => {
      const toMs = call.now() + CLOCK_AHEAD_MS;
      const input = { patientId, fromMs: 0, toMs, pageSize: MAX_ACCESS_PAGE, ...bookmark };
      const { entries, bookmark: next } = await call.page.listAccess(input);
      return [entries, next];
    });
    const names = await namesOf(
      call.directory,
      all.map(({ subjectId }) => subjectId),
    );
    return all.map((entry) => ({ ...toAuditEvent(patientId, entry, names) }));
  },
};

/** Everything, a page after the other. @throws PulseError `too_costly` */
async function pages<Item>(
  read: (
    bookmark: { readonly bookmark: string } | undefined,
  ) => Promise<[items: readonly Item[], next: string | undefined]>,
): Promise<Item[]> {
  const all: Item[] = [];
  let bookmark: string | undefined;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const [items, next] = await read(bookmark === undefined ? undefined : { bookmark });
    all.push(...items);
    bookmark = next;
    if (bookmark === undefined) return all;
  }
  throw new PulseError('too_costly', 'there are more than one request may look through');
}

function gathererOf(type: ServedType): Gather | undefined {
  return type === 'Device' || type === 'Consent' || type === 'AuditEvent'
    ? GATHERERS[type]
    : undefined;
}

/** All of a patient; undefined for a type that is no view. */
export async function viewsOf(
  call: Call,
  type: ServedType,
  patientId: string,
): Promise<FhirJson[] | undefined> {
  const gather = gathererOf(type);
  if (gather === undefined) return undefined;
  if (!IDENTIFIER.test(patientId)) throw nothingToSee();
  return gather(call, patientId);
}

/** One of them; undefined for a type that is no view. Consents and log entries by their id: one's own. */
export async function readView(
  call: Call,
  type: ServedType,
  id: string,
): Promise<FhirJson | undefined> {
  const gather = gathererOf(type);
  if (gather === undefined) return undefined;
  if (!IDENTIFIER.test(id)) throw nothingToSee();
  if (type === 'Device') {
    const view = await conceal(call.record.readDevice({ deviceId: id }));
    return { ...toDevice(view, call.now()) };
  }
  const found = (await gather(call, call.caller.subjectId)).find((one) => one['id'] === id);
  if (found === undefined) throw nothingToSee();
  return found;
}
