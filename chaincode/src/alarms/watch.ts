import {
  AcknowledgeInput,
  type Action,
  ALARM_KEYS,
  type AlarmDeed,
  type ChangeOutput,
  type Claims,
  type DeedDocument,
  PulseError,
  SetLimitsInput,
  type SettingsDocument,
  type SettingsEntry,
} from '@pulseledger/domain';
import { requireAttestation } from '../access/attestation.ts';
import { writeDocument } from '../store/documents.ts';
import { CHANGED } from '../transaction/change.ts';
import type { Call, TransactionFunction } from '../transaction/invoke.ts';
import { inputOf } from '../transaction/transient.ts';

/** Who acts and when, as it stands in what is written. */
interface Author {
  readonly by: string;
  readonly mspId: string;
  readonly atMs: number;
}

function requirePermit({ decisions }: Claims, action: Action): void {
  const isPermitted = decisions.some(
    (one) =>
      one.action === action &&
      one.recordClass === 'vitals' &&
      one.labels.length === 0 &&
      one.outcome === 'permit',
  );
  if (!isPermitted) throw new PulseError('access_denied');
}

/**
 * The practitioner, with the providers' word that he or she may do this to the patient's vitals. No key of the patient is
 * read, so the transaction does not tell whose alarms it is about.
 */
async function author(
  call: Call<{ readonly patientId: string }>,
  ...actions: readonly Action[]
): Promise<Author> {
  const { caller, input, nowMs } = call;
  const claims = await requireAttestation(call, { patientId: input.patientId });
  for (const action of actions) requirePermit(claims, action);
  return { by: caller.subjectId ?? '', mspId: caller.mspId, atMs: nowMs };
}

/** Settings never replace others: the latest hold, and the former stay with who made them. */
async function setLimits(call: Call<SetLimitsInput>): Promise<ChangeOutput> {
  const { stub, input } = call;
  const { patientId, entryId, settings, scale2, saltHex } = input;
  const actions: Action[] = scale2 === null ? ['amend'] : ['amend', 'prescribe'];
  const entry: SettingsEntry = { ...settings, scale2, ...(await author(call, ...actions)) };
  const key = ALARM_KEYS.watchSettings(patientId, entry.atMs, entryId);
  const document: SettingsDocument = { entry, saltHex };
  await writeDocument(stub, key, document);
  return CHANGED;
}

async function acknowledge(call: Call<AcknowledgeInput>): Promise<ChangeOutput> {
  const { stub, input } = call;
  const { patientId, entryId, alarmId, untilMs, saltHex } = input;
  const entry: AlarmDeed = { alarmId, untilMs, ...(await author(call, 'amend')) };
  const key = ALARM_KEYS.watchDeed(patientId, entry.atMs, entryId);
  const document: DeedDocument = { entry, saltHex };
  await writeDocument(stub, key, document);
  return CHANGED;
}

export const SET_LIMITS: TransactionFunction<SetLimitsInput> = {
  name: 'vitals:SetLimits',
  input: inputOf(SetLimitsInput),
  run: setLimits,
};

export const ACKNOWLEDGE: TransactionFunction<AcknowledgeInput> = {
  name: 'vitals:Acknowledge',
  input: inputOf(AcknowledgeInput),
  run: acknowledge,
};
