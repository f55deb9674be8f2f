/** A code of a terminology and its words. */
export interface Coded {
  readonly code: string;
  readonly text: string;
}

/** A laboratory value as it is in this illness. */
export interface Lab extends Coded {
  /** LOINC codes of the same value by another method; the other facility uses it. */
  readonly otherCode?: string;
  /** UCUM. */
  readonly unit: string;
  readonly typical: number;
  readonly decimals: number;
  readonly low: number;
  readonly high: number;
}

/** What a record says of somebody who has it. Codes: SNOMED CT, RxNorm left out (drugs by name), LOINC. */
export interface Illness {
  readonly problem: Coded;
  readonly visit: string;
  readonly medications: readonly (readonly [drug: string, dosage: string])[];
  readonly panel: Coded;
  readonly labs: readonly Lab[];
  readonly procedure?: Coded;
}

/** What the people of the story have. */
export type IllnessName =
  | 'hypertension'
  | 'diabetes'
  | 'asthma'
  | 'lungDisease'
  | 'heartFailure'
  | 'fibrillation'
  | 'hip'
  | 'thyroid'
  | 'migraine'
  | 'pneumonia';

function lab(code: string, text: string, unit: string, ...numbers: readonly number[]): Lab {
  const [typical = 0, low = 0, high = 0, decimals = 0] = numbers;
  return { code, text, unit, typical, low, high, decimals };
}

const CREATININE = lab('2160-0', 'Creatinine', 'mg/dL', 1.1, 0.6, 1.3, 2);
const POTASSIUM = lab('2823-3', 'Potassium', 'mmol/L', 4.3, 3.5, 5.1, 1);
const CRP = lab('1988-5', 'C-reactive protein', 'mg/L', 8, 0, 5);
const METABOLIC: Coded = { code: '24323-8', text: 'Comprehensive metabolic panel' };
const BLOOD_COUNT: Coded = { code: '58410-2', text: 'Complete blood count' };

export const ILLNESSES: Readonly<Record<IllnessName, Illness>> = {
  hypertension: {
    problem: { code: '38341003', text: 'High blood pressure' },
    visit: 'Blood pressure check',
    medications: [['Amlodipine 5 mg', '1 tablet in the morning']],
    panel: METABOLIC,
    labs: [CREATININE, POTASSIUM],
  },
  diabetes: {
    problem: { code: '44054006', text: 'Type 2 diabetes' },
    visit: 'Diabetes review',
    medications: [['Metformin 850 mg', '1 tablet twice a day, with meals']],
    panel: { code: '4548-4', text: 'Haemoglobin A1c' },
    labs: [
      { ...lab('4548-4', 'Haemoglobin A1c', '%', 7.4, 4, 6, 1), otherCode: '17856-6' },
      CREATININE,
    ],
  },
  asthma: {
    problem: { code: '195967001', text: 'Asthma' },
    visit: 'Shortness of breath',
    medications: [['Salbutamol 100 µg inhaler', '1 to 2 puffs when needed']],
    panel: BLOOD_COUNT,
    labs: [lab('6690-2', 'Leukocytes', '10*3/uL', 7.6, 4, 10, 1)],
  },
  lungDisease: {
    problem: { code: '13645005', text: 'Chronic obstructive lung disease' },
    visit: 'Cough, worse for three days',
    medications: [
      ['Tiotropium 18 µg inhaler', '1 capsule a day, inhaled'],
      ['Prednisolone 40 mg', '1 tablet in the morning for five days'],
    ],
    panel: BLOOD_COUNT,
    labs: [CRP, lab('6690-2', 'Leukocytes', '10*3/uL', 11.2, 4, 10, 1)],
  },
  heartFailure: {
    problem: { code: '84114007', text: 'Heart failure' },
    visit: 'Swollen legs, short of breath at night',
    medications: [
      ['Bisoprolol 2.5 mg', '1 tablet in the morning'],
      ['Furosemide 40 mg', '1 tablet in the morning'],
    ],
    panel: METABOLIC,
    labs: [lab('33762-6', 'NT-proBNP', 'pg/mL', 1850, 0, 300), POTASSIUM, CREATININE],
  },
  fibrillation: {
    problem: { code: '49436004', text: 'Atrial fibrillation' },
    visit: 'Palpitations',
    medications: [
      ['Apixaban 5 mg', '1 tablet twice a day'],
      ['Metoprolol 47.5 mg', '1 tablet in the morning'],
    ],
    panel: BLOOD_COUNT,
    labs: [lab('718-7', 'Haemoglobin', 'g/dL', 13.4, 12, 17, 1), POTASSIUM],
  },
  hip: {
    problem: { code: '239872002', text: 'Osteoarthritis of the hip' },
    visit: 'Hip replacement, third day',
    medications: [['Paracetamol 1 g', '1 tablet up to four times a day']],
    panel: BLOOD_COUNT,
    labs: [lab('718-7', 'Haemoglobin', 'g/dL', 10.6, 12, 17, 1), CRP],
    procedure: { code: '52734007', text: 'Total replacement of the hip' },
  },
  thyroid: {
    problem: { code: '40930008', text: 'Underactive thyroid' },
    visit: 'Thyroid review',
    medications: [['Levothyroxine 75 µg', '1 tablet before breakfast']],
    panel: { code: '3016-3', text: 'Thyrotropin' },
    labs: [lab('3016-3', 'Thyrotropin', 'm[IU]/L', 3.9, 0.4, 4.2, 2)],
  },
  migraine: {
    problem: { code: '37796009', text: 'Migraine' },
    visit: 'Headache with aura',
    medications: [['Sumatriptan 50 mg', '1 tablet at the start of an attack']],
    panel: BLOOD_COUNT,
    labs: [lab('718-7', 'Haemoglobin', 'g/dL', 13.9, 12, 17, 1)],
  },
  pneumonia: {
    problem: { code: '233604007', text: 'Pneumonia' },
    visit: 'Fever and cough',
    medications: [['Amoxicillin 1 g', '1 tablet three times a day for five days']],
    panel: BLOOD_COUNT,
    labs: [{ ...CRP, typical: 96 }, lab('6690-2', 'Leukocytes', '10*3/uL', 13.8, 4, 10, 1)],
  },
};

/** Some are allergic to one of these. */
export const ALLERGIES: readonly (Coded & { readonly reaction: string })[] = [
  { code: '91936005', text: 'Penicillin', reaction: 'Rash' },
  { code: '91935009', text: 'Peanuts', reaction: 'Swelling of the throat' },
  { code: '300916003', text: 'Latex', reaction: 'Itching' },
  { code: '293586001', text: 'Acetylsalicylic acid', reaction: 'Asthma attack' },
];
