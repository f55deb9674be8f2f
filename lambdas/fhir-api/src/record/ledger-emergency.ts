/** Break-glass on the ledger, with an intent in a queue while nothing can be ordered. */
import { randomBytes } from 'node:crypto';
import type { CommitIntentInput } from '@pulseledger/domain';
import {
  EmergencyClient,
  type EmergencyOpening,
  type IntentReads,
  LedgerCalls,
  type LedgerCallsOptions,
  openInEmergency,
} from '@pulseledger/ledger';
import type { EmergencyPort } from './emergency-port.ts';

const SALT_BYTES = 16;

/** Keeps what was read on an intent, durably, until it is committed. */
export type StoreIntent = (late: CommitIntentInput) => Promise<void>;

/** What break-glass works with. */
export interface EmergencyMeans {
  readonly medic: LedgerCalls;
  readonly medicId: string;
  /** Of the API's own identity at the medic's organization. */
  readonly api: LedgerCallsOptions;
  readonly intents: IntentReads;
  readonly store: StoreIntent;
}

export function ledgerEmergency(means: EmergencyMeans): EmergencyPort {
  const client = new EmergencyClient(means.medic);
  return {
    find: (input) => client.find(input),
    open: (request) => open(means, client, request),
    reviews: (input) => client.reviews(input),
    review: (input) =>
      client.review({ ...input, saltHex: randomBytes(SALT_BYTES).toString('hex') }),
    report: (input) => client.report(input),
  };
}

async function open(
  { medicId, api, intents, store }: EmergencyMeans,
  medic: EmergencyClient,
  { patientId, emergency }: Parameters<EmergencyPort['open']>[0],
): Promise<EmergencyOpening> {
  const opening = await openInEmergency(
    { medic, api: new EmergencyClient(api), store },
    { patientId, medicId, purpose: 'BTG', emergency },
  );
  const { intent, permitId } = opening;
  if (intent !== null) intents.remember(permitId, new LedgerCalls({ ...api, intent }));
  return opening;
}
