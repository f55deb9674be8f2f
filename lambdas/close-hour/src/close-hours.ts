import { randomBytes } from 'node:crypto';
import {
  type ChangeOutput,
  type CloseHourInput,
  HOUR_CLOSES_AFTER_MS,
  MAX_OPEN_HOURS_PAGE,
  type OpenHour,
  PulseError,
} from '@pulseledger/domain';
import { MAX_BATCH_TRANSACTIONS, type RecordClient } from '@pulseledger/ledger';

/** Hours that are looked at in one invocation: enough to get past some that fail again and again. */
const MAX_LOOKED_AT = 1_000;
/** Nothing more is looked at after this time; what was found is submitted. */
const LOOK_FOR_MS = 25_000;
/** Nothing more is begun after this time, within the minute that an invocation has. */
const GIVE_UP_AFTER_MS = 50_000;
/** Transactions under way at the same time: readings that arrive go first. */
const CONCURRENCY = 4;

/** The record as the ingest service uses it here. */
export type HourRecord = Pick<
  RecordClient,
  'closeHours' | 'listHourChunks' | 'listOpenHours' | 'tryClosingHour'
>;

/** What was done, in numbers. */
export interface CloseReport {
  /** Open hours that were looked at. */
  readonly lookedAt: number;
  readonly closed: number;
  /** Hours that failed, by error code; they stay open and are tried again at the next invocation. */
  readonly failures: Readonly<Record<string, number>>;
}

/**
 * Sums up hours that are over and have chunks which no summary counts: at most a batch of them, oldest first. An
 * hour that somebody else closes meanwhile answers `unchanged` and costs no transaction; one that gets another
 * chunk meanwhile stays open for the next invocation.
 *
 * @throws PulseError when the open hours cannot be listed, or nothing can be signed.
 */
export async function closeHours(
  record: HourRecord,
  now: () => number = Date.now,
): Promise<CloseReport> {
  const startedAtMs = now();
  const failures = new Map<string, number>();
  const due: CloseHourInput[] = [];
  let lookedAt = 0;
  for await (const open of openHours(record, startedAtMs - HOUR_CLOSES_AFTER_MS)) {
    lookedAt += 1;
    const input = await inputOf(record, open, failures);
    if (input !== undefined) due.push(input);
    const isOver = now() - startedAtMs >= LOOK_FOR_MS || lookedAt === MAX_LOOKED_AT;
    if (isOver || due.length === MAX_BATCH_TRANSACTIONS) break;
  }
  const giveUpAtMs = startedAtMs + GIVE_UP_AFTER_MS;
  const answers =
    due.length === 0 ? [] : await record.closeHours(due, { concurrency: CONCURRENCY, giveUpAtMs });
  for (const answer of answers) count(failures, answer);
  return {
    lookedAt,
    closed: answers.filter((answer) => !(answer instanceof PulseError)).length,
    failures: Object.fromEntries(failures),
  };
}

async function* openHours(record: HourRecord, endedByMs: number): AsyncGenerator<OpenHour, void> {
  let bookmark: string | undefined;
  do {
    const page = await record.listOpenHours({ endedByMs, pageSize: MAX_OPEN_HOURS_PAGE, bookmark });
    yield* page.hours;
    ({ bookmark } = page);
  } while (bookmark !== undefined);
}

/** What closes the hour; undefined when it is closed already, or cannot be. */
async function inputOf(
  record: HourRecord,
  { patientId, hourMs, mark }: OpenHour,
  failures: Map<string, number>,
): Promise<CloseHourInput | undefined> {
  try {
    const { chunkKeys } = await record.listHourChunks({ patientId, hourMs });
    const saltHex = randomBytes(16).toString('hex');
    const input = { patientId, hourMs, mark, chunkKeys, saltHex };
    const { status } = await record.tryClosingHour(input);
    return status === 'changed' ? input : undefined;
  } catch (error) {
    if (!(error instanceof PulseError)) throw error;
    count(failures, error);
    return undefined;
  }
}

function count(failures: Map<string, number>, answer: ChangeOutput | PulseError): void {
  if (!(answer instanceof PulseError)) return;
  failures.set(answer.code, (failures.get(answer.code) ?? 0) + 1);
}
