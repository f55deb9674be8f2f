/** Every interaction this API offers, in one table. */
import type { z } from 'zod';
import { postBundle } from '../bundles/bundle-request.ts';
import { readCapabilities } from '../capabilities/capability-route.ts';
import { readSmartConfiguration } from '../capabilities/smart-configuration.ts';
import { readHistory } from '../interactions/history.ts';
import { patchResource } from '../interactions/patch.ts';
import { readPublicly, readResource, readVersion } from '../interactions/read.ts';
import { readTypeHistory } from '../interactions/type-history.ts';
import { createResource, deleteResource, updateResource } from '../interactions/write.ts';
import { everything } from '../operations/everything.ts';
import { summary } from '../operations/summary.ts';
import { validate } from '../operations/validate.ts';
import { CONSENT_ROUTES } from '../plain/consent-routes.ts';
import { CORRECTION_ROUTES } from '../plain/correction-routes.ts';
import { DEVICE_ROUTES } from '../plain/device-routes.ts';
import { DIRECTORY_ROUTES } from '../plain/directory-routes.ts';
import { documentationRoutes } from '../plain/documentation-routes.ts';
import { EMERGENCY_ROUTES } from '../plain/emergency-routes.ts';
import { ERASURE_ROUTES } from '../plain/erasure-routes.ts';
import { LEDGER_ROUTES } from '../plain/ledger-routes.ts';
import { NOTE_ROUTES } from '../plain/note-routes.ts';
import { OPERATIONS_ROUTES } from '../plain/operations-routes.ts';
import { ORDER_ROUTES } from '../plain/order-routes.ts';
import { PAGE_ROUTES } from '../plain/page-routes.ts';
import { QUALIFICATION_ROUTES } from '../plain/qualification-routes.ts';
import { RELATION_ROUTES } from '../plain/relation-routes.ts';
import { WATCH_ROUTES } from '../plain/watch-routes.ts';
import { searchPublicly, searchType, searchTypeByForm } from '../search/type-search.ts';
import { lastObservations } from '../vitals/lastn-route.ts';
import type { Call, PublicCall } from './call.ts';
import type { Reply } from './reply.ts';

interface RoutePath {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Segments below the base; `:name` stands for any. Earlier routes win. */
  readonly path: string;
  /** Plain: JSON beside FHIR, failures as problem documents. */
  readonly format?: 'plain' | undefined;
  /** Largest body, in characters. */
  readonly maxBody?: number | undefined;
  /** For the documentation. */
  readonly summary: string;
  /** Of a plain route: what it takes and answers. */
  readonly query?: z.ZodType;
  readonly body?: z.ZodType;
  readonly answer?: z.ZodType;
}

/** `public`: a login changes nothing. `optional`: with one there is more to see. */
export type Route = RoutePath &
  (
    | { readonly access: 'public'; readonly handle: (call: PublicCall) => Promise<Reply> }
    | { readonly access: 'login'; readonly handle: (call: Call) => Promise<Reply> }
    | {
        readonly access: 'optional';
        readonly handle: (call: Call) => Promise<Reply>;
        readonly handlePublic: (call: PublicCall) => Promise<Reply>;
      }
  );

/** A resource, indented, with room to spare above what the record takes. */
const RESOURCE_BODY = 1_000_000;
/** Below what a Lambda is given at most. */
const BUNDLE_BODY = 5_500_000;

export const ROUTES: readonly Route[] = [
  {
    method: 'GET',
    path: 'metadata',
    access: 'public',
    summary: 'What of FHIR is served',
    handle: readCapabilities,
  },
  {
    method: 'GET',
    path: '.well-known/smart-configuration',
    summary: 'Where to log in, and with which scopes',
    access: 'public',
    format: 'plain',
    handle: readSmartConfiguration,
  },
  ...documentationRoutes(() => ROUTES),
  ...OPERATIONS_ROUTES,
  ...DEVICE_ROUTES,
  ...ORDER_ROUTES,
  ...PAGE_ROUTES,
  ...CONSENT_ROUTES,
  ...WATCH_ROUTES,
  ...DIRECTORY_ROUTES,
  ...QUALIFICATION_ROUTES,
  ...RELATION_ROUTES,
  ...EMERGENCY_ROUTES,
  ...LEDGER_ROUTES,
  ...NOTE_ROUTES,
  ...ERASURE_ROUTES,
  ...CORRECTION_ROUTES,
  {
    method: 'POST',
    path: '',
    access: 'login',
    summary: 'A batch or a transaction',
    handle: postBundle,
    maxBody: BUNDLE_BODY,
  },
  {
    method: 'GET',
    path: 'Observation/$lastn',
    access: 'login',
    summary: 'The newest of each code',
    handle: lastObservations,
  },
  {
    method: 'GET',
    path: 'Patient/:id/$everything',
    access: 'login',
    summary: 'All of a patient, page by page',
    handle: everything,
  },
  {
    method: 'GET',
    path: 'Patient/:id/$summary',
    access: 'login',
    summary: 'The International Patient Summary',
    handle: summary,
  },
  {
    method: 'POST',
    path: ':type/$validate',
    summary: 'Checks a resource and stores nothing',
    access: 'login',
    handle: validate,
    maxBody: RESOURCE_BODY,
  },
  {
    method: 'POST',
    path: ':type/_search',
    access: 'login',
    summary: 'Search with the parameters in a form',
    handle: searchTypeByForm,
  },
  {
    method: 'GET',
    path: ':type',
    summary: 'Search',
    access: 'optional',
    handle: searchType,
    handlePublic: searchPublicly,
  },
  {
    method: 'POST',
    path: ':type',
    access: 'login',
    summary: 'Create',
    handle: createResource,
    maxBody: RESOURCE_BODY,
  },
  {
    method: 'GET',
    path: ':type/_history',
    access: 'login',
    summary: 'All versions of the resources of a type in the record of one patient, newest first',
    handle: readTypeHistory,
  },
  {
    method: 'GET',
    path: ':type/:id',
    summary: 'Read',
    access: 'optional',
    handle: readResource,
    handlePublic: readPublicly,
  },
  {
    method: 'PUT',
    path: ':type/:id',
    access: 'login',
    summary: 'A new version',
    handle: updateResource,
    maxBody: RESOURCE_BODY,
  },
  {
    method: 'PATCH',
    path: ':type/:id',
    access: 'login',
    summary: 'A new version, by JSON Patch',
    handle: patchResource,
    maxBody: RESOURCE_BODY,
  },
  {
    method: 'DELETE',
    path: ':type/:id',
    access: 'login',
    summary: 'Delete; the history stays',
    handle: deleteResource,
  },
  {
    method: 'GET',
    path: ':type/:id/_history',
    access: 'login',
    summary: 'All versions, newest first',
    handle: readHistory,
  },
  {
    method: 'GET',
    path: ':type/:id/_history/:vid',
    access: 'login',
    summary: 'One version',
    handle: readVersion,
  },
];
