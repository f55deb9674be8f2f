import {
  type ChangeOutput,
  PulseError,
  type RepresentativeDocument,
  type SetTreatingInput,
} from '@pulseledger/domain';
import type { RelationPort } from '../record/relation-port.ts';
import type { Caller } from '../smart/token.ts';

const CHANGED: ChangeOutput = { status: 'changed' };

/** Who treats and who represents, of the record's twin in memory: only patients decide here. */
export class MemoryRelations {
  readonly #treating = new Map<string, SetTreatingInput>();
  readonly #representatives = new Map<string, RepresentativeDocument>();

  as(caller: Caller): RelationPort {
    const own = (patientId: string): void => {
      const isOwn = caller.role === 'patient' && caller.subjectId === patientId;
      if (!isOwn) throw new PulseError('access_denied');
    };
    return {
      listTreating: ({ patientId }) =>
        attempt(() => {
          own(patientId);
          return { relations: [...this.#treating.values()] };
        }),
      setTreating: (input) =>
        attempt(() => {
          own(input.patientId);
          this.#treating.set(input.practitionerId, input);
          return CHANGED;
        }),
      endTreating: ({ patientId, practitionerId, untilMs }) =>
        attempt(() => {
          own(patientId);
          const known = this.#treating.get(practitionerId);
          if (known === undefined) throw new PulseError('not_found');
          this.#treating.set(practitionerId, { ...known, untilMs });
          return CHANGED;
        }),
      listRepresentatives: ({ patientId }) =>
        attempt(() => {
          own(patientId);
          return { representatives: [...this.#representatives.values()] };
        }),
      setRepresentative: (patientId, input) =>
        attempt(() => {
          own(patientId);
          const recordedBy = { subjectId: patientId, role: caller.role, mspId: 'HospitalMSP' };
          const document = { ...input, patientId, recordedBy };
          this.#representatives.set(input.representativeId, document);
          return CHANGED;
        }),
      endRepresentative: (patientId, { representativeId, untilMs }) =>
        attempt(() => {
          own(patientId);
          const known = this.#representatives.get(representativeId);
          if (known === undefined) throw new PulseError('not_found');
          this.#representatives.set(representativeId, { ...known, untilMs });
          return CHANGED;
        }),
    };
  }
}

function attempt<T>(work: () => T): Promise<T> {
  return new Promise((resolve) => {
    resolve(work());
  });
}
