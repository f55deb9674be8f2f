import { z } from 'zod';
import { QUARANTINE_REASONS, type QuarantineReason } from './errors.ts';
import { DigestHex, Identifier, MomentMs } from './identifiers.ts';

/** Longest accepted base64 payload: well above a chunk's limit, so that ingest names the reason. */
const MAX_PAYLOAD_CHARACTERS = 1_048_576;
/** Nobody redrives a message more often than that; the count stops there. */
export const MAX_REDRIVES = 1_000_000;
const MAX_UINT32 = 0xffff_ffff;

/** Body of the queue message that the topic rule writes. */
export interface IngestMessage {
  /** The chunk, base64. */
  readonly payload: string;
  readonly clientId: string;
  /** AWS IoT certificate id: hex SHA-256 of the certificate's DER. */
  readonly principal: string;
  readonly topic: string;
  readonly receivedAtMs: number;
  /** How often an operator has sent it through ingest again; the topic rule never writes it. */
  readonly redrives?: number | undefined;
}
export const IngestMessage: z.ZodType<IngestMessage> = z.object({
  payload: z.string().max(MAX_PAYLOAD_CHARACTERS),
  clientId: z.string().max(128),
  principal: DigestHex,
  topic: z.string().max(256),
  receivedAtMs: MomentMs,
  redrives: z.int().min(1).max(MAX_REDRIVES).optional(),
});

/** Where something stands on the ledger: in every organization's copy of the block, for everybody on the channel. */
export interface LedgerPlace {
  readonly transactionId: string;
  readonly blockNumber: number;
}
const LedgerPlace: z.ZodType<LedgerPlace> = z.object({
  transactionId: z.string().regex(/^[0-9a-f]{64}$/),
  blockNumber: z.int().min(0),
});

/**
 * What a device learns about its readings from a sequence number on, of one boot: `committed` of all chunks that lie wholly
 * within, `quarantined` of one chunk.
 */
export interface Acknowledgement {
  readonly boot: number;
  readonly firstSequence: number;
  readonly count: number;
  readonly status: 'committed' | 'quarantined';
  readonly reason?: QuarantineReason | undefined;
  /** Of readings that one transaction has committed just now; missing for what was there already. */
  readonly place?: LedgerPlace | undefined;
}
export const Acknowledgement: z.ZodType<Acknowledgement> = z.object({
  boot: z.int().min(0).max(MAX_UINT32),
  firstSequence: z.int().min(0),
  count: z.int().min(0),
  status: z.enum(['committed', 'quarantined']),
  reason: z.enum(QUARANTINE_REASONS).optional(),
  place: LedgerPlace.optional(),
});

/** Asks a device for short windows until then. */
export interface WatchCommand {
  readonly watchUntilMs: number;
}
export const WatchCommand: z.ZodType<WatchCommand> = z.object({ watchUntilMs: MomentMs });

/** Says that something new is committed, without saying what. */
export interface LiveHint {
  readonly pseudonym: string;
  readonly sequence: number;
}
export const LiveHint: z.ZodType<LiveHint> = z.object({
  pseudonym: Identifier,
  sequence: z.int().min(0),
});

/** Body of a message in the quarantine queue. */
export interface QuarantineEntry {
  readonly reason: QuarantineReason;
  readonly message: IngestMessage;
  readonly quarantinedAtMs: number;
  /** Number of readings, when the chunk's header could be read. */
  readonly readings?: number | undefined;
}
export const QuarantineEntry: z.ZodType<QuarantineEntry> = z.object({
  reason: z.enum(QUARANTINE_REASONS),
  message: IngestMessage,
  quarantinedAtMs: MomentMs,
  readings: z.int().min(0).optional(),
});
