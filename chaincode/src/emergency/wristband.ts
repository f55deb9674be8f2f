import {
  ACCESS_KEYS,
  type ChangeOutput,
  Claims,
  EmergencyChoiceDocument,
  PulseError,
  SetEmergencyChoiceInput,
  SetWristbandInput,
  WristbandDocument,
} from '@pulseledger/domain';
import { verifyAttestation } from '../access/attestation.ts';
import { permittedPatient } from '../access/recorder.ts';
import { readDocument, writeDocument } from '../store/documents.ts';
import { CHANGED } from '../transaction/change.ts';
import type { Call, TransactionFunction } from '../transaction/invoke.ts';
import { inputOf } from '../transaction/transient.ts';

/** Let a wristband's token lead to the patient; only the digest of the token is kept. */
async function setWristband(call: Call<SetWristbandInput>): Promise<ChangeOutput> {
  const { stub, input, nowMs } = call;
  const patientId = permittedPatient(await verifyAttestation(call, Claims), 'register');
  const key = ACCESS_KEYS.wristband(input.tokenDigestHex);
  const known = await readDocument(stub, key, WristbandDocument);
  if (known !== undefined && known.patientId !== patientId) {
    throw new PulseError('conflict', 'The wristband is another patient’s.');
  }
  const document: WristbandDocument = { patientId, ...input, fromMs: known?.fromMs ?? nowMs };
  await writeDocument(stub, key, document);
  return CHANGED;
}

/** What the patient says about emergencies; nobody says it for the patient. */
async function setChoice(call: Call<SetEmergencyChoiceInput>): Promise<ChangeOutput> {
  const { stub, input } = call;
  const patientId = permittedPatient(await verifyAttestation(call, Claims), 'share');
  const document: EmergencyChoiceDocument = input;
  await writeDocument(stub, ACCESS_KEYS.emergencyChoice(patientId), document);
  return CHANGED;
}

export const SET_WRISTBAND: TransactionFunction<SetWristbandInput> = {
  name: 'emergency:SetWristband',
  input: inputOf(SetWristbandInput),
  run: setWristband,
};

export const SET_CHOICE: TransactionFunction<SetEmergencyChoiceInput> = {
  name: 'emergency:SetChoice',
  input: inputOf(SetEmergencyChoiceInput),
  run: setChoice,
};
