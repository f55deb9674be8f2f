import { randomBytes } from 'node:crypto';
import {
  AnswerCorrectionInput,
  ChangeOutput,
  ReadCorrectionsInput,
  ReadCorrectionsOutput,
  RequestCorrectionInput,
} from '@pulseledger/domain';
import type { LedgerCalls } from '../ledger-calls.ts';

const SALT_BYTES = 16;

function random(): string {
  return randomBytes(SALT_BYTES).toString('hex');
}

/** Requests for the correction of records. Every method throws PulseError only. */
export class CorrectionClient {
  readonly #calls: LedgerCalls;

  constructor(calls: LedgerCalls) {
    this.#calls = calls;
  }

  /**
   * `record:RequestCorrection`, by the patient or a representative.
   *
   * @returns the request's id.
   * @throws PulseError `not_found` for a record that the caller may not see, `precondition_failed`
   * for another version than the latest, `access_denied`, `gone`, `too_costly`.
   */
  async requestCorrection(
    asked: Omit<RequestCorrectionInput, 'correctionId' | 'saltHex'>,
  ): Promise<string> {
    const { patientId, recordClass, recordId } = asked;
    const correctionId = random();
    await this.#calls.submitAttested('record:RequestCorrection', {
      schema: RequestCorrectionInput,
      input: { ...asked, correctionId, saltHex: random() },
      output: ChangeOutput,
      request: { patientId, wants: [{ action: 'correct', recordClass }], corrects: recordId },
    });
    return correctionId;
  }

  /**
   * `record:AnswerCorrection`, for the organization that wrote the record, by who may amend it.
   *
   * @throws PulseError `not_found` when no such request is open, `conflict` for a version that is not
   * there or not later, `access_denied`.
   */
  answerCorrection(
    answer: Omit<AnswerCorrectionInput, 'entryId' | 'saltHex'>,
  ): Promise<ChangeOutput> {
    const { patientId, recordClass, recordId } = answer;
    return this.#calls.submitAttested('record:AnswerCorrection', {
      schema: AnswerCorrectionInput,
      input: { ...answer, entryId: random(), saltHex: random() },
      output: ChangeOutput,
      request: { patientId, wants: [{ action: 'amend', recordClass }], corrects: recordId },
    });
  }

  /** `record:ReadCorrections`, with the permit of an open chart. */
  readCorrections(input: ReadCorrectionsInput): Promise<ReadCorrectionsOutput> {
    const name = 'record:ReadCorrections';
    return this.#calls.read(name, ReadCorrectionsInput, input, ReadCorrectionsOutput);
  }
}
