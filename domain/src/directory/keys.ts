import { LATEST_MOMENT_MS } from '../identifiers.ts';
import type { RecordKey } from '../record/keys.ts';
import type { DirectoryKind } from './resource.ts';

/** Private collection of the directory: all organizations, endorsed by both providers. */
export const DIRECTORY_COLLECTION = 'directory';

/** What entries are found by; see {@link DIRECTORY_SEARCHES} for which of them which type has. */
export const DIRECTORY_INDEXES = [
  'identifier',
  'practitioner',
  'organization',
  'location',
  'name',
  'specialty',
  'place',
  'language',
  'updated',
] as const;
export type DirectoryIndex = (typeof DIRECTORY_INDEXES)[number];

const MOMENT_DIGITS = String(LATEST_MOMENT_MS).length;
const VERSION_DIGITS = 6;

/** A moment as it stands in keys. */
export function directoryMoment(atMs: number): string {
  return String(atMs).padStart(MOMENT_DIGITS, '0');
}

/** Keys of the directory's collection. */
export const DIRECTORY_KEYS: {
  readonly entry: (kind: DirectoryKind, id: string) => RecordKey;
  /** An earlier version. */
  readonly version: (kind: DirectoryKind, id: string, version: number) => RecordKey;
  readonly index: (
    kind: DirectoryKind,
    index: DirectoryIndex,
    value: string,
    id: string,
  ) => RecordKey;
  /** An organization's word about a qualification, the earliest first. */
  readonly attestation: (practitionerId: string, atMs: number, attestationId: string) => RecordKey;
  readonly dispute: (kind: DirectoryKind, id: string, disputeId: string) => RecordKey;
} = {
  entry: (kind, id) => ({ objectType: 'directory-entry', attributes: [kind, id] }),
  version: (kind, id, version) => ({
    objectType: 'directory-version',
    attributes: [kind, id, String(version).padStart(VERSION_DIGITS, '0')],
  }),
  index: (kind, index, value, id) => ({
    objectType: 'directory-index',
    attributes: [kind, index, value, id],
  }),
  attestation: (practitionerId, atMs, attestationId) => ({
    objectType: 'directory-attestation',
    attributes: [practitionerId, directoryMoment(atMs), attestationId],
  }),
  dispute: (kind, id, disputeId) => ({
    objectType: 'directory-dispute',
    attributes: [kind, id, disputeId],
  }),
};
