/** The record port's twin in memory: the contract's rules of reading, paging and order, without a network. */
import {
  attachSignature,
  type Chunk,
  type ChunkContent,
  type DeviceGaps,
  type DeviceView,
  decodeChunk,
  encodeChunk,
  MAX_PAGE_BYTES,
  MAX_SCANNED_CHUNKS,
  MSP_IDS,
  type PatientBasics,
  type PatientView,
  PROVIDER_MSP_IDS,
  PulseError,
  partitionReadings,
  type ReadChunksOutput,
  type Reading,
  SIGNATURE_BYTES,
} from '@pulseledger/domain';
import type { RecordPort, VitalsInput } from '../record/port.ts';
import type { Caller } from '../smart/token.ts';

const READING_ROLES: readonly Caller['role'][] = ['patient', 'doctor', 'nurse'];
const HOUR_MS = 3_600_000;

interface StoredChunk {
  readonly key: string;
  readonly patientId: string;
  readonly bytes: Uint8Array;
  readonly chunk: Chunk;
}

/** What a device sends: readings that begin at a sequence. */
export interface Sent {
  readonly deviceId: string;
  readonly boot?: number;
  readonly firstSequence: number;
  readonly zoneOffsetMinutes?: number;
  readonly readings: readonly Reading[];
}

/** How a page is limited, in place of the contract's own limits. */
export interface PageLimits {
  readonly scannedChunks?: number;
  readonly pageSize?: number;
}

export class MemoryRecord {
  readonly #patients = new Map<string, PatientBasics>();
  readonly #devices = new Map<string, Omit<DeviceView, 'assignments'>>();
  readonly #wearers = new Map<string, string>();
  readonly #treating = new Set<string>();
  readonly #limits: PageLimits;
  readonly #chunks: StoredChunk[] = [];
  #isSorted = true;
  /** Calls of readChunks so far. */
  reads = 0;

  constructor(limits: PageLimits = {}) {
    this.#limits = limits;
  }

  addPatient(patientId: string, basics: PatientBasics): void {
    this.#patients.set(patientId, basics);
  }

  treat(patientId: string, caller: Pick<Caller, 'organization' | 'subjectId'>): void {
    this.#treating.add(relation(patientId, caller));
  }

  /** Does this person treat the patient? */
  treats(patientId: string, caller: Pick<Caller, 'organization' | 'subjectId'>): boolean {
    return this.#treating.has(relation(patientId, caller));
  }

  /** Whom this person treats. @throws PulseError `access_denied` for who treats nobody by their role */
  patientsOf(caller: Caller): PatientView[] {
    if (caller.role !== 'doctor' && caller.role !== 'nurse') throw new PulseError('access_denied');
    return [...this.#patients]
      .filter(([patientId]) => this.treats(patientId, caller))
      .map(([patientId, basics]) => ({ patientId, basics, pseudonym: patientId }));
  }

  endTreating(patientId: string, caller: Pick<Caller, 'organization' | 'subjectId'>): void {
    this.#treating.delete(relation(patientId, caller));
  }

  addDevice(patientId: string, view: Omit<DeviceView, 'assignments'>): void {
    this.#devices.set(view.deviceId, view);
    this.#wearers.set(view.deviceId, patientId);
  }

  /** Records readings as chunks of their hours, as a device cuts them. */
  send(sent: Sent): void {
    let { firstSequence } = sent;
    for (const readings of partitionReadings(sent.readings)) {
      this.#put({
        deviceId: sent.deviceId,
        boot: sent.boot ?? 1,
        firstSequence,
        zoneOffsetMinutes: sent.zoneOffsetMinutes ?? 0,
        readings,
        salt: new Uint8Array(16),
      });
      firstSequence += readings.length;
    }
  }

  #put(content: ChunkContent): void {
    const bytes = attachSignature(encodeChunk(content), new Uint8Array(SIGNATURE_BYTES));
    const chunk = decodeChunk(bytes);
    const patientId = this.#wearers.get(content.deviceId) ?? '';
    const hour = Math.floor(chunk.startMs / HOUR_MS);
    const parts = [hour, chunk.deviceId, chunk.boot, chunk.firstSequence];
    const key = parts.map((part) => String(part).padStart(32, '0')).join('/');
    this.#chunks.push({ key, patientId, bytes, chunk });
    this.#isSorted = false;
  }

  /** The record as this caller may read it. */
  as(caller: Caller): RecordPort {
    return {
      readChunks: (input) => attempt(() => this.#readChunks(caller, input)),
      findChunk: ({ deviceId, boot, sequence, atMs }) =>
        attempt(() => {
          if (!READING_ROLES.includes(caller.role)) throw new PulseError('access_denied');
          const found = this.#chunks.find(
            ({ chunk }) =>
              chunk.deviceId === deviceId &&
              chunk.boot === boot &&
              chunk.readings[sequence - chunk.firstSequence]?.atMs === atMs,
          );
          if (found === undefined || !this.#mayRead(caller, found.patientId)) {
            throw new PulseError('not_found');
          }
          return { patientId: found.patientId, chunk: base64(found.bytes) };
        }),
      readPatient: ({ patientId }) =>
        attempt(() => {
          this.#authorize(caller, patientId);
          const basics = this.#patients.get(patientId);
          if (basics === undefined) throw new PulseError('not_found');
          return { patientId, basics, pseudonym: patientId };
        }),
      readDevice: ({ deviceId }) =>
        attempt(() => {
          const view = this.#devices.get(deviceId);
          const patientId = this.#wearers.get(deviceId) ?? '';
          this.#authorize(caller, patientId);
          if (view === undefined) throw new PulseError('not_found');
          return { ...view, assignments: [{ patientId, fromMs: 0, untilMs: null }] };
        }),
      listDevicesByPatient: ({ patientId }) =>
        attempt(() => {
          this.#authorize(caller, patientId);
          const worn = [...this.#devices.values()].filter(
            ({ deviceId }) => this.#wearers.get(deviceId) === patientId,
          );
          const assignments = [{ patientId, fromMs: 0, untilMs: null }];
          return { devices: worn.map((view) => ({ ...view, assignments })) };
        }),
      readGaps: ({ deviceId }) =>
        attempt(() => {
          const isReader = this.#mayRead(caller, this.#wearers.get(deviceId) ?? '');
          if (!isReader && !isCustodian(caller)) throw new PulseError('access_denied');
          return this.#gapsOf(deviceId);
        }),
      listGaps: ({ pageSize, bookmark = '' }) =>
        attempt(() => {
          if (!isCustodian(caller)) throw new PulseError('access_denied');
          const ids = [...this.#devices.keys()].filter((id) => id > bookmark).sort();
          const page = ids.slice(0, pageSize);
          const devices = page.map((id) => this.#gapsOf(id));
          return ids.length > pageSize ? { devices, bookmark: page.at(-1) } : { devices };
        }),
    };
  }

  /** Of one boot without gaps but at its beginning, which is all that the tests here need. */
  #gapsOf(deviceId: string): DeviceGaps {
    const view = this.#devices.get(deviceId);
    if (view === undefined) throw new PulseError('not_found');
    const first = Math.min(
      ...this.#chunks
        .filter(({ chunk }) => chunk.deviceId === deviceId)
        .map(({ chunk }) => chunk.firstSequence),
    );
    const missing: DeviceGaps['boots'][number]['missing'] = first > 0 ? [[0, first - 1]] : [];
    const times = { measuredFromMs: null, measuredUntilMs: null };
    return {
      deviceId,
      status: view.status,
      contact: 'current',
      lastMeasuredMs: null,
      lastReceivedMs: null,
      lastCommittedMs: null,
      clockOffsetMs: null,
      recordedReadings: 0,
      missingReadings: first,
      boots: [{ boot: 1, recorded: 0, missing, state: 'pending', ...times }],
      isWhole: true,
      atMs: 0,
    };
  }

  #authorize(caller: Caller, patientId: string): void {
    if (!this.#mayRead(caller, patientId)) throw new PulseError('access_denied');
  }

  #mayRead(caller: Caller, patientId: string): boolean {
    if (!PROVIDER_MSP_IDS.includes(MSP_IDS[caller.organization])) return false;
    if (caller.role === 'patient') return caller.subjectId === patientId;
    if (caller.role !== 'doctor' && caller.role !== 'nurse') return false;
    return this.#treating.has(relation(patientId, caller));
  }

  #readChunks(caller: Caller, input: VitalsInput): ReadChunksOutput {
    this.reads += 1;
    this.#authorize(caller, input.patientId);
    if (!this.#isSorted) this.#chunks.sort((a, b) => (a.key < b.key ? -1 : 1));
    this.#isSorted = true;
    const firstHour = String(Math.floor(input.fromMs / HOUR_MS)).padStart(32, '0');
    const from = input.bookmark ?? firstHour;
    const inRange = this.#chunks.filter(
      ({ key, patientId, chunk }) =>
        patientId === input.patientId && key >= from && chunk.startMs < input.toMs,
    );
    const scanned = inRange.slice(0, this.#limits.scannedChunks ?? MAX_SCANNED_CHUNKS);
    const page: string[] = [];
    let bytes = 0;
    for (const stored of scanned) {
      if (!isWanted(stored.chunk, input)) continue;
      const isFull = page.length >= (this.#limits.pageSize ?? input.pageSize);
      if (isFull || bytes >= MAX_PAGE_BYTES) return { chunks: page, bookmark: stored.key };
      page.push(base64(stored.bytes));
      bytes += stored.bytes.length;
    }
    const rest = inRange[scanned.length];
    return rest === undefined ? { chunks: page } : { chunks: page, bookmark: rest.key };
  }
}

/** All devices of the story are the hospital's. */
function isCustodian({ role, organization }: Caller): boolean {
  return role === 'administrator' && organization === 'hospital';
}

function isWanted(chunk: Chunk, input: VitalsInput): boolean {
  const { fromMs, toMs, codes } = input;
  return (
    chunk.readings.some(({ atMs }) => atMs >= fromMs && atMs < toMs) &&
    (codes === undefined || chunk.readings.some(({ code }) => codes.includes(code)))
  );
}

function relation(patientId: string, caller: Pick<Caller, 'organization' | 'subjectId'>): string {
  return `${patientId}/${caller.subjectId}/${caller.organization}`;
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

function attempt<Answer>(act: () => Answer): Promise<Answer> {
  return new Promise((resolve) => {
    resolve(act());
  });
}
