/** Requests for correction in memory, with the contract's rules in short; what may be seen and amended the record says. */
import { randomBytes } from 'node:crypto';
import { type Correction, MSP_IDS, PulseError } from '@pulseledger/domain';
import type { CorrectionPort } from '../record/correction-port.ts';
import type { Caller } from '../smart/token.ts';
import type { MemoryClinical } from './memory-clinical.ts';

type Kept = Correction & { readonly patientId: string };

export class MemoryCorrections {
  readonly #clinical: MemoryClinical;
  readonly #now: () => number;
  readonly #kept = new Map<string, Kept>();

  constructor(clinical: MemoryClinical, now: () => number) {
    this.#clinical = clinical;
    this.#now = now;
  }

  as(caller: Caller): CorrectionPort {
    const own = MSP_IDS[caller.organization];
    const isClinician = caller.role === 'doctor' || caller.role === 'nurse';
    return {
      requestCorrection: async ({ patientId, recordClass, recordId, version, text }) => {
        const found = this.#clinical.versionFor(caller, 'correct', recordId);
        if (version !== found) throw new PulseError('precondition_failed');
        const correctionId = randomBytes(16).toString('hex');
        const asked = { askedBy: caller.subjectId, askedAtMs: this.#now(), mspId: own };
        const named = { patientId, correctionId, recordClass, recordId, version, text };
        this.#kept.set(correctionId, { ...named, ...asked, answer: null });
        return Promise.resolve(correctionId);
      },
      answerCorrection: async ({ correctionId, recordId, correctedIn, refusal }) => {
        const version = this.#clinical.versionFor(caller, 'amend', recordId);
        const kept = this.#kept.get(correctionId);
        if (kept?.recordId !== recordId || kept.answer !== null) throw new PulseError('not_found');
        if (kept.mspId !== own) throw new PulseError('access_denied');
        const isLater =
          correctedIn === null || (kept.version < correctedIn && correctedIn <= version);
        if (!isLater) throw new PulseError('conflict');
        const by = { answeredBy: caller.subjectId, atMs: this.#now() };
        this.#kept.set(correctionId, { ...kept, answer: { correctedIn, refusal, ...by } });
        return Promise.resolve({ status: 'changed' });
      },
      readCorrections: async ({ patientId, permitId }) => {
        const { records } = await this.#clinical
          .as(caller)
          .readRecords({ patientId, permitId, pageSize: 100 });
        const shown = new Set(records.map(({ recordId }) => recordId));
        const corrections = [...this.#kept.values()].filter(
          ({ recordId, mspId }) => shown.has(recordId) && (!isClinician || mspId === own),
        );
        return { corrections };
      },
    };
  }
}
