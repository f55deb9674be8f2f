/**
 * What this API shows as one Observation: a vital sign by itself, or the parts of a panel that were measured at one
 * instant. Everything a search can ask about an Observation's kind is answered from this table.
 */
import { VITAL_CODES, VITAL_SIGNS, type VitalCode, type VitalSign } from '@pulseledger/domain';

const LOINC = 'http://loinc.org';
const BLOOD_PRESSURE = '85354-9';

export interface KindCoding {
  readonly system: string;
  readonly code: string;
  readonly display: string;
}

export type Category = 'vital-signs' | 'activity' | 'laboratory' | 'procedure';

export interface ObservationKind {
  /** First coding's code; readings of one kind share it. */
  readonly code: string;
  readonly codings: readonly KindCoding[];
  /** Code of http://terminology.hl7.org/CodeSystem/observation-category */
  readonly category: Category;
  readonly profile?: string | undefined;
  /** The codes of the readings; more than one for a panel. */
  readonly members: readonly VitalCode[];
  readonly isPanel: boolean;
}

const PANELS: Readonly<Record<string, Omit<ObservationKind, 'members' | 'isPanel'>>> = {
  [BLOOD_PRESSURE]: {
    code: BLOOD_PRESSURE,
    codings: [
      {
        system: LOINC,
        code: BLOOD_PRESSURE,
        display: 'Blood pressure panel with all children optional',
      },
    ],
    category: 'vital-signs',
    profile: 'http://hl7.org/fhir/StructureDefinition/bp',
  },
};

/** Displays of codes that go beside a sign's own one. */
const BESIDE: Readonly<Record<string, string>> = {
  '2708-6': 'Oxygen saturation in Arterial blood',
};

/** Signs that are not vital signs in the sense of FHIR's categories. */
const CATEGORIES: Partial<Record<VitalCode, Category>> = {
  '55423-8': 'activity',
  '41950-7': 'activity',
  '55430-3': 'activity',
  '93832-4': 'activity',
  '93831-6': 'activity',
  '93830-8': 'activity',
  '93829-0': 'activity',
  '103210-1': 'activity',
  '103213-5': 'activity',
  '2339-0': 'laboratory',
  '15074-8': 'laboratory',
  '131329': 'procedure',
  '131330': 'procedure',
};

export function codingOf(code: VitalCode): KindCoding {
  const { system, display }: VitalSign = VITAL_SIGNS[code];
  return { system, code, display };
}

function kindOf(code: VitalCode): ObservationKind {
  const sign: VitalSign = VITAL_SIGNS[code];
  const beside = (sign.alsoCodes ?? []).map((also) => ({
    system: sign.system,
    code: also,
    display: BESIDE[also] ?? sign.display,
  }));
  return {
    code,
    codings: [codingOf(code), ...beside],
    category: CATEGORIES[code] ?? 'vital-signs',
    profile: sign.profile,
    members: [code],
    isPanel: false,
  };
}

function panelKind(panel: string): ObservationKind {
  const description = PANELS[panel];
  if (description === undefined) throw new RangeError(`no description of panel ${panel}`);
  return {
    ...description,
    members: VITAL_CODES.filter((code) => panelOf(code) === panel),
    isPanel: true,
  };
}

function panelOf(code: VitalCode): string | undefined {
  const sign: VitalSign = VITAL_SIGNS[code];
  return sign.panel;
}

function allKinds(): ObservationKind[] {
  const panels = new Set(VITAL_CODES.map(panelOf).filter((panel) => panel !== undefined));
  const single = VITAL_CODES.filter((code) => panelOf(code) === undefined);
  return [...single.map(kindOf), ...[...panels].map(panelKind)];
}

export const OBSERVATION_KINDS: readonly ObservationKind[] = allKinds();

const KIND_OF_CODE = new Map<VitalCode, ObservationKind>(
  OBSERVATION_KINDS.flatMap((kind) => kind.members.map((code) => [code, kind] as const)),
);

export function observationKind(code: VitalCode): ObservationKind {
  const kind = KIND_OF_CODE.get(code);
  if (kind === undefined) throw new RangeError(`no kind of Observation for ${code}`);
  return kind;
}
