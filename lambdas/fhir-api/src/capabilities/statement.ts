/** GET metadata: made from the tables that the routes and searches themselves work with, so that it can only say what is. */
import { RECORD_CLASSES } from '@pulseledger/domain';
import type { CapabilityStatement, CapabilityStatementRestResource } from 'fhir/r4.js';
import {
  DIRECTORY_TYPES,
  isChronicledType,
  isDirectoryType,
  isRecordType,
  OTHER_TYPES,
  SERVED_TYPES,
  type ServedType,
} from '../definitions/served-types.ts';
import { JSON_PATCH } from '../interactions/json-patch.ts';
import { parametersOf, type SearchParameter } from '../search/parameters.ts';
import { MODIFIERS } from '../search/predicates.ts';
import { DEFAULT_COUNT, MAX_COUNT } from '../search/query.ts';
import { OBSERVATION_KINDS } from '../vitals/observation-kinds.ts';
import { MAX_LAST } from '../vitals/vitals-query.ts';

/** When what this API offers last changed. */
const CHANGED = '2026-11-23';

const DOCUMENTATION = [
  'What does not exist and what the caller may not read are answered alike, with 404. Unknown search parameters are left out of the self link; with "Prefer: handling=strict" they are refused with 400.',
  `A search is within one patient (patient, subject or beneficiary), or by _id, or across patients by identifier; patients are found by identifier or by family name and birthdate together. _count is ${DEFAULT_COUNT} unless given and at most ${MAX_COUNT}. Without _sort the order is that of the ids, which never change; of Observation it is the time. Next links are opaque and belong to the login that got them.`,
  'The history of a type is within one patient, as a search is: a patient who names none gets the own, everybody else names one (patient). Vital signs of wearables have no versions.',
  'Search parameters also take the modifier :missing. _include and _revinclude take every reference parameter.',
  'PUT, PATCH and DELETE: If-Match is the ETag of the version that the change is made to; PUT demands it (428). PATCH takes JSON Patch, in a Bundle as the data of a Binary. A client gives no ids. Labels in meta.security (v3-ActCode sensitivity, v3-Confidentiality R and V) protect the resource; an amendment does not take them away.',
  'A transaction is all or nothing and within one patient; with an Idempotency-Key it can be repeated. X-Patient says in whose record something belongs that names no patient. References to other servers are refused.',
  `Organization, Practitioner, PractitionerRole and Location without a patient are the public directory; in a patient's record they are what a sender said. Other types than those with a class of their own (${RECORD_CLASSES.length} in all) are kept as "other": ${OTHER_TYPES.join(', ')}.`,
  'X-Purpose-Of-Use (v3-ActReason) says why; every opening of a record is an entry in its log that the patient sees.',
].join('\n\n');

const OBSERVATION_DOCUMENTATION = [
  'Vital signs of wearables are made from what the devices signed and cannot be written through FHIR; other Observations are stored as they are given. Both are searched together. Sorted by time, newest first unless _sort=date.',
  'A page may end early; it then says so and has a next link. date takes eq, ne, gt, ge, lt, le, sa and eb; one without a zone is compared with the wall clock of each reading.',
  `$lastn needs code or category beside the patient, takes date too, and at most ${MAX_LAST} as max.`,
  'Values outside what is plausible carry the security label UNCERTREL and a note. $everything shows dense readings as series (SampledData).',
].join('\n\n');

/** https://hl7.org/fhir/R4/capabilitystatement.html */
export function capabilityStatement(baseUrl: string): CapabilityStatement {
  return {
    resourceType: 'CapabilityStatement',
    url: `${baseUrl}/metadata`,
    name: 'PulseledgerFhirApi',
    title: 'Pulseledger FHIR API',
    status: 'active',
    date: CHANGED,
    kind: 'instance',
    software: { name: 'Pulseledger' },
    implementation: { description: 'A medical record on a shared ledger', url: baseUrl },
    fhirVersion: '4.0.1',
    format: ['application/fhir+json', 'json'],
    patchFormat: [JSON_PATCH],
    rest: [
      {
        mode: 'server',
        documentation: DOCUMENTATION,
        security: SECURITY,
        resource: SERVED_TYPES.toSorted().map(resourceOf),
        interaction: [{ code: 'transaction' }, { code: 'batch' }],
      },
    ],
  };
}

const SECURITY: NonNullable<NonNullable<CapabilityStatement['rest']>[number]['security']> = {
  service: [
    {
      coding: [
        {
          system: 'http://terminology.hl7.org/CodeSystem/restful-security-service',
          code: 'SMART-on-FHIR',
        },
      ],
    },
  ],
  description:
    'A JWT access token (RFC 9068) as bearer token, with SMART scopes of version 2 (version 1 is understood). See .well-known/smart-configuration. The directory needs no login.',
};

export type InteractionCode = NonNullable<
  CapabilityStatementRestResource['interaction']
>[number]['code'];

/** What can be done with resources of a type. */
export function interactionsOf(type: ServedType): readonly InteractionCode[] {
  if (!isRecordType(type)) return ['read', 'search-type'];
  const written: readonly InteractionCode[] = [
    'read',
    'vread',
    'update',
    'patch',
    'history-instance',
    'create',
    'search-type',
  ];
  return [
    ...written,
    ...(isChronicledType(type) ? (['history-type'] as const) : []),
    // A patient is erased on request, which is no interaction of FHIR.
    ...(type === 'Patient' ? [] : (['delete'] as const)),
  ];
}

function resourceOf(type: ServedType): CapabilityStatementRestResource {
  const isStored = isRecordType(type);
  const parameters = [...parametersOf(type).values()];
  const references = parameters.filter(({ kind }) => kind === 'reference');
  return {
    type,
    ...documentationOf(type),
    interaction: interactionsOf(type).map((code) => ({ code })),
    versioning: isStored ? 'versioned-update' : 'no-version',
    ...(isStored ? { readHistory: true, updateCreate: false, conditionalCreate: true } : {}),
    ...(isStored ? { conditionalRead: 'full-support' as const } : {}),
    ...(isStored ? { conditionalUpdate: false, conditionalDelete: 'not-supported' as const } : {}),
    ...(references.length > 0
      ? { searchInclude: references.map(({ name }) => `${type}:${name}`) }
      : {}),
    ...(revincludesOf(type).length > 0 ? { searchRevInclude: revincludesOf(type) } : {}),
    searchParam: parameters.map((parameter) => ({
      name: parameter.name,
      type: parameter.kind,
      definition: parameter.url,
      ...modifiersOf(parameter),
    })),
    ...operationsOf(type),
  };
}

function modifiersOf({ kind }: SearchParameter): { documentation?: string } {
  const names = MODIFIERS[kind];
  return names.length > 0 ? { documentation: `Modifiers: ${names.join(', ')}` } : {};
}

function documentationOf(
  type: ServedType,
): Pick<CapabilityStatementRestResource, 'documentation' | 'supportedProfile'> {
  if (type === 'Observation') {
    const profiles = OBSERVATION_KINDS.flatMap(({ profile }) => profile ?? []);
    return { supportedProfile: profiles, documentation: OBSERVATION_DOCUMENTATION };
  }
  if (isDirectoryType(type)) {
    return {
      documentation: `Directory of ${DIRECTORY_TYPES.join(', ')}: read and searched without login.`,
    };
  }
  return {};
}

const REVINCLUDES = new Map<ServedType, string[]>();

/** Every reference parameter of a stored type that may point here. */
function revincludesOf(target: ServedType): string[] {
  const known = REVINCLUDES.get(target);
  if (known !== undefined) return known;
  const found = SERVED_TYPES.filter(isRecordType).flatMap((type) =>
    [...parametersOf(type).values()]
      .filter(({ kind, targets }) => kind === 'reference' && targets.includes(target))
      .map(({ name }) => `${type}:${name}`),
  );
  REVINCLUDES.set(target, found);
  return found;
}

const OPERATIONS: Partial<Record<ServedType, readonly [string, string][]>> = {
  Observation: [['lastn', 'http://hl7.org/fhir/OperationDefinition/Observation-lastn']],
  Patient: [
    ['everything', 'http://hl7.org/fhir/OperationDefinition/Patient-everything'],
    ['summary', 'http://hl7.org/fhir/uv/ips/OperationDefinition/summary'],
  ],
};

function operationsOf(type: ServedType): Pick<CapabilityStatementRestResource, 'operation'> {
  const validate: [string, string] = [
    'validate',
    'http://hl7.org/fhir/OperationDefinition/Resource-validate',
  ];
  const own = [...(OPERATIONS[type] ?? []), validate];
  return { operation: own.map(([name, definition]) => ({ name, definition })) };
}
