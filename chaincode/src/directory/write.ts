import {
  DIRECTORY_COLLECTION,
  DIRECTORY_KEYS,
  type DirectoryDocument,
  type DirectoryWrite,
  directoryFacts,
  type IndexEntry,
  indexEntries,
  isOwnContactChange,
  keepsHistory,
  PulseError,
  requireResourceSize,
  WriteDirectoryInput,
  type WriteDirectoryOutput,
} from '@pulseledger/domain';
import type { Caller } from '../access/caller.ts';
import { sha256 } from '../crypto.ts';
import { ledgerKey, writeDocument } from '../store/documents.ts';
import type { Call, TransactionFunction } from '../transaction/invoke.ts';
import { inputOf } from '../transaction/transient.ts';
import { readEntry } from './stored-entry.ts';

function denied(text: string): PulseError {
  return new PulseError('access_denied', text);
}

/** Is the entry about the caller as a person: the own one, or one of the own roles? */
function isAbout({ subjectId }: Caller, { kind, id, resource }: DirectoryDocument): boolean {
  if (kind === 'Practitioner') return id === subjectId;
  return kind === 'PractitionerRole' && directoryFacts(resource).practitionerId === subjectId;
}

/** A version is written by the custodian's administrator; a doctor writes the own contact only. */
function requireWriter(caller: Caller, known: DirectoryDocument, write: DirectoryWrite): void {
  if (caller.role === 'administrator') {
    if (known.custodian === caller.mspId) return;
    throw denied('Only the organization that answers for the entry may change it.');
  }
  const isOwn =
    isAbout(caller, known) && isOwnContactChange(known.kind, known.resource, write.resource);
  if (!isOwn) throw denied('A doctor may change the own contact only.');
}

function requireAmendment(caller: Caller, known: DirectoryDocument, write: DirectoryWrite): void {
  requireWriter(caller, known, write);
  if (keepsHistory(known.kind, known.resource, write.resource)) return;
  throw new PulseError('conflict', 'A career is ended and followed by a new entry, never changed.');
}

function requireForm({ kind, resource }: DirectoryWrite): void {
  if (resource.resourceType !== kind) {
    throw new PulseError('invalid_input', 'The resource is of another type.');
  }
  requireResourceSize(resource);
}

function requireVersion(known: DirectoryDocument | undefined, ifVersion: number | null): void {
  if (ifVersion === (known?.version ?? null)) return;
  if (known === undefined) throw new PulseError('not_found', 'There is no such entry.');
  throw new PulseError(
    ifVersion === null ? 'conflict' : 'precondition_failed',
    ifVersion === null ? 'There is such an entry already.' : undefined,
  );
}

/** The writes of one transaction; the ledger would not show it what it wrote itself. */
class DirectoryWriter {
  readonly #call: Call<unknown>;
  readonly #written = new Map<string, DirectoryDocument>();

  constructor(call: Call<unknown>) {
    this.#call = call;
  }

  async #read(kind: DirectoryWrite['kind'], id: string): Promise<DirectoryDocument | undefined> {
    return this.#written.get(`${kind}/${id}`) ?? (await readEntry(this.#call.stub, kind, id));
  }

  /** Administrators add entries; who works at an organization is said by that organization. */
  async #requireCreator({ kind, resource }: DirectoryWrite): Promise<void> {
    const { role } = this.#call.caller;
    if (role !== 'administrator') throw denied('Only administrators add entries.');
    const { organizationId } = directoryFacts(resource);
    if (kind !== 'PractitionerRole' || organizationId === undefined) return;
    const organization = await this.#read('Organization', organizationId);
    if (organization === undefined) {
      throw new PulseError('not_found', 'There is no such organization in the directory.');
    }
    if (organization.custodian !== this.#call.caller.mspId) {
      throw denied('Only the organization itself says who works there.');
    }
  }

  /** Write one entry and what it is found by; its version. */
  async write(write: DirectoryWrite): Promise<number> {
    const { caller, nowMs } = this.#call;
    const { role, mspId } = caller;
    const { kind, id, ifVersion, resource, saltHex } = write;
    requireForm(write);
    if (this.#written.has(`${kind}/${id}`)) {
      throw new PulseError('invalid_input', 'An entry is written twice.');
    }
    const known = await this.#read(kind, id);
    requireVersion(known, ifVersion);
    if (known === undefined) await this.#requireCreator(write);
    else requireAmendment(caller, known, write);
    const document: DirectoryDocument = {
      ...{ kind, id, resource, saltHex },
      custodian: known?.custodian ?? mspId,
      version: (known?.version ?? 0) + 1,
      updatedAtMs: nowMs,
      updatedBy: { mspId, role: role === 'doctor' ? 'doctor' : 'administrator' },
    };
    await this.#put(document, known);
    return document.version;
  }

  async #put(document: DirectoryDocument, known: DirectoryDocument | undefined): Promise<void> {
    const { stub } = this.#call;
    const { kind, id, version } = document;
    const put = (key: Parameters<typeof writeDocument>[1]): Promise<void> =>
      writeDocument(stub, key, document, DIRECTORY_COLLECTION);
    await put(DIRECTORY_KEYS.entry(kind, id));
    await put(DIRECTORY_KEYS.version(kind, id, version));
    await this.#index(document, known);
    this.#written.set(`${kind}/${id}`, document);
  }

  async #index(document: DirectoryDocument, known: DirectoryDocument | undefined): Promise<void> {
    const { stub } = this.#call;
    const { kind, id, saltHex } = document;
    const nameOf = ({ index, value }: IndexEntry): string =>
      ledgerKey(stub, DIRECTORY_KEYS.index(kind, index, value, id));
    const before = new Set(known === undefined ? [] : placesOf(known).map(nameOf));
    const after = new Set(placesOf(document).map(nameOf));
    for (const key of before) {
      if (!after.has(key)) await stub.deletePrivateData(DIRECTORY_COLLECTION, key);
    }
    const value = Buffer.from(JSON.stringify({ saltHex }));
    for (const key of after) {
      if (!before.has(key)) await stub.putPrivateData(DIRECTORY_COLLECTION, key, value);
    }
  }
}

function placesOf({ kind, resource, updatedAtMs }: DirectoryDocument): IndexEntry[] {
  return indexEntries(kind, resource, updatedAtMs, sha256);
}

async function write(call: Call<WriteDirectoryInput>): Promise<WriteDirectoryOutput> {
  const writer = new DirectoryWriter(call);
  const versions: number[] = [];
  for (const one of call.input.writes) versions.push(await writer.write(one));
  return { versions };
}

export const WRITE_DIRECTORY: TransactionFunction<WriteDirectoryInput> = {
  name: 'directory:Write',
  input: inputOf(WriteDirectoryInput),
  run: write,
};
