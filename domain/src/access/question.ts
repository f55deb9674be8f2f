import type { Role } from '../record/roles.ts';
import type { Action, Purpose, ReasonCode, RecordClass } from './vocabulary.ts';

/** Why somebody has to do with a patient; half-open interval, null = until ended. */
export interface Relation {
  readonly kind: 'self' | 'treating' | 'representative' | 'laboratory-order' | 'emergency';
  /** Organization for which the relation holds; null when it is the person's own. */
  readonly mspId: string | null;
  readonly fromMs: number;
  readonly untilMs: number | null;
  /** Of a representative: by law, or named by the patient. */
  readonly representative?: 'guardian' | 'proxy' | undefined;
  /** Of a representative: what it covers. */
  readonly scope?: RelationScope | undefined;
  /** Of a laboratory's order: the order's record. */
  readonly recordId?: string | undefined;
}

/** Classes and actions that a representative may use. */
export interface RelationScope {
  readonly classes: readonly RecordClass[] | 'all';
  readonly actions: readonly Action[] | 'all';
}

/** One consent of the patient, as far as it decides. */
export interface ConsentFact {
  readonly effect: 'permit' | 'deny';
  /** Null = any: an organization, a person, or both. */
  readonly grantee: { readonly mspId: string | null; readonly subjectId: string | null };
  readonly classes: readonly RecordClass[] | 'all';
  /**
   * Of a permit: the sensitive labels that it shares as well. Of a deny: only records with one of
   * these labels are hidden; all records of the classes when empty.
   */
  readonly labels: readonly string[];
  readonly purposes: readonly Purpose[] | 'all';
  readonly fromMs: number;
  /** Half-open; null = until revoked. */
  readonly untilMs: number | null;
}

/** What the decision must know of the patient. */
export interface PatientFacts {
  /** MSP ids of the organizations at which the patient is registered. */
  readonly registeredAt: readonly string[];
  /** FHIR date; null when unknown. */
  readonly birthDate: string | null;
  /** The patient refuses break-glass. */
  readonly emergencyOptOut: boolean;
  /** Erasure was asked for and is not decided. */
  readonly restricted: boolean;
  readonly erased: boolean;
}

/** Everything that decides whether somebody may do something. */
export interface AccessQuestion {
  readonly subject: {
    /** Patient, practitioner or agent; null for a service. */
    readonly id: string | null;
    readonly role: Role;
    readonly mspId: string;
  };
  readonly action: Action;
  readonly recordClass: RecordClass;
  /** Labels of the record; empty for the class as a whole. */
  readonly labels: readonly string[];
  /** Of a psychotherapy note: is the subject one of its authors' group? */
  readonly authorGroup?: boolean | undefined;
  readonly purpose: Purpose;
  readonly atMs: number;
  readonly patient: PatientFacts;
  readonly relations: readonly Relation[];
  readonly consents: readonly ConsentFact[];
}

/** Answer to an {@link AccessQuestion}. */
export interface Decision {
  readonly outcome: 'permit' | 'deny';
  readonly reason: ReasonCode;
}
