import type { AbsentReason, VitalCode } from '@pulseledger/domain';

/** The kinds of recordings that can be replayed. */
export const FORMATS = ['fit', 'apple-health', 'open-mhealth', 'bedside', 'fitbit'] as const;
export type Format = (typeof FORMATS)[number];

/** The device or app that measured, as far as the recording says. */
export interface Source {
  /** Tells sources of one recording apart; may be personal, so it is only ever hashed. */
  readonly label: string;
  readonly manufacturer: string;
  readonly model: string;
}

/** One reading as the recording has it. */
export interface ImportedReading {
  readonly source: Source;
  readonly code: VitalCode;
  readonly unit: string;
  readonly atMs: number;
  readonly durationMs?: number;
  readonly zoneOffsetMinutes: number;
  /** The value, or why there is none. */
  readonly what: number | AbsentReason;
  /** The source record's own content: two records with the same are one record, written twice. */
  readonly identity: string;
  /** A copy that the format itself makes (Apple repeats a correlation's parts); not a duplicate. */
  readonly copy?: boolean;
}

/** Where the importer puts what it finds. */
export interface ImportSink {
  /** A row, record or point of the recording was read. */
  row: () => void;
  /** @param place Line or record number. */
  reading: (place: string, reading: ImportedReading) => void;
  /**
   * Something that should have been a reading is not valid.
   *
   * @param place Line or record number; never content.
   * @param reason What is wrong and what was expected; never a value of the recording.
   */
  refuse: (place: string, reason: string) => void;
  /** Valid, but nothing the record keeps (a distance, a workout). */
  ignore: (what: string) => void;
  /** Further facts for the report. */
  note: (text: string) => void;
  /**
   * The recording says whose row this is.
   *
   * @returns whether to take it.
   * @throws PulseError conflict when rows of two people would be mixed.
   */
  person: (id: string) => boolean;
}

/** What the person who replays knows and the recording may not. */
export interface ImportContext {
  /** IANA zone for times without an offset of their own. */
  readonly zone?: string;
  /** Start of a recording that counts from its own start. */
  readonly start?: Moment;
}

/** A moment, and the wearer's civil time at it. */
export interface Moment {
  readonly atMs: number;
  readonly zoneOffsetMinutes: number;
}

/** Reads one kind of recording. It throws PulseError only when the recording as a whole is unusable. */
export type Importer = (path: string, context: ImportContext, sink: ImportSink) => Promise<void>;
