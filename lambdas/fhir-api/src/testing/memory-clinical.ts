/** The clinical record in memory: versions, unique keys, indexes, permits and the policy of the contract itself. */
import { randomBytes } from 'node:crypto';
import {
  type AccessQuestion,
  type Action,
  decide,
  isOfClass,
  labGroupOf,
  MSP_IDS,
  PROVIDER_MSP_IDS,
  PulseError,
  type Purpose,
  RECORD_CLASSES,
  type ReadRecordsInput,
  type ReadRecordsOutput,
  type RecordClass,
  type RecordView,
  type RecordWrite,
  standsFor,
  takenAtMs,
  testsOrdered,
  versionAttribute,
  type WriteRecordsInput,
} from '@pulseledger/domain';
import { type OpenedChart, PermitCache } from '@pulseledger/ledger';
import type {
  ChartsPort,
  ClinicalPort,
  DirectoryEntry,
  DirectoryPort,
  DirectoryWriter,
  Written,
} from '../record/clinical-port.ts';
import type { Caller } from '../smart/token.ts';
import { MemoryCharts } from './memory-charts.ts';
import type { MemoryRecord } from './memory-record.ts';

const PERMIT_MS = 1_800_000;

interface Stored {
  readonly patientId: string;
  readonly versions: RecordView[];
  readonly write: RecordWrite;
}

interface Permit {
  readonly subject: string;
  readonly patientId: string;
  readonly classes: readonly RecordClass[];
  readonly purpose: Purpose;
  readonly untilMs: number;
}

/** One entry of the access log. */
export interface Opening {
  readonly subjectId: string;
  readonly patientId: string;
  readonly classes: readonly RecordClass[];
  readonly permitted: readonly RecordClass[];
}

export class MemoryClinical {
  readonly #people: MemoryRecord;
  readonly #now: () => number;
  readonly #records = new Map<string, Stored>();
  readonly #unique = new Map<string, string>();
  readonly #permits = new Map<string, Permit>();
  readonly #cache: PermitCache;
  readonly #directory = new Map<string, DirectoryEntry>();
  readonly #entryVersions = new Map<string, DirectoryEntry[]>();
  /** Patients registered by writing a Patient. */
  readonly #registered = new Set<string>();
  readonly log: Opening[] = [];
  /** Groups of authors of psychotherapy notes, by subject. */
  readonly authorGroups: Map<string, readonly string[]> = new Map();
  /** Patients whose record is erased, and records that are. */
  readonly erased: Set<string> = new Set();
  /** Called before each write is committed: where a test lets others write in between. */
  beforeCommit: (() => Promise<void>) | undefined;

  constructor(people: MemoryRecord, now: () => number) {
    this.#people = people;
    this.#now = now;
    this.#cache = new PermitCache(now);
  }

  get size(): number {
    return this.#records.size;
  }

  /** Everything that is stored, as text. */
  stored(): string {
    return JSON.stringify([...this.#records.values()]);
  }

  /** Purges all of a patient; how many records there were. */
  eraseRecords(patientId: string): number {
    const all = [...this.#records].filter(([, stored]) => stored.patientId === patientId);
    for (const [recordId] of all) {
      this.#records.delete(recordId);
      this.erased.add(recordId);
    }
    this.erased.add(patientId);
    return all.length;
  }

  addEntry(entry: DirectoryEntry): void {
    this.#directory.set(`${entry.type}/${entry.id}`, entry);
  }

  readonly directory: DirectoryPort = {
    list: (type) =>
      Promise.resolve(
        [...this.#directory.values()]
          .filter((entry) => entry.type === type)
          .sort((a, b) => (a.id < b.id ? -1 : 1)),
      ),
    readAll: (type, ids) =>
      Promise.resolve(ids.flatMap((id) => this.#directory.get(`${type}/${id}`) ?? [])),
    history: (type, id) => Promise.resolve(this.#entryVersions.get(`${type}/${id}`) ?? []),
    read: (type, id) => {
      const entry = this.#directory.get(`${type}/${id}`);
      return entry === undefined
        ? Promise.reject(new PulseError('not_found'))
        : Promise.resolve(entry);
    },
  };

  /** As the contract has it: administrators of a provider. */
  writerFor(caller: Caller): Pick<DirectoryWriter, 'write'> {
    return {
      write: (writes) =>
        attempt(() => {
          if (caller.role !== 'administrator') throw new PulseError('access_denied');
          return writes.map(({ kind, id, ifVersion, resource }) => {
            const key = `${kind}/${id}`;
            const version = (ifVersion ?? 0) + 1;
            if ((this.#directory.get(key)?.version ?? null) !== ifVersion) {
              throw new PulseError('precondition_failed');
            }
            const entry = { type: kind, id, version, lastUpdatedMs: this.#now(), resource };
            this.#directory.set(key, entry);
            this.#entryVersions.set(key, [entry, ...(this.#entryVersions.get(key) ?? [])]);
            return version;
          });
        }),
    };
  }

  chartsOf(caller: Caller, purpose: Purpose): ChartsPort {
    const open = (patientId: string, recordClasses: readonly RecordClass[]): OpenedChart =>
      this.#open(caller, patientId, purpose, recordClasses);
    return new MemoryCharts(this.#cache, `${subjectOf(caller)}/${purpose}`, open);
  }

  as(caller: Caller): ClinicalPort {
    const may = this.#may.bind(this, caller);
    return {
      writeRecords: (input, purpose) => this.#write(caller, input, purpose),
      writeFirstBasics: (input) => {
        if (!may(input.patientId, 'amend', 'basics', [])) {
          return Promise.reject(new PulseError('access_denied'));
        }
        this.#registered.add(input.patientId);
        return this.#write(caller, input, 'TREAT');
      },
      readRecords: (input) => attempt(() => this.#read(caller, input)),
      readVersion: ({ patientId, permitId, recordClass, recordId, version }) =>
        attempt(() => {
          const stored = this.#one(caller, { patientId, permitId, recordClass, recordId });
          const found = stored.versions.find((view) => view.version === version);
          if (found === undefined) throw new PulseError('not_found');
          return found;
        }),
      recordHistory: ({ pageSize, beforeVersion = Infinity, ...place }) =>
        attempt(() => {
          const all = this.#one(caller, place).versions.filter(
            ({ version }) => version < beforeVersion,
          );
          const versions = all.toReversed().slice(0, pageSize);
          return { versions, more: all.length > versions.length };
        }),
      locateRecord: ({ recordId }) =>
        attempt(() => {
          if (this.erased.has(recordId)) throw new PulseError('gone');
          const stored = this.#records.get(recordId);
          const view = stored?.versions.at(-1);
          if (stored === undefined || view === undefined) throw new PulseError('not_found');
          const { recordClass, labels } = view;
          if (!may(stored.patientId, 'read', recordClass, labels))
            throw new PulseError('not_found');
          return { patientId: stored.patientId, recordClass, recordId };
        }),
      findByKey: ({ indexName, valueHash }) =>
        attempt(() => {
          const places = [...this.#records.values()].flatMap(({ patientId, versions, write }) => {
            const view = versions.at(-1);
            const isFound = write.indexKeys?.some(
              (key) => key.name === indexName && key.valueHash === valueHash,
            );
            if (view === undefined || view.deleted || isFound !== true) return [];
            const { recordClass, recordId, labels } = view;
            return may(patientId, 'read', recordClass, labels)
              ? [{ patientId, recordClass, recordId }]
              : [];
          });
          return { places, more: false };
        }),
      findUnique: ({ patientId, uniqueKey }) =>
        attempt(() => {
          const recordId = this.#unique.get(`${patientId ?? 'registry'}/${uniqueKey}`);
          const stored = recordId === undefined ? undefined : this.#records.get(recordId);
          const view = stored?.versions.at(-1);
          if (stored === undefined || view === undefined) throw new PulseError('not_found');
          const { recordClass } = view;
          return { patientId: stored.patientId, recordClass, recordId: view.recordId };
        }),
    };
  }

  /** Latest version of a record that the caller may do this with. @throws PulseError as the contract */
  versionFor(caller: Caller, action: 'correct' | 'amend', recordId: string): number {
    const stored = this.#records.get(recordId);
    const view = stored?.versions.at(-1);
    if (stored === undefined || view === undefined) throw new PulseError('not_found');
    const { recordClass, labels, version } = view;
    if (this.#may(caller, stored.patientId, action, recordClass, labels)) return version;
    throw new PulseError('access_denied');
  }

  #may(
    caller: Caller,
    patientId: string,
    action: Action,
    recordClass: RecordClass,
    labels: readonly string[],
    purpose?: Purpose,
  ): boolean {
    const mspId = MSP_IDS[caller.organization];
    const isSelf = caller.role === 'patient' && caller.subjectId === patientId;
    const treats = this.#people.treats(patientId, caller);
    const always = { fromMs: 0, untilMs: null };
    const question: AccessQuestion = {
      subject: { id: caller.subjectId, role: caller.role, mspId },
      action,
      recordClass,
      labels,
      purpose: purpose ?? (isSelf ? 'PATRQT' : 'TREAT'),
      atMs: this.#now(),
      patient: {
        registeredAt: PROVIDER_MSP_IDS,
        birthDate: null,
        emergencyOptOut: false,
        restricted: false,
        erased: this.erased.has(patientId),
      },
      relations: [
        ...(isSelf ? [{ kind: 'self' as const, mspId: null, ...always }] : []),
        ...(treats ? [{ kind: 'treating' as const, mspId, ...always }] : []),
      ],
      consents: [],
      authorGroup: this.authorGroups.has(caller.subjectId),
    };
    return decide(question).outcome === 'permit';
  }

  #open(
    caller: Caller,
    patientId: string,
    purpose: Purpose,
    classes: readonly RecordClass[],
  ): OpenedChart {
    const permitted = classes.filter((one) =>
      this.#may(caller, patientId, 'read', one, [], purpose),
    );
    const permitId = randomBytes(16).toString('hex');
    const untilMs = this.#now() + PERMIT_MS;
    const subject = subjectOf(caller);
    this.#permits.set(permitId, { subject, patientId, classes: permitted, purpose, untilMs });
    this.log.push({ subjectId: caller.subjectId, patientId, classes, permitted });
    const decisions = classes.map((recordClass) => ({
      ...{ action: 'read' as const, recordClass, labels: [], reason: 'treating' as const },
      outcome: permitted.includes(recordClass) ? ('permit' as const) : ('deny' as const),
    }));
    return { permitId, recordClasses: permitted, decisions, untilMs };
  }

  #permit(caller: Caller, patientId: string, permitId: string): Permit {
    const permit = this.#permits.get(permitId);
    const isLive = permit !== undefined && permit.untilMs > this.#now();
    if (!isLive || permit.subject !== subjectOf(caller) || permit.patientId !== patientId) {
      throw new PulseError('access_denied');
    }
    return permit;
  }

  #one(
    caller: Caller,
    place: { patientId: string; permitId: string; recordClass: RecordClass; recordId: string },
  ): Stored {
    const permit = this.#permit(caller, place.patientId, place.permitId);
    const stored = this.#records.get(place.recordId);
    const view = stored?.versions.at(-1);
    if (stored?.patientId !== place.patientId || view?.recordClass !== place.recordClass) {
      throw new PulseError('not_found');
    }
    const { recordClass, labels } = view;
    const isOpen = permit.classes.includes(recordClass) && this.#isOwnNote(caller, view);
    if (
      !isOpen ||
      !this.#may(caller, place.patientId, 'read', recordClass, labels, permit.purpose)
    ) {
      throw new PulseError('not_found');
    }
    return stored;
  }

  /** A psychotherapy note is for its group; a deleted one for nobody. */
  #isOwnNote({ subjectId }: Caller, { recordClass, resource }: RecordView): boolean {
    const groupId = resource?.['groupId'];
    const groups: readonly unknown[] = this.authorGroups.get(subjectId) ?? [];
    return recordClass !== 'psychotherapy-note' || groups.includes(groupId);
  }

  #read(caller: Caller, input: ReadRecordsInput): ReadRecordsOutput {
    const { patientId, permitId, recordId, recordClasses = RECORD_CLASSES } = input;
    const permit = this.#permit(caller, patientId, permitId);
    if (recordId !== undefined) {
      const [recordClass = 'other'] = recordClasses;
      const stored = this.#one(caller, { patientId, permitId, recordClass, recordId });
      return { records: stored.versions.slice(-1) };
    }
    const { history } = input;
    const after = input.bookmark?.slice(input.bookmark.indexOf('.') + 1) ?? '';
    const all = [...this.#records.values()]
      .flatMap((stored) => (stored.patientId === patientId ? versionsAsked(stored, history) : []))
      .filter(
        (view) =>
          (history !== undefined || !view.deleted) &&
          placeIn(view) > after &&
          recordClasses.includes(view.recordClass) &&
          permit.classes.includes(view.recordClass) &&
          this.#isOwnNote(caller, view) &&
          this.#may(caller, patientId, 'read', view.recordClass, view.labels, permit.purpose),
      )
      .sort((a, b) => (placeIn(a) < placeIn(b) ? -1 : 1));
    const records = all.slice(0, input.pageSize);
    const last = records.at(-1);
    return all.length > records.length && last !== undefined
      ? { records, bookmark: `other.${placeIn(last)}` }
      : { records };
  }

  async #write(caller: Caller, input: WriteRecordsInput, purpose: Purpose): Promise<Written> {
    await this.beforeCommit?.();
    const { patientId, writes } = input;
    const isNew = writes.some(
      ({ recordClass, ifVersion }) => recordClass === 'basics' && ifVersion === null,
    );
    const isRegistering = isNew && !this.#registered.has(patientId);
    if (isRegistering && !this.#may(caller, patientId, 'register', 'basics', [], purpose)) {
      throw new PulseError('access_denied');
    }
    if (isRegistering) this.#people.treat(patientId, caller);
    try {
      for (const write of writes) this.#check(caller, patientId, write, purpose);
    } catch (error) {
      if (isRegistering) this.#people.endTreating(patientId, caller);
      throw error;
    }
    if (isRegistering) this.#registered.add(patientId);
    const versions = writes.map((write) => this.#commit(caller, patientId, write));
    return { versions, writtenAtMs: this.#now() };
  }

  #check(caller: Caller, patientId: string, write: RecordWrite, purpose: Purpose): void {
    const { recordClass, ifVersion, resource, labels } = write;
    const isOwnRegistration = recordClass === 'basics' && ifVersion === null;
    const isAllowed = this.#may(caller, patientId, actionOf(write), recordClass, labels, purpose);
    if (!isOwnRegistration && !isAllowed) throw new PulseError('access_denied');
    const isNote = recordClass === 'psychotherapy-note';
    if (resource !== null && !isNote && !isOfClass(resource, recordClass))
      throw new PulseError('invalid_input');
    this.#checkVersion(patientId, write);
    this.#requireReason(caller, patientId, write, purpose);
  }

  #requireReason(caller: Caller, patientId: string, write: RecordWrite, purpose: Purpose): void {
    if (write.recordClass !== 'order') return;
    const views = [...this.#records.values()].flatMap((stored) =>
      stored.patientId === patientId ? stored.versions.slice(-1) : [],
    );
    const before = views.find(({ recordId }) => recordId === write.recordId)?.resource ?? null;
    const readable = views.filter(({ recordClass, labels }) =>
      this.#may(caller, patientId, 'read', recordClass, labels, purpose),
    );
    for (const loinc of testsOrdered(before, write.resource)) {
      const newest = newestStanding(readable, loinc, this.#now());
      const isNamed = newest === undefined || write.repeat?.shown.includes(newest.recordId);
      if (isNamed !== true) throw new PulseError('reason_needed');
    }
  }

  #checkVersion(
    patientId: string,
    { recordId, ifVersion, uniqueKey, recordClass }: RecordWrite,
  ): void {
    this.#requirePlace(patientId, recordId, ifVersion);
    const key = `${recordClass === 'basics' ? 'registry' : patientId}/${uniqueKey ?? ''}`;
    if (uniqueKey !== undefined && this.#unique.has(key)) throw new PulseError('already_exists');
  }

  #requirePlace(patientId: string, recordId: string, ifVersion: number | null): void {
    const stored = this.#records.get(recordId);
    const present = stored?.versions.at(-1)?.version ?? null;
    if (stored !== undefined && stored.patientId !== patientId) throw new PulseError('conflict');
    if (present !== ifVersion) throw new PulseError('precondition_failed');
  }

  #commit(caller: Caller, patientId: string, write: RecordWrite): number {
    const { recordClass, recordId, resource, labels, uniqueKey } = write;
    const versions = this.#records.get(recordId)?.versions ?? [];
    const version = versions.length + 1;
    versions.push({
      recordClass,
      recordId,
      version,
      deleted: resource === null,
      resource: resource === null ? null : structuredClone(resource),
      labels,
      authorId: caller.subjectId,
      authorRole: caller.role,
      mspId: MSP_IDS[caller.organization],
      writtenAtMs: this.#now(),
      attachments: [],
      orderId: null,
      repeat: write.repeat ?? null,
    });
    this.#records.set(recordId, { patientId, versions, write });
    if (uniqueKey !== undefined) {
      this.#unique.set(
        `${recordClass === 'basics' ? 'registry' : patientId}/${uniqueKey}`,
        recordId,
      );
    }
    return version;
  }
}

function versionsAsked(
  { versions }: Stored,
  history: ReadRecordsInput['history'],
): readonly RecordView[] {
  const [latest] = versions.slice(-1);
  if (latest === undefined || history === undefined) return versions.slice(-1);
  return latest.writtenAtMs >= history.sinceMs ? versions : [];
}

function placeIn({ recordId, version }: RecordView): string {
  return `${recordId}.${versionAttribute(version)}`;
}

function newestStanding(
  views: readonly RecordView[],
  loinc: string,
  nowMs: number,
): RecordView | undefined {
  const group = labGroupOf(loinc);
  const standing = views.filter(
    ({ recordClass, resource }) =>
      recordClass === 'result' &&
      group !== undefined &&
      resource !== null &&
      standsFor(resource, group, nowMs),
  );
  const takenAt = ({ resource }: RecordView): number =>
    resource === null ? 0 : (takenAtMs(resource) ?? 0);
  return standing.sort((a, b) => takenAt(b) - takenAt(a))[0];
}

function actionOf({ ifVersion, resource }: RecordWrite): Action {
  if (ifVersion === null) return 'create';
  return resource === null ? 'delete' : 'amend';
}

function subjectOf({ subjectId, role, organization }: Caller): string {
  return `${subjectId}/${role}/${organization}`;
}

function attempt<Answer>(act: () => Answer): Promise<Answer> {
  return new Promise((resolve) => {
    resolve(act());
  });
}
