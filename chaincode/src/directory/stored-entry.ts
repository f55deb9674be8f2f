import {
  AttestationDocument,
  checkedNpis,
  checkedQualifications,
  DIRECTORY_COLLECTION,
  DIRECTORY_KEYS,
  DirectoryDocument,
  type DirectoryEntry,
  type DirectoryKind,
  type Dispute,
  DisputeDocument,
  directoryFacts,
  type QualificationAttestation,
} from '@pulseledger/domain';
import { parseDocument, readDocument } from '../store/documents.ts';
import { entries, rangeEnd, rangeStart } from '../store/range.ts';
import type { Call } from '../transaction/invoke.ts';
import type { LedgerStub } from '../transaction/ledger-context.ts';

/** Attestations and disputes of one entry that are looked at. */
const MAX_REMARKS = 500;

/** An entry as stored; undefined when there is none. */
export function readEntry(
  stub: LedgerStub,
  kind: DirectoryKind,
  id: string,
): Promise<DirectoryDocument | undefined> {
  const key = DIRECTORY_KEYS.entry(kind, id);
  return readDocument(stub, key, DirectoryDocument, DIRECTORY_COLLECTION);
}

async function valuesOf(
  stub: LedgerStub,
  objectType: string,
  attributes: readonly string[],
): Promise<Uint8Array[]> {
  const prefix = { objectType, attributes };
  const values: Uint8Array[] = [];
  const range = entries(stub, rangeStart(prefix), rangeEnd(prefix), DIRECTORY_COLLECTION);
  for await (const { value } of range) {
    values.push(value);
    if (values.length === MAX_REMARKS) break;
  }
  return values;
}

async function attestationsOf(
  stub: LedgerStub,
  { kind, id }: DirectoryDocument,
): Promise<QualificationAttestation[]> {
  if (kind !== 'Practitioner') return [];
  const values = await valuesOf(stub, 'directory-attestation', [id]);
  return values.map((value) => parseDocument(value, AttestationDocument).attestation);
}

async function disputesOf(stub: LedgerStub, { kind, id }: DirectoryDocument): Promise<Dispute[]> {
  const values = await valuesOf(stub, 'directory-dispute', [kind, id]);
  return values.map((value) => parseDocument(value, DisputeDocument).dispute);
}

/** An entry with what organizations say about it. It ranges, so only evaluated functions may ask. */
export async function entryView(
  { stub, nowMs }: Pick<Call<unknown>, 'stub' | 'nowMs'>,
  document: DirectoryDocument,
): Promise<DirectoryEntry> {
  const { kind, id, custodian, version, updatedAtMs, updatedBy, resource } = document;
  const facts = directoryFacts(resource);
  const attestations = await attestationsOf(stub, document);
  return {
    ...{ kind, id, custodian, version, updatedAtMs, updatedBy, resource },
    npis: checkedNpis(facts),
    qualifications: checkedQualifications(facts, attestations, nowMs),
    disputes: await disputesOf(stub, document),
  };
}
