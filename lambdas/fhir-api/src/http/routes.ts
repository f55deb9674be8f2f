/** Every interaction this API offers, in one table. */

import { Identifier } from '@pulseledger/domain';
import type { CapabilityStatement, Device, FhirResource, Patient } from 'fhir/r4.js';
import { capabilityStatement } from '../capabilities/statement.ts';
import { OPERATIONS_ROUTES } from '../plain/operations-routes.ts';
import { nothingToSee, type RecordPort } from '../record/port.ts';
import type { Caller } from '../smart/token.ts';
import { toDevice } from '../views/device.ts';
import { toPatient } from '../views/patient.ts';
import {
  lastObservations,
  readObservation,
  searchObservations,
  searchObservationsByForm,
} from '../vitals/observation-routes.ts';
import type { FhirRequest } from './request.ts';

/** What a route without login has. */
export interface PublicCall {
  readonly request: FhirRequest;
  readonly baseUrl: string;
}

/** What a route for somebody who is logged in has. */
export interface Call extends PublicCall {
  /** The `:id` of the path; empty without one. */
  readonly id: string;
  readonly caller: Caller;
  readonly record: RecordPort;
  readonly cursorKey: Uint8Array;
  /** Says something to a device, at least once. */
  readonly publish: Publish;
  readonly now: () => number;
}

/** Publishes JSON on a topic of the broker; rejects when the broker did not take it. */
export type Publish = (topic: string, payload: object) => Promise<void>;

interface RoutePath {
  readonly method: 'GET' | 'POST';
  /** Segments below the base; `:id` stands for any. Earlier routes win. */
  readonly path: string;
}

/** A route beside FHIR. */
export interface PlainRoute extends RoutePath {
  readonly format: 'plain';
  readonly access: 'login';
  readonly handle: (call: Call) => Promise<object>;
}

type FhirRoute = RoutePath & { readonly format?: never } & (
    | { readonly access: 'public'; readonly handle: (call: PublicCall) => FhirResource }
    | { readonly access: 'login'; readonly handle: (call: Call) => Promise<FhirResource> }
  );

export type Route = FhirRoute | PlainRoute;

export const ROUTES: readonly Route[] = [
  { method: 'GET', path: 'metadata', access: 'public', handle: readCapabilities },
  { method: 'GET', path: 'Patient/:id', access: 'login', handle: readPatient },
  { method: 'GET', path: 'Device/:id', access: 'login', handle: readDevice },
  { method: 'GET', path: 'Observation', access: 'login', handle: searchObservations },
  {
    method: 'POST',
    path: 'Observation/_search',
    access: 'login',
    handle: searchObservationsByForm,
  },
  { method: 'GET', path: 'Observation/$lastn', access: 'login', handle: lastObservations },
  { method: 'GET', path: 'Observation/:id', access: 'login', handle: readObservation },
  ...OPERATIONS_ROUTES,
];

function readCapabilities(call: PublicCall): CapabilityStatement {
  return capabilityStatement(call.baseUrl);
}

async function readPatient(call: Call): Promise<Patient> {
  return toPatient(await call.record.readPatient({ patientId: identifier(call.id) }));
}

async function readDevice(call: Call): Promise<Device> {
  const view = await call.record.readDevice({ deviceId: identifier(call.id) });
  return toDevice(view, call.now());
}

function identifier(id: string): string {
  const parsed = Identifier.safeParse(id);
  if (!parsed.success) throw nothingToSee();
  return parsed.data;
}
