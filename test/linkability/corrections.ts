/** Patients say that something in the record of a visit is wrong, and who wrote it answers. */
import { CLINICAL_KEYS } from '@pulseledger/domain';
import { CorrectionClient } from '@pulseledger/ledger';
import type { ConsentWorld, Person } from '../revocation/consent-world.ts';
import { hashOf } from './key-hash.ts';

/** A record that somebody wrote at a visit. */
export interface Written {
  readonly patientId: string;
  readonly author: Person;
  readonly recordId: string;
}

/** A request and its answer: the truth that the linker is not told. */
export interface Asked {
  readonly patientId: string;
  /** Private key hashes of the request's and the answer's transaction. */
  readonly keys: readonly string[];
}

/** Each patient logs in anew, as does who answers, so that nothing hangs together by a certificate. */
export async function correct(
  world: ConsentWorld,
  patient: Person,
  { patientId, author, recordId }: Written,
): Promise<Asked> {
  const record = { patientId, recordClass: 'encounter', recordId } as const;
  const asking = new CorrectionClient((await world.login(patient)).calls);
  const text = 'The cough began a week earlier.';
  const correctionId = await asking.requestCorrection({ ...record, version: 1, text });
  const answering = new CorrectionClient((await world.login(author)).calls);
  const refusal = 'It is written as it was told at the visit.';
  await answering.answerCorrection({ ...record, correctionId, correctedIn: null, refusal });
  const keys = [CLINICAL_KEYS.correction, CLINICAL_KEYS.correctionAnswer].map((keyOf) =>
    hashOf(keyOf(patientId, correctionId)),
  );
  return { patientId, keys };
}
