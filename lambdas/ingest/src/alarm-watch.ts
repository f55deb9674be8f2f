import {
  type AlarmStatesInput,
  type AlarmStatesOutput,
  type Arrival,
  type ChunkHeader,
  chunkSummaries,
  type DeviceMoment,
  decodeChunk,
  evaluateArrival,
  isQuiet,
  isSameToReaders,
  LIVE_WITHIN_MS,
  MAX_ALARM_DEVICES,
  type PatientAlarms,
  type Wearer,
} from '@pulseledger/domain';
import { aborted } from './aborted.ts';
import type { AlarmRecorder, ChangedAlarms } from './alarm-recorder.ts';
import { Memory } from './memory.ts';

/**
 * How long a patient's alarms and limits are used without being read again: so much later at most does a limit that a doctor
 * sets take effect.
 */
const MAX_AGE_MS = 60_000;
/** How often a batch is evaluated anew because somebody else wrote in between. */
const ROUNDS = 3;

/** A chunk that is on the ledger, just now or from before. */
export interface CommittedChunk {
  readonly bytes: Uint8Array;
  readonly header: ChunkHeader;
  readonly receivedAtMs: number;
  /** Queue messages that brought it. */
  readonly messageIds: readonly string[];
}

/** What the watch needs from outside. */
export interface AlarmWatchPorts {
  readonly alarmStates: (input: AlarmStatesInput) => Promise<AlarmStatesOutput>;
  readonly recorder: AlarmRecorder;
  /** Says without any value that a patient's record has changed. Never rejects. */
  readonly hint: (pseudonym: string, blockNumber: number) => Promise<void>;
  readonly now: () => number;
}

/** What came of watching one batch. */
export interface WatchReport {
  /** Patients whose alarms were written. */
  readonly changed: number;
  /** Messages whose alarms could not be evaluated or written, and still matter. */
  readonly unfinishedMessageIds: readonly string[];
}

/** An evaluation that is not written yet. */
interface Draft extends ChangedAlarms {
  readonly pseudonym: string | null;
  readonly chunks: readonly CommittedChunk[];
}

/** How far a batch is. */
interface Progress {
  left: readonly CommittedChunk[];
  changed: number;
}

/**
 * Evaluates alarms after a commit. Chunks that change nothing, nearly all, cost no call of the ledger: a patient's limits and
 * alarms are remembered for a while, and only what readers would see differently is written.
 */
export class AlarmWatch {
  readonly #ports: AlarmWatchPorts;
  readonly #wearers = new Memory<Wearer>();
  readonly #patients = new Memory<PatientAlarms>();

  constructor(ports: AlarmWatchPorts) {
    this.#ports = ports;
  }

  /**
   * Evaluates chunks and writes what changed. Never throws: what fails comes back as unfinished, while its readings are live.
   * @param giveUpAtMs - Unix milliseconds; what is not written by then is unfinished.
   * @param abandoned - Ends the wait for a ledger that does not answer, with what is not finished by then.
   */
  async evaluate(
    chunks: readonly CommittedChunk[],
    giveUpAtMs: number,
    abandoned: AbortSignal,
  ): Promise<WatchReport> {
    const progress: Progress = { left: [...chunks].sort(byTime), changed: 0 };
    // What a failure leaves comes back as well.
    const rounds = this.#rounds(progress, giveUpAtMs).catch(() => undefined);
    await Promise.race([rounds, aborted(abandoned)]);
    const { left, changed } = progress;
    const { now } = this.#ports;
    const live = left.filter(({ header }) => now() - header.endMs <= LIVE_WITHIN_MS);
    for (const { header } of left) this.#forget(header.deviceId);
    return { changed, unfinishedMessageIds: live.flatMap(({ messageIds }) => messageIds) };
  }

  async #rounds(progress: Progress, giveUpAtMs: number): Promise<void> {
    for (let round = 0; round < ROUNDS && progress.left.length > 0; round += 1) {
      await this.#load(progress.left);
      const written = await this.#write(this.#drafts(progress.left), giveUpAtMs);
      progress.changed += written.recorded;
      progress.left = written.left;
    }
  }

  #forget(deviceId: string): void {
    const wearer = this.#wearers.peek(deviceId);
    if (typeof wearer?.patientId === 'string') this.#patients.forget(wearer.patientId);
    this.#wearers.forget(deviceId);
  }

  /** Reads what is not remembered about these devices. */
  async #load(chunks: readonly CommittedChunk[]): Promise<void> {
    const nowMs = this.#ports.now();
    const wanted = new Map<string, DeviceMoment>();
    for (const { header } of chunks) {
      const { deviceId, endMs: atMs } = header;
      const patientId = this.#wearers.get(deviceId, nowMs)?.patientId;
      const isKnown =
        patientId === null ||
        (patientId !== undefined && this.#patients.get(patientId, nowMs) !== undefined);
      if (!isKnown) wanted.set(deviceId, { deviceId, atMs });
    }
    const all = [...wanted.values()];
    for (let at = 0; at < all.length; at += MAX_ALARM_DEVICES) {
      const devices = all.slice(at, at + MAX_ALARM_DEVICES);
      const { wearers, patients } = await this.#ports.alarmStates({ devices });
      const untilMs = nowMs + MAX_AGE_MS;
      for (const wearer of wearers) this.#wearers.put(wearer.deviceId, wearer, untilMs);
      for (const patient of patients) this.#patients.put(patient.patientId, patient, untilMs);
    }
  }

  /** Evaluates in memory; the patients whose alarms are others to readers than those on the ledger. */
  #drafts(chunks: readonly CommittedChunk[]): Draft[] {
    const drafts: Draft[] = [];
    for (const [patientId, { pseudonym, own }] of this.#byPatient(chunks)) {
      const base = this.#patients.peek(patientId);
      if (base === undefined) continue;
      const after = own.reduce((patient, chunk) => this.#after(patient, chunk), base);
      if (isSameToReaders(base.state, after.state)) this.#patients.replace(patientId, after);
      else drafts.push({ patient: after, devices: devicesOf(own), pseudonym, chunks: own });
    }
    return drafts;
  }

  #byPatient(
    chunks: readonly CommittedChunk[],
  ): Map<string, { pseudonym: string | null; own: CommittedChunk[] }> {
    const patients = new Map<string, { pseudonym: string | null; own: CommittedChunk[] }>();
    for (const chunk of chunks) {
      const wearer = this.#wearers.peek(chunk.header.deviceId);
      if (wearer === undefined || wearer.patientId === null) continue;
      const { patientId, pseudonym } = wearer;
      const known = patients.get(patientId) ?? { pseudonym, own: [] };
      known.own.push(chunk);
      patients.set(patientId, known);
    }
    return patients;
  }

  #after(patient: PatientAlarms, { bytes, header, receivedAtMs }: CommittedChunk): PatientAlarms {
    const { deviceId, endMs } = header;
    const { state, settings } = patient;
    const tracks = state.devices.find((device) => device.deviceId === deviceId)?.tracks ?? [];
    const isPlain = isQuiet(chunkSummaries(bytes), settings, tracks);
    const readings = isPlain ? [] : decodeChunk(bytes).readings;
    const arrival: Arrival = { deviceId, endMs, receivedAtMs, readings };
    const evaluated = evaluateArrival(state, arrival, settings, this.#ports.now());
    return { ...patient, state: evaluated.state };
  }

  /** Writes drafts; the chunks of those that must be evaluated anew are left. */
  async #write(
    drafts: readonly Draft[],
    giveUpAtMs: number,
  ): Promise<{ recorded: number; left: CommittedChunk[] }> {
    if (drafts.length === 0) return { recorded: 0, left: [] };
    const results = await this.#ports.recorder.record(drafts, giveUpAtMs);
    const left: CommittedChunk[] = [];
    const hints: Promise<void>[] = [];
    for (const [index, draft] of drafts.entries()) {
      const { patient, pseudonym, chunks } = draft;
      const result = results[index];
      if (result?.status === 'recorded') {
        this.#patients.replace(patient.patientId, { ...patient, revision: patient.revision + 1 });
        if (pseudonym !== null) hints.push(this.#ports.hint(pseudonym, result.blockNumber));
        continue;
      }
      left.push(...chunks);
      for (const { header } of chunks) this.#forget(header.deviceId);
    }
    await Promise.allSettled(hints);
    return { recorded: hints.length, left };
  }
}

function byTime(one: CommittedChunk, other: CommittedChunk): number {
  return one.header.endMs - other.header.endMs;
}

/** Each device with its latest time. */
function devicesOf(chunks: readonly CommittedChunk[]): DeviceMoment[] {
  const latest = new Map(chunks.map(({ header }) => [header.deviceId, header.endMs]));
  return [...latest].map(([deviceId, atMs]) => ({ deviceId, atMs }));
}
