/** A resource that a client sends: read, checked, and made ready to be stored. */
import { randomBytes } from 'node:crypto';
import {
  classOfResource,
  type IndexKey,
  indexValueHash,
  MAX_INDEX_KEYS,
  PulseError,
  type RecordClass,
  type RecordWrite,
} from '@pulseledger/domain';
import { FhirJson, mapObjects, objectsAt, objectsIn } from '../definitions/fhir-json.ts';
import { isRecordType, type ServedType } from '../definitions/served-types.ts';
import { type Finding, findings } from '../definitions/structures.ts';
import type { Call } from '../http/call.ts';
import { InvalidResource } from '../http/outcome.ts';
import type { FhirRequest } from '../http/request.ts';
import { labelsOf, storedForm } from '../record/stored.ts';
import { sha256 } from '../search/candidates.ts';
import { splitReference } from '../search/values.ts';
import { repeatIn } from './repeat-reason.ts';

const ID_BYTES = 16;
const FHIR_TYPES = ['application/fhir+json', 'application/json', 'text/json'];

export function newId(): string {
  return randomBytes(ID_BYTES).toString('hex');
}

/** The body as a resource. @throws PulseError `unsupported_media_type`, `invalid_input` */
export function resourceIn(request: FhirRequest): FhirJson {
  requireFhirJson(request);
  let value: unknown;
  try {
    value = JSON.parse(request.body);
  } catch {
    throw new PulseError('invalid_input', 'the body is not JSON');
  }
  const parsed = FhirJson.safeParse(value);
  if (!parsed.success) {
    throw new PulseError('invalid_input', 'the body is no FHIR resource: it has no resourceType');
  }
  return parsed.data;
}

function requireFhirJson({ headers }: FhirRequest): void {
  const [type = '', ...parameters] = (headers['content-type'] ?? '').toLowerCase().split(';');
  const charset = parameters.map((text) => text.trim()).find((text) => text.startsWith('charset='));
  const isUtf8 = charset === undefined || /^charset="?utf-8"?$/.test(charset);
  if (!FHIR_TYPES.includes(type.trim()) || !isUtf8) {
    throw new PulseError('unsupported_media_type', 'the body is FHIR JSON in UTF-8');
  }
}

/**
 * Is this a resource that can be stored as that type? Checked before references are rewritten, so that a client
 * learns all at once.
 * @throws PulseError `invalid_input`, `invalid_resource`, `not_supported`
 */
export function checkIncoming(resource: FhirJson, type: ServedType): void {
  if (resource.resourceType !== type) {
    throw new PulseError('invalid_input', 'the resource is not of the type in the address');
  }
  if (!isRecordType(type)) {
    throw new PulseError('method_not_allowed', 'resources of this type are shown, not written', {
      details: { allow: 'GET, HEAD' },
    });
  }
  const found = [...findings(resource), ...foreignAddresses(resource)];
  if (found.length > 0) throw new InvalidResource(found);
}

/** Where else something is, nobody here will look it up: an address in a record would only lead astray. */
function foreignAddresses(resource: FhirJson): Finding[] {
  return [...objectsIn(resource)].flatMap((object): Finding[] => {
    const { reference, url, contentType, data } = object;
    const isAttachment = url !== undefined && (contentType !== undefined || data !== undefined);
    const address = typeof reference === 'string' ? reference : isAttachment ? url : undefined;
    if (typeof address !== 'string' || !isForeign(address)) return [];
    return [
      {
        code: 'business-rule',
        text: 'addresses of other servers are not taken; send what they hold, or an identifier',
        expression: `${resource.resourceType}.descendants()`,
      },
    ];
  });
}

function isForeign(address: string): boolean {
  return /^[a-z][a-z\d+.-]*:/i.test(address) && !/^urn:/i.test(address);
}

/** Addresses of our own become relative, as everything is stored. */
export function withOwnReferences(resource: FhirJson, baseUrl: string): FhirJson {
  return asJson(
    mapObjects(resource, (object) => {
      const { reference } = object;
      const isOwn = typeof reference === 'string' && reference.startsWith(`${baseUrl}/`);
      return isOwn ? { ...object, reference: reference.slice(baseUrl.length + 1) } : undefined;
    }),
  );
}

export function asJson(value: unknown): FhirJson {
  return FhirJson.parse(value);
}

/** The one patient that the resource names; undefined when it names none. @throws InvalidResource for several */
export function patientOf(resource: FhirJson): string | undefined {
  if (resource.resourceType === 'Patient') return undefined;
  const ids = new Set(
    [...objectsIn(resource)].flatMap(({ reference }) => {
      const split = splitReference(reference);
      return split?.type === 'Patient' ? [split.id] : [];
    }),
  );
  const [first, ...others] = ids;
  if (others.length === 0) return first;
  throw new InvalidResource([
    {
      code: 'business-rule',
      text: 'names more than one patient; a resource is in one record',
      expression: resource.resourceType,
    },
  ]);
}

/** In whose record something is that names nobody, as the client says in X-Patient. @throws PulseError `invalid_input` */
export function patientInContext({
  request,
}: {
  readonly request: FhirRequest;
}): string | undefined {
  const given = request.headers['x-patient'];
  if (given === undefined || /^[0-9a-f]{32}$/.test(given)) return given;
  throw new PulseError('invalid_input', 'X-Patient is the id of a patient');
}

/** @throws PulseError for a type without a class */
export function classFor(resource: FhirJson): RecordClass {
  const recordClass = classOfResource(resource);
  if (recordClass === undefined) throw new PulseError('not_supported');
  return recordClass;
}

export interface WriteOptions {
  readonly recordId: string;
  /** Null for a new one. */
  readonly ifVersion: number | null;
  readonly hadLabels?: readonly string[];
  readonly uniqueKey?: string | undefined;
}

/** A write of a resource that has been checked. @throws InvalidResource for a reason to repeat a test that is none */
export function writeOf(resource: FhirJson, options: WriteOptions): RecordWrite {
  const { recordId, ifVersion, hadLabels, uniqueKey } = options;
  const indexKeys = indexKeysOf(resource);
  const repeat = repeatIn(resource);
  return {
    recordClass: classFor(resource),
    recordId,
    ifVersion,
    resource: storedForm(resource),
    labels: labelsOf(resource, hadLabels),
    ...(uniqueKey === undefined ? {} : { uniqueKey }),
    ...(indexKeys.length > 0 ? { indexKeys } : {}),
    ...(repeat === undefined ? {} : { repeat }),
    saltHex: newId(),
  };
}

/** What a laboratory writes answers the order that it is based on; the contract looks whether the laboratory has that order. */
export function answering(write: RecordWrite, { caller }: Pick<Call, 'caller'>): RecordWrite {
  if (caller.role !== 'laboratory' || write.resource === null) return write;
  const orders = objectsAt(write.resource['basedOn']).flatMap(({ reference }) => {
    const split = splitReference(reference);
    return split?.type === 'ServiceRequest' ? [split.id] : [];
  });
  const [orderId] = orders;
  return orderId === undefined ? write : { ...write, orderId };
}

/** By which it is found across patients: identifiers with and without their system, names with the birth date. */
function indexKeysOf(resource: FhirJson): IndexKey[] {
  const isPatient = resource.resourceType === 'Patient';
  const name = isPatient ? 'patient-identifier' : 'record-identifier';
  const keys = objectsAt(resource['identifier']).flatMap(({ system, value }): IndexKey[] => {
    if (typeof value !== 'string') return [];
    const systems = typeof system === 'string' ? [system, ''] : [''];
    return systems.map((one) => ({ name, valueHash: indexValueHash(name, [one, value], sha256) }));
  });
  const all = isPatient ? [...nameKeys(resource), ...keys] : keys;
  const unique = new Map(all.map((key) => [`${key.name}/${key.valueHash}`, key]));
  return [...unique.values()].slice(0, MAX_INDEX_KEYS);
}

function nameKeys({ name, birthDate }: FhirJson): IndexKey[] {
  if (typeof birthDate !== 'string') return [];
  return objectsAt(name).flatMap(({ family }): IndexKey[] =>
    typeof family === 'string'
      ? [
          {
            name: 'patient-name-birthdate',
            valueHash: indexValueHash('patient-name-birthdate', [family, birthDate], sha256),
          },
        ]
      : [],
  );
}
