import type { Acknowledgement, ChunkHeader, LedgerPlace } from '@pulseledger/domain';

/** A chunk of which its device is to hear that it is on the ledger. */
export interface CommittedRange {
  readonly header: ChunkHeader;
  /** Queue messages that brought it. */
  readonly messageIds: readonly string[];
  /** Where it was committed; missing when it was there already. */
  readonly place?: LedgerPlace | undefined;
}

/** One answer to one device, for all the messages it answers. */
export interface MergedAnswer {
  readonly deviceId: string;
  readonly acknowledgement: Acknowledgement;
  readonly messageIds: readonly string[];
}

/**
 * Chunks that follow one another without a gap are answered together, as one range of a boot: a device that comes back
 * after hours hears a few words, not one a chunk. A chunk that came twice is answered once.
 */
export function mergedAnswers(committed: readonly CommittedRange[]): MergedAnswer[] {
  const answers: MergedAnswer[] = [];
  for (const range of [...committed].sort(byDeviceAndSequence)) {
    const last = answers.at(-1);
    if (last !== undefined && continues(last, range)) {
      answers[answers.length - 1] = extended(last, range);
    } else {
      answers.push(answerTo(range));
    }
  }
  return answers;
}

function byDeviceAndSequence(
  { header: one }: CommittedRange,
  { header: other }: CommittedRange,
): number {
  if (one.deviceId !== other.deviceId) return one.deviceId < other.deviceId ? -1 : 1;
  return one.boot - other.boot || one.firstSequence - other.firstSequence;
}

function answerTo({ header, messageIds, place }: CommittedRange): MergedAnswer {
  const { deviceId, boot, firstSequence, count } = header;
  const range = { boot, firstSequence, count, status: 'committed' } as const;
  const acknowledgement = place === undefined ? range : { ...range, place };
  return { deviceId, acknowledgement, messageIds };
}

function endOf({ firstSequence, count }: Pick<Acknowledgement, 'firstSequence' | 'count'>): number {
  return firstSequence + count;
}

function continues(
  { deviceId, acknowledgement }: MergedAnswer,
  { header }: CommittedRange,
): boolean {
  return (
    deviceId === header.deviceId &&
    acknowledgement.boot === header.boot &&
    header.firstSequence <= endOf(acknowledgement)
  );
}

/** A range that several transactions brought has no one place. */
function extended(answer: MergedAnswer, range: CommittedRange): MergedAnswer {
  const { header, messageIds } = range;
  const { place, ...acknowledgement } = answer.acknowledgement;
  const isOnePlace = place !== undefined && place.transactionId === range.place?.transactionId;
  const end = Math.max(endOf(acknowledgement), endOf(header));
  return {
    ...answer,
    acknowledgement: {
      ...acknowledgement,
      count: end - acknowledgement.firstSequence,
      ...(isOnePlace ? { place } : {}),
    },
    messageIds: [...answer.messageIds, ...messageIds],
  };
}
