import type { FhirResource } from './resource.ts';

const DAY_MS = 86_400_000;
const LOINC = 'http://loinc.org';

/** Tests that answer the same question, and for how long a result stands for a new one. */
export interface LabGroup {
  readonly name: string;
  /** LOINC codes (https://loinc.org) that differ in unit or method only. */
  readonly codes: readonly string[];
  /** Least interval between two tests. */
  readonly validityDays: number;
  readonly source: string;
}

/** Table for stable in-patients; a change of the patient's state is a reason to repeat a test earlier. */
const LEEDS =
  'Leeds Teaching Hospitals, re-testing guidance for stable in-patients, http://www.pathology.leedsth.nhs.uk/pathology/Departments/BloodSciences/RetestingGuidanceforstableinpatients.aspx';
const JCP =
  'J Clin Pathol, common minimum retest intervals (table 3), https://jcp.bmj.com/highwire/markup/168827/expansion';

function leeds(name: string, validityDays: number, codes: readonly string[]): LabGroup {
  return { name, codes, validityDays, source: LEEDS };
}

/** What the ordering doctor is shown. A test that is not here has no equivalents. */
export const LAB_GROUPS: readonly LabGroup[] = [
  leeds('complete blood count', 1, ['58410-2', '57021-8', '57782-5']),
  leeds('haemoglobin', 1, ['718-7', '30313-1', '30350-3']),
  leeds('leukocytes', 1, ['6690-2', '26464-8', '804-5']),
  leeds('platelets', 1, ['777-3', '26515-7', '778-1']),
  leeds('creatinine', 1, ['2160-0', '14682-9']),
  leeds('urea', 1, ['3094-0', '22664-7', '14937-7']),
  leeds('sodium', 1, ['2951-2', '2947-0']),
  leeds('potassium', 1, ['2823-3', '6298-4']),
  leeds('C-reactive protein', 2, ['1988-5']),
  leeds('alanine aminotransferase', 2, ['1742-6', '1743-4', '1744-2']),
  leeds('aspartate aminotransferase', 2, ['1920-8', '30239-8']),
  leeds('alkaline phosphatase', 2, ['6768-6']),
  leeds('bilirubin', 2, ['1975-2', '14631-6']),
  leeds('calcium', 2, ['17861-6', '2000-8']),
  leeds('phosphate', 2, ['2777-1', '14879-1']),
  leeds('magnesium', 2, ['19123-9', '2601-3']),
  leeds('erythrocyte sedimentation rate', 7, ['4537-7', '30341-2']),
  leeds('prolactin', 7, ['2842-3', '20568-2']),
  leeds('prostate specific antigen', 13, ['2857-1', '35741-8']),
  leeds('ferritin', 21, ['2276-4', '20567-4']),
  leeds('folate', 21, ['2284-8', '14732-2']),
  leeds('cholesterol', 28, ['2093-3', '14647-2']),
  leeds('HDL cholesterol', 28, ['2085-9', '14646-4']),
  leeds('LDL cholesterol', 28, ['13457-7', '18262-6', '2089-1']),
  leeds('triglycerides', 28, ['2571-8', '14927-8']),
  leeds('25-hydroxyvitamin D3', 28, ['1989-3', '14635-7']),
  leeds('haemoglobin A1c', 40, ['4548-4', '17856-6', '59261-8']),
  leeds('vitamin B12', 56, ['2132-9', '14685-2']),
  {
    name: 'thyrotropin',
    codes: ['3016-3', '11579-0', '11580-8'],
    validityDays: 28,
    source: JCP,
  },
];

/** The group of a test; undefined when it is not in the table. */
export function labGroupOf(loinc: string): LabGroup | undefined {
  return LAB_GROUPS.find(({ codes }) => codes.includes(loinc));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** LOINC codes of a resource's `code`. */
export function loincCodesOf(resource: FhirResource): readonly string[] {
  const code = resource['code'];
  const codings: unknown = isObject(code) ? code['coding'] : undefined;
  if (!Array.isArray(codings)) return [];
  return codings
    .filter(isObject)
    .flatMap(({ system, code: value }) =>
      system === LOINC && typeof value === 'string' ? [value] : [],
    );
}

/** Statuses of a result that stands. */
const STANDING = ['final', 'amended', 'corrected'];

/**
 * When the specimen was taken, as far as the result says; undefined when it does not. A date without
 * time counts from its start, so that a result is rather too old than too new.
 */
export function takenAtMs(resource: FhirResource): number | undefined {
  const period = resource['effectivePeriod'];
  const text = resource['effectiveDateTime'] ?? (isObject(period) ? period['start'] : undefined);
  const atMs = typeof text === 'string' ? Date.parse(text) : Number.NaN;
  return Number.isNaN(atMs) ? undefined : atMs;
}

/** Does this result stand for the test at this time: equivalent code, final, and taken recently enough? */
export function standsFor(resource: FhirResource, group: LabGroup, atMs: number): boolean {
  const taken = takenAtMs(resource);
  return (
    typeof resource['status'] === 'string' &&
    STANDING.includes(resource['status']) &&
    loincCodesOf(resource).some((code) => group.codes.includes(code)) &&
    taken !== undefined &&
    taken <= atMs &&
    atMs - taken < group.validityDays * DAY_MS
  );
}
