import { randomBytes } from 'node:crypto';
import {
  type CommitIntentInput,
  type EmergencyClaim,
  type EmergencyIntent,
  type OpenedClass,
  PulseError,
  type Purpose,
  SUMMARY_CLASSES,
} from '@pulseledger/domain';
import type { EmergencyClient } from './emergency-client.ts';

const ID_BYTES = 16;
/** How long the medic waits for the entry to be committed before the API reads on an intent. */
const COMMIT_WITHIN_MS = 5_000;
/** What happens to an opening when nothing can be ordered, or one of the organizations does not answer. */
const OUTAGES: readonly string[] = ['unavailable', 'timeout', 'commit_unknown', 'throttled'];

/** A chart that was opened in an emergency. */
export interface EmergencyOpening {
  readonly permitId: string;
  /** Outcome for each class of the summary. */
  readonly classes: readonly OpenedClass[];
  readonly untilMs: number;
  /**
   * Set while nothing can be ordered: read with `LedgerCallsOptions.intent` as the organization's API, and commit it with
   * the classes later.
   */
  readonly intent: EmergencyIntent | null;
}

/** Who breaks the glass, for whom and why. */
export interface EmergencyRequest {
  readonly patientId: string;
  readonly medicId: string;
  readonly purpose: Purpose;
  readonly emergency: EmergencyClaim;
}

/** What {@link openInEmergency} works with. */
export interface EmergencyMeans {
  /** As the medic. */
  readonly medic: EmergencyClient;
  /** As the medic's organization's API. */
  readonly api: EmergencyClient;
  /**
   * Stores durably, for example in a queue, what `emergency:CommitIntent` takes. Nothing of the record is read before it
   * has; what was asked of the ledger until then are the outcomes alone.
   */
  readonly store: (late: CommitIntentInput) => Promise<void>;
  readonly now?: () => number;
}

/**
 * Opens the summary in an emergency. When the entry cannot be committed within seconds, an intent is stored durably and what
 * it opens is read from the own organization's peer: nobody dies of an orderer that is away.
 *
 * @throws PulseError what the contract refuses; what `store` throws, and then nothing is opened.
 */
export async function openInEmergency(
  means: EmergencyMeans,
  request: EmergencyRequest,
): Promise<EmergencyOpening> {
  const { medic, now = Date.now } = means;
  const { patientId, purpose, emergency } = request;
  try {
    const opening = { patientId, purpose, emergency, recordClasses: SUMMARY_CLASSES };
    const chart = await medic.breakGlass(opening, { giveUpAtMs: now() + COMMIT_WITHIN_MS });
    const { permitId, untilMs, decisions } = chart;
    const classes = decisions.map(({ recordClass, outcome, reason }) => ({
      ...{ recordClass, outcome, reason },
    }));
    return { permitId, classes, untilMs, intent: null };
  } catch (error) {
    if (!(error instanceof PulseError) || !OUTAGES.includes(error.code)) throw error;
    return readOnIntent(means, request);
  }
}

async function readOnIntent(
  { medic, api, store, now = Date.now }: EmergencyMeans,
  { patientId, medicId, purpose, emergency }: EmergencyRequest,
): Promise<EmergencyOpening> {
  const permitId = randomBytes(ID_BYTES).toString('hex');
  const intent: EmergencyIntent = {
    ...{ permitId, patientId, medicId, purpose, emergency },
    recordClasses: SUMMARY_CLASSES,
    atMs: now(),
    saltHex: randomBytes(ID_BYTES).toString('hex'),
  };
  const { classes, untilMs } = await api.readOnIntent(intent);
  await store({ intent, classes });
  const recordClasses = classes
    .filter(({ outcome }) => outcome === 'permit')
    .map(({ recordClass }) => recordClass);
  const decisions = classes.map((one) => ({ ...one, action: 'read' as const, labels: [] }));
  const chart = { permitId, recordClasses, decisions, untilMs };
  await medic.calls.charts.remember({ patientId, purpose, emergency }, chart);
  return { permitId, classes, untilMs, intent };
}
