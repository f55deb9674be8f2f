import type { PatientBasics } from '@pulseledger/domain';
import type { IllnessName } from './illnesses.ts';

type Facility = 'hospital' | 'clinic';

/** Somebody of the story; all are made up. */
export interface StoryPatient {
  readonly basics: PatientBasics;
  /** Whose doctors treat them; the first is their own organization. */
  readonly treatedAt: readonly [Facility, ...Facility[]];
  readonly illnesses: readonly IllnessName[];
  /** The test login, for those who act themselves. */
  readonly login?: string;
}

type Row = readonly [
  given: string,
  family: string,
  birthDate: string,
  gender: PatientBasics['gender'],
  treatedAt: string,
  illnesses: StoryPatient['illnesses'],
  login?: string,
];

/** The first are on the ward: they wear their device day and night, and go on wearing it. */
export const WARD = 6;

/** `h` is the hospital, `c` the clinic. */
const ROWS: readonly Row[] = [
  ['Ada', 'Sample', '1961-03-14', 'unknown', 'h', ['heartFailure', 'hypertension'], 'patient-ada'],
  ['Ben', 'Sample', '1987-11-02', 'unknown', 'ch', ['asthma'], 'patient-ben'],
  ['Cleo', 'Marchetti', '1974-06-30', 'female', 'hc', ['diabetes'], 'patient-cleo'],
  ['Dimitri', 'Volkov', '1952-09-08', 'male', 'hc', ['lungDisease'], 'patient-dimitri'],
  ['Esra', 'Aydın', '1968-01-19', 'female', 'ch', ['thyroid', 'hypertension'], 'patient-esra'],
  ['Finn', 'O’Rourke', '1943-12-24', 'male', 'hc', ['fibrillation', 'heartFailure']],
  ['Grace', 'Okafor', '1990-05-05', 'female', 'c', ['migraine']],
  ['Hugo', 'Lindqvist', '1957-08-17', 'male', 'ch', ['diabetes', 'hypertension']],
  ['Ines', 'Moreau', '1995-02-11', 'female', 'c', ['asthma', 'migraine']],
  ['Jakub', 'Nowak', '1979-10-27', 'male', 'h', ['pneumonia']],
  ['Kavya', 'Raghavan', '1984-07-03', 'female', 'hc', ['thyroid']],
  ['Liam', 'Fraser', '1949-04-29', 'male', 'hc', ['hip', 'hypertension']],
  ['Mei', 'Tanaka', '1971-11-15', 'female', 'c', ['hypertension']],
  ['Nils', 'Bergmann', '1963-06-06', 'male', 'h', ['fibrillation']],
  ['Olivia', 'Santos', '1988-03-22', 'female', 'ch', ['asthma']],
  ['Pavel', 'Horák', '1955-12-01', 'male', 'hc', ['lungDisease', 'heartFailure']],
  ['Quentin', 'Dubois', '1976-09-13', 'male', 'c', ['migraine']],
  ['Rosa', 'Giménez', '1947-01-31', 'female', 'hc', ['hip', 'diabetes']],
  ['Samir', 'Haddad', '1982-08-08', 'male', 'c', ['hypertension']],
  ['Tove', 'Nyström', '1999-05-27', 'female', 'h', ['pneumonia', 'asthma']],
  ['Uma', 'Krishnan', '1960-10-10', 'female', 'ch', ['diabetes', 'thyroid']],
  ['Viktor', 'Petrov', '1951-02-18', 'male', 'hc', ['fibrillation', 'hypertension']],
  ['Wanda', 'Kowalska', '1966-07-21', 'female', 'c', ['thyroid']],
  ['Yusuf', 'Demir', '1973-04-04', 'male', 'hc', ['lungDisease']],
];

const FACILITIES: Readonly<Record<string, Facility>> = { h: 'hospital', c: 'clinic' };

/** Two dozen patients of a hospital and a clinic. */
export const CAST: readonly StoryPatient[] = ROWS.map((row) => {
  const [given, family, birthDate, gender, places, illnesses, login] = row;
  const [first = 'hospital', ...others] = places
    .split('')
    .map((one) => FACILITIES[one] ?? 'hospital');
  return {
    basics: { family, given: [given], birthDate, gender },
    treatedAt: [first, ...others],
    illnesses,
    ...(login === undefined ? {} : { login }),
  };
});
