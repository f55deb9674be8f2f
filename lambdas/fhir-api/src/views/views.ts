/** Resources that are shown from the ledger's own documents: devices, consents, entries of the access log. */
import type { FhirJson } from '../definitions/fhir-json.ts';
import type { ServedType } from '../definitions/served-types.ts';
import type { Call } from '../http/call.ts';
import { conceal } from '../record/chart.ts';
import { nothingToSee } from '../record/port.ts';
import { toDevice } from './device.ts';

const IDENTIFIER = /^[0-9a-f]{32}$/;

/** All of a patient; undefined for a type that is no view. */
export async function viewsOf(
  call: Call,
  type: ServedType,
  patientId: string,
): Promise<FhirJson[] | undefined> {
  if (type !== 'Device') return undefined;
  if (!IDENTIFIER.test(patientId)) throw nothingToSee();
  const { devices } = await conceal(call.record.listDevicesByPatient({ patientId }));
  return devices.map((view) => ({ ...toDevice(view, call.now()) }));
}

/** One of them; undefined for a type that is no view. */
export async function readView(
  call: Call,
  type: ServedType,
  id: string,
): Promise<FhirJson | undefined> {
  if (type !== 'Device') return undefined;
  if (!IDENTIFIER.test(id)) throw nothingToSee();
  const view = await conceal(call.record.readDevice({ deviceId: id }));
  return { ...toDevice(view, call.now()) };
}
