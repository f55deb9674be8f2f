import type { CapabilityStatement, CapabilityStatementRestResource } from 'fhir/r4.js';
import { OBSERVATION_KINDS } from '../vitals/observation-kinds.ts';
import { DEFAULT_COUNT, MAX_COUNT, MAX_LAST } from '../vitals/vitals-query.ts';

/** When what this API offers last changed. */
const CHANGED = '2026-11-22';

const OBSERVATION_DOCUMENTATION = [
  `One patient a search: patient or subject is required. Sorted by start, newest first unless _sort=date. _count is ${DEFAULT_COUNT} unless given and at most ${MAX_COUNT}; _count=0 or _summary=count gives the total alone.`,
  'Next links are opaque, belong to the login that got them and neither repeat nor leave out readings when new ones arrive. A page may end early; it then says so and has a next link.',
  'date takes eq, ne, gt, ge, lt, le, sa and eb. A date without a zone is compared with the wall clock of each reading at the zone offset of its device, a date with a zone with the world clock.',
  `$lastn needs code or category beside the patient, takes date too, and at most ${MAX_LAST} as max.`,
  'Values outside what is plausible carry the security label UNCERTREL and a note.',
].join('\n\n');

const SEARCH_PARAMETERS = [
  { name: 'patient', type: 'reference', clinical: true },
  { name: 'subject', type: 'reference', clinical: false },
  { name: 'code', type: 'token', clinical: true },
  { name: 'category', type: 'token', clinical: false },
  { name: 'date', type: 'date', clinical: true },
] as const;

/** https://hl7.org/fhir/R4/capabilitystatement.html: what is served, and nothing else. */
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
    implementation: { description: 'Vital signs from wearables on a shared ledger', url: baseUrl },
    fhirVersion: '4.0.1',
    format: ['application/fhir+json', 'json'],
    rest: [
      {
        mode: 'server',
        documentation:
          'Read only. What does not exist and what the caller may not read are answered alike, with 404. Unknown search parameters are left out of the self link; with "Prefer: handling=strict" they are refused.',
        security: {
          service: [
            {
              coding: [
                {
                  system: 'http://terminology.hl7.org/CodeSystem/restful-security-service',
                  code: 'OAuth',
                },
              ],
            },
          ],
          description: 'A JWT access token (RFC 9068) as bearer token.',
        },
        resource: [readable('Patient'), observationResource(), readable('Device')],
      },
    ],
  };
}

function readable(type: 'Patient' | 'Device'): CapabilityStatementRestResource {
  return { type, interaction: [{ code: 'read' }], versioning: 'no-version' };
}

function observationResource(): CapabilityStatementRestResource {
  return {
    type: 'Observation',
    supportedProfile: OBSERVATION_KINDS.flatMap(({ profile }) => profile ?? []),
    documentation: OBSERVATION_DOCUMENTATION,
    interaction: [{ code: 'read' }, { code: 'search-type' }],
    versioning: 'no-version',
    searchParam: SEARCH_PARAMETERS.map(({ name, type, clinical }) => ({
      name,
      type,
      definition: `http://hl7.org/fhir/SearchParameter/${clinical ? 'clinical' : 'Observation'}-${name}`,
    })),
    operation: [
      {
        name: 'lastn',
        definition: 'http://hl7.org/fhir/OperationDefinition/Observation-lastn',
      },
    ],
  };
}
