/** Between what is stored and what is shown: id, version, time and labels stand beside the resource in the record. */
import { LABELS, type RecordView } from '@pulseledger/domain';
import { type FhirJson, isObject, type JsonObject } from '../definitions/fhir-json.ts';
import type { DirectoryEntry } from './clinical-port.ts';

const ACT_CODE = 'http://terminology.hl7.org/CodeSystem/v3-ActCode';
const CONFIDENTIALITY = 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality';
const LABEL_SYSTEMS: readonly unknown[] = [ACT_CODE, CONFIDENTIALITY];

/** A version of something, as it is shown. */
export interface Versioned {
  readonly id: string;
  readonly version: number;
  readonly lastUpdatedMs: number;
  readonly isDeleted: boolean;
  /** With id and meta; null for a deleted one. */
  readonly resource: FhirJson | null;
}

export function shownRecord(view: RecordView): Versioned {
  const { recordId, version, writtenAtMs, labels, resource } = view;
  const shown =
    resource === null ? null : withMeta(resource, recordId, version, writtenAtMs, labels);
  return {
    id: recordId,
    version,
    lastUpdatedMs: writtenAtMs,
    isDeleted: view.deleted,
    resource: shown,
  };
}

export function shownEntry(entry: DirectoryEntry): Versioned {
  const { id, version, lastUpdatedMs, resource } = entry;
  return {
    id,
    version,
    lastUpdatedMs,
    isDeleted: false,
    resource: withMeta(resource, id, version, lastUpdatedMs, []),
  };
}

function withMeta(
  resource: FhirJson,
  id: string,
  version: number,
  lastUpdatedMs: number,
  labels: readonly string[],
): FhirJson {
  const { resourceType, meta, ...rest } = without(resource, 'id');
  const security = labels.map((code) => ({
    system: code.length === 1 ? CONFIDENTIALITY : ACT_CODE,
    code,
  }));
  return {
    resourceType,
    id,
    meta: {
      ...(isObject(meta) ? meta : {}),
      versionId: String(version),
      lastUpdated: new Date(lastUpdatedMs).toISOString(),
      ...(security.length > 0 ? { security } : {}),
    },
    ...rest,
  };
}

function without(resource: FhirJson, name: string): FhirJson {
  const { resourceType, ...members } = resource;
  const kept = Object.entries(members).filter(([member]) => member !== name);
  return { resourceType, ...Object.fromEntries(kept) };
}

/** What a client may say in `meta`; versions, times and labels of ours are not for it to say. */
const CLIENT_META = ['profile', 'tag', 'source'];

/** What is stored of a resource that a client sends: neither its id nor what only we can say. */
export function storedForm(resource: FhirJson): FhirJson {
  const { meta, ...rest } = without(resource, 'id');
  if (!isObject(meta)) return rest;
  const kept = Object.fromEntries(
    Object.entries(meta).filter(([name]) => CLIENT_META.includes(name)),
  );
  return Object.keys(kept).length > 0 ? { ...rest, meta: kept } : rest;
}

/**
 * The labels that a client asks for, and those the record has: a client adds protection; without naming a label it
 * does not take it away.
 */
export function labelsOf(resource: FhirJson, had: readonly string[] = []): string[] {
  const meta: unknown = resource['meta'];
  const security: unknown = isObject(meta) ? meta['security'] : undefined;
  const given = Array.isArray(security) ? security.filter(isObject).flatMap(labelIn) : [];
  return [...new Set([...had, ...given])].sort();
}

function labelIn({ system, code }: JsonObject): string[] {
  const label = LABELS.find((known) => known === code);
  return label !== undefined && LABEL_SYSTEMS.includes(system) ? [label] : [];
}
