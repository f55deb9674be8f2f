import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { MAX_DURATION_MS, PulseError } from '@pulseledger/domain';
import type { Enrol } from '../device/enrolment.ts';
import { Outbox } from '../device/outbox.ts';
import { type DeliveryReport, deliver } from './delivery.ts';
import { detectFormat, IMPORTERS } from './detect.ts';
import { type FileReport, ReportBuilder } from './report.ts';
import { Staging } from './staging.ts';
import type { Format, ImportContext, ImportedReading, ImportSink } from './types.ts';

/** A reading this far ahead of the machine's clock is from the future. */
const MAX_AHEAD_MS = 300_000;

/** What to replay and how. */
export interface ReplayOptions {
  readonly files: readonly string[];
  readonly context: ImportContext;
  /** Take the files as this format instead of looking at their content. */
  readonly format?: Format;
  /** Replay nothing of a file in which anything is refused. */
  readonly strict: boolean;
  /** Take only the rows of this person, where a file names persons. */
  readonly person?: string;
  readonly onProgress?: (text: string) => void;
}

/** Where to deliver to. */
export interface ReplayTarget {
  readonly patientId: string;
  readonly enrol: Enrol;
  /** Folder of all replays; each patient gets one below it. */
  readonly folder: string;
  readonly patienceMs: number;
}

/** What became of all of it. */
export interface ReplayReport {
  readonly files: readonly FileReport[];
  /** None when nothing was to be delivered. */
  readonly delivery: DeliveryReport | null;
}

/** Checks what every importer must keep to, counts, and stages. */
class StagingSink implements ImportSink {
  readonly #staging: Staging;
  readonly #report: ReportBuilder;
  readonly #file: number;
  readonly #person: string | undefined;
  readonly #latestMs: number = Date.now() + MAX_AHEAD_MS;
  readonly #onRow: (rows: number) => void;
  #seenPerson: string | undefined;

  constructor(
    staging: Staging,
    report: ReportBuilder,
    file: number,
    person: string | undefined,
    onRow: (rows: number) => void,
  ) {
    this.#staging = staging;
    this.#report = report;
    this.#file = file;
    this.#person = person;
    this.#onRow = onRow;
  }

  row(): void {
    this.#report.rows += 1;
    this.#onRow(this.#report.rows);
  }

  reading(place: string, reading: ImportedReading): void {
    const problem = this.#problem(reading);
    if (problem !== undefined) {
      this.#report.refuse(place, problem);
      return;
    }
    const staged = this.#staging.add(reading, this.#file);
    if (staged === 'duplicate') this.#report.duplicate(place);
    if (staged === 'duplicate' || staged === 'copy') return;
    const { code, atMs, zoneOffsetMinutes, what } = reading;
    const absent = typeof what !== 'number';
    this.#report.take({ code, atMs, zoneOffsetMinutes, absent, already: staged === 'already' });
  }

  #problem({ atMs, durationMs = 0 }: ImportedReading): string | undefined {
    if (!Number.isSafeInteger(atMs) || atMs < 0) return 'a date before 1970';
    if (atMs + durationMs > this.#latestMs) return 'a date in the future';
    return durationMs > MAX_DURATION_MS ? 'lasts longer than a day' : undefined;
  }

  refuse(place: string, reason: string): void {
    this.#report.refuse(place, reason);
  }

  ignore(what: string): void {
    this.#report.ignore(what);
  }

  note(text: string): void {
    this.#report.note(text);
  }

  person(id: string): boolean {
    if (this.#person !== undefined) {
      if (id === this.#person) return true;
      this.#report.ignore('rows of other persons');
      return false;
    }
    this.#seenPerson ??= id;
    if (id === this.#seenPerson) return true;
    throw new PulseError(
      'conflict',
      'the file holds the readings of more than one person: choose one with --person ID',
    );
  }
}

async function stageFile(
  path: string,
  file: number,
  staging: Staging,
  options: ReplayOptions,
): Promise<FileReport> {
  const builder = new ReportBuilder(basename(path));
  const sink = new StagingSink(staging, builder, file, options.person, (rows) => {
    options.onProgress?.(`file ${file + 1} of ${options.files.length}: ${rows} rows read`);
  });
  try {
    builder.format = options.format ?? (await detectFormat(path));
    await IMPORTERS[builder.format](path, options.context, sink);
    const refused = builder.refusedCount;
    if (options.strict && refused > 0) {
      builder.failure = `strict: ${refused} refused, so nothing of the file is replayed`;
    } else if (builder.valid === 0) {
      builder.failure = 'no valid reading in the file';
    }
  } catch (error) {
    if (!(error instanceof PulseError)) throw error;
    builder.failure = error.message;
  }
  if (builder.failure === null) staging.finish();
  else staging.discardFile(file);
  return builder.report();
}

async function stageAll(staging: Staging, options: ReplayOptions): Promise<FileReport[]> {
  const reports: FileReport[] = [];
  for (const [index, path] of options.files.entries()) {
    reports.push(await stageFile(path, index, staging, options));
  }
  return reports;
}

/** Read and check recordings without sending anything anywhere. */
export async function checkRecordings(options: ReplayOptions): Promise<ReplayReport> {
  // An empty name is a private database on disk that vanishes when closed.
  const database = new DatabaseSync('');
  try {
    return { files: await stageAll(new Staging(database), options), delivery: null };
  } finally {
    database.close();
  }
}

/**
 * Read recordings and bring their readings to the ledger as devices of a patient. Replaying the same
 * again changes nothing; an interrupted replay goes on where it was.
 *
 * @throws PulseError when the system does not take the devices, or another replay is under way.
 */
export async function replay(options: ReplayOptions, target: ReplayTarget): Promise<ReplayReport> {
  const { patientId, enrol, patienceMs } = target;
  const name = createHash('sha256').update(patientId).digest('hex').slice(0, 16);
  const folder = join(target.folder, name);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const outbox = new Outbox(join(folder, 'replay.sqlite'));
  try {
    const staging = new Staging(outbox.database);
    const files = await stageAll(staging, options);
    staging.dropTaken();
    const onProgress = (answered: number, all: number): void => {
      options.onProgress?.(`${answered} of ${all} readings answered by the ledger`);
    };
    const delivery = await deliver({
      outbox,
      staging,
      folder,
      patientId,
      enrol,
      patienceMs,
      onProgress,
    });
    return { files, delivery };
  } finally {
    outbox.close();
  }
}
