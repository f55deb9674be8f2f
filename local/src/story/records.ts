import { Prng } from '@pulseledger/device-simulator';
import type { StoryPatient } from './cast.ts';
import {
  ALLERGIES,
  type Coded,
  ILLNESSES,
  type Illness,
  type IllnessName,
  type Lab,
} from './illnesses.ts';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const VISIT_MINUTES = 25;
const SNOMED = 'http://snomed.info/sct';
const LOINC = 'http://loinc.org';
const TERMINOLOGY = 'http://terminology.hl7.org/CodeSystem';

/** One transaction of one facility about one patient. */
export interface StoryBundle {
  readonly facility: 'hospital' | 'clinic';
  readonly bundle: object;
}

type Resource = Readonly<Record<string, unknown>> & { readonly resourceType: string };

/** What happens to a patient in the week: at each facility a visit with what was found, done and prescribed. */
export function storyBundles(of: {
  readonly patient: StoryPatient;
  readonly patientId: string;
  /** Number in the cast; with the seed it decides everything that is left to chance. */
  readonly index: number;
  readonly seed: number;
  readonly weekStartMs: number;
}): StoryBundle[] {
  const { patient, patientId, index, seed, weekStartMs } = of;
  return patient.treatedAt.map((facility, place) => {
    const random = new Prng(`${String(seed)}/story/${String(index)}/${facility}`);
    // The second facility sees the patient later in the same week.
    const day = random.between(0.3, 2.4) + 3 * place;
    const atMs =
      weekStartMs + Math.floor(day) * DAY_MS + Math.floor(random.between(8, 16)) * HOUR_MS;
    const visit = new Visit(patientId, atMs, random, place > 0);
    return { facility, bundle: visit.bundle(patient.illnesses, place === 0 && index % 3 === 0) };
  });
}

/** A visit, and what is written about it. */
class Visit {
  readonly #subject: { readonly reference: string };
  readonly #atMs: number;
  readonly #random: Prng;
  readonly #isSecond: boolean;
  readonly #entries: { readonly fullUrl: string; readonly resource: Resource }[] = [];

  constructor(patientId: string, atMs: number, random: Prng, isSecond: boolean) {
    this.#subject = { reference: `Patient/${patientId}` };
    this.#atMs = atMs;
    this.#random = random;
    this.#isSecond = isSecond;
  }

  bundle(illnesses: readonly IllnessName[], isAllergic: boolean): object {
    const known = illnesses.map((name): Illness => ILLNESSES[name]);
    const [main] = known;
    const encounter = { reference: this.#visit(main?.visit ?? '') };
    // A problem, its drugs and allergies are entered once; values are measured at each place.
    for (const illness of known) {
      if (!this.#isSecond) this.#ill(illness, encounter);
      this.#measured(illness, encounter);
    }
    if (isAllergic) this.#allergic();
    return {
      resourceType: 'Bundle',
      type: 'transaction',
      entry: this.#entries.map(({ fullUrl, resource }) => ({
        fullUrl,
        resource,
        request: { method: 'POST', url: resource.resourceType },
      })),
    };
  }

  /** @returns the name by which others in the bundle refer to it */
  #add(resource: Resource): string {
    const number = String(this.#entries.length + 1).padStart(12, '0');
    const fullUrl = `urn:uuid:00000000-0000-4000-8000-${number}`;
    this.#entries.push({ fullUrl, resource });
    return fullUrl;
  }

  #visit(reason: string): string {
    return this.#add({
      resourceType: 'Encounter',
      status: 'finished',
      class: { system: `${TERMINOLOGY}/v3-ActCode`, code: 'AMB', display: 'ambulatory' },
      type: [{ text: this.#isSecond ? 'Follow-up' : 'Consultation' }],
      subject: this.#subject,
      period: { start: this.#time(0), end: this.#time(VISIT_MINUTES) },
      reasonCode: [{ text: reason }],
    });
  }

  #ill({ problem, medications, procedure }: Illness, encounter: object): void {
    const years = Math.floor(this.#random.between(1, 12));
    this.#add({
      resourceType: 'Condition',
      clinicalStatus: coded(`${TERMINOLOGY}/condition-clinical`, {
        code: 'active',
        text: 'active',
      }),
      code: coded(SNOMED, problem),
      subject: this.#subject,
      encounter,
      onsetDateTime: String(new Date(this.#atMs).getUTCFullYear() - years),
      recordedDate: this.#time(10),
    });
    for (const [text, dosage] of medications) {
      this.#add({
        resourceType: 'MedicationRequest',
        status: 'active',
        intent: 'order',
        medicationCodeableConcept: { text },
        subject: this.#subject,
        encounter,
        authoredOn: this.#time(20),
        dosageInstruction: [{ text: dosage }],
      });
    }
    if (procedure === undefined) return;
    this.#add({
      resourceType: 'Procedure',
      status: 'completed',
      code: coded(SNOMED, procedure),
      subject: this.#subject,
      performedDateTime: new Date(this.#atMs - 3 * DAY_MS).toISOString(),
    });
  }

  #measured({ panel, labs }: Illness, encounter: object): void {
    const values = labs.map((one) => ({ one, value: this.#value(one) }));
    const result = values.map(({ one, value }) => ({
      reference: this.#add(this.#observation(one, value, encounter)),
    }));
    const outside = values.filter(({ one, value }) => value < one.low || value > one.high);
    this.#add({
      resourceType: 'DiagnosticReport',
      status: 'final',
      category: [coded(`${TERMINOLOGY}/v2-0074`, { code: 'LAB', text: 'Laboratory' })],
      code: coded(LOINC, panel),
      subject: this.#subject,
      encounter,
      effectiveDateTime: this.#time(15),
      issued: this.#time(90),
      result,
      conclusion:
        outside.length === 0
          ? 'Within the reference range'
          : outside.map(({ one, value }) => `${one.text} ${String(value)} ${one.unit}`).join(', '),
    });
  }

  #observation(one: Lab, value: number, encounter: object): Resource {
    const { text, unit, low, high } = one;
    const code = this.#isSecond ? (one.otherCode ?? one.code) : one.code;
    const amount = (number: number): object => ({
      value: number,
      unit,
      system: 'http://unitsofmeasure.org',
      code: unit,
    });
    return {
      resourceType: 'Observation',
      status: 'final',
      category: [
        coded(`${TERMINOLOGY}/observation-category`, { code: 'laboratory', text: 'Laboratory' }),
      ],
      code: coded(LOINC, { code, text }),
      subject: this.#subject,
      encounter,
      effectiveDateTime: this.#time(15),
      valueQuantity: amount(value),
      referenceRange: [{ low: amount(low), high: amount(high) }],
    };
  }

  #value({ typical, decimals }: Lab): number {
    return Number((typical * this.#random.between(0.88, 1.14)).toFixed(decimals));
  }

  #allergic(): void {
    const allergy = ALLERGIES[Math.floor(this.#random.uniform() * ALLERGIES.length)];
    if (allergy === undefined) return;
    this.#add({
      resourceType: 'AllergyIntolerance',
      clinicalStatus: coded(`${TERMINOLOGY}/allergyintolerance-clinical`, {
        code: 'active',
        text: 'active',
      }),
      criticality: 'high',
      code: coded(SNOMED, allergy),
      patient: this.#subject,
      recordedDate: this.#time(12),
      reaction: [{ manifestation: [{ text: allergy.reaction }] }],
    });
  }

  #time(minutes: number): string {
    return new Date(this.#atMs + minutes * 60_000).toISOString();
  }
}

function coded(system: string, { code, text }: Coded): object {
  return { coding: [{ system, code, display: text }], text };
}
