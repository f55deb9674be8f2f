/** What a route works with. */
import type { LoginAddresses } from '../config.ts';
import type { Chart } from '../record/chart.ts';
import type { DirectoryPort, DirectoryWriter } from '../record/clinical-port.ts';
import type { ConsentPort } from '../record/consent-port.ts';
import type { CorrectionPort } from '../record/correction-port.ts';
import type { DevicePort } from '../record/device-port.ts';
import type { EmergencyPort } from '../record/emergency-port.ts';
import type { ErasurePort } from '../record/erasure-port.ts';
import type { LedgerPort } from '../record/ledger-port.ts';
import type { NotePort } from '../record/note-port.ts';
import type { PagePort } from '../record/page-port.ts';
import type { PeopleDirectory } from '../record/people-directory.ts';
import type { RecordPort } from '../record/port.ts';
import type { RelationPort } from '../record/relation-port.ts';
import type { WatchPort } from '../record/watch-port.ts';
import type { Grant } from '../smart/scopes.ts';
import type { Caller } from '../smart/token.ts';
import type { Reply } from './reply.ts';
import type { FhirRequest } from './request.ts';

/** What a route without login has. */
export interface PublicCall {
  readonly request: FhirRequest;
  /** The parts of the path that the route leaves open, by name. */
  readonly path: Readonly<Record<string, string>>;
  /** Without a slash at the end. */
  readonly baseUrl: string;
  readonly directory: DirectoryPort;
  /** The directory as people look through it. */
  readonly people: PeopleDirectory;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Seals cursors. */
  readonly cursorKey: Uint8Array;
  readonly login: LoginAddresses;
}

/** What a route for somebody who is logged in has. */
export interface Call extends PublicCall {
  readonly caller: Caller;
  /** What the token lets the client do, beside what the caller may. */
  readonly grant: Grant;
  /** Vital signs, devices. */
  readonly record: RecordPort;
  /** Lists and summaries beside FHIR. */
  readonly page: PagePort;
  readonly consents: ConsentPort;
  /** Alarms. */
  readonly watch: WatchPort;
  /** Break-glass. */
  readonly emergency: EmergencyPort;
  /** Blocks and transactions, as the caller's organization's peer has them. */
  readonly ledger: LedgerPort;
  readonly erasures: ErasurePort;
  /** What patients say is wrong. */
  readonly corrections: CorrectionPort;
  /** Psychotherapy notes. */
  readonly notes: NotePort;
  /** Who treats a patient, and who acts for one. */
  readonly relations: RelationPort;
  /** The register of devices. */
  readonly devices: DevicePort;
  /** Everything else of the record. */
  readonly chart: Chart;
  readonly directoryWriter: DirectoryWriter;
  /** Signs tickets of the live channel. */
  readonly liveKey: () => Promise<Uint8Array>;
  /** Says something to a device, at least once. */
  readonly publish: Publish;
  /** Answers another request of the same caller: an entry of a Bundle. @throws PulseError */
  readonly perform: (request: FhirRequest) => Promise<Reply>;
}

/** Publishes JSON on a topic of the broker; rejects when the broker did not take it. */
export type Publish = (topic: string, payload: object) => Promise<void>;
