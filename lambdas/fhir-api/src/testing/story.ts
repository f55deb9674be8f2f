/** The people of all tests here: who they are, whom they treat, what they wear. */
import type { PatientBasics, Reading } from '@pulseledger/domain';
import type { Caller } from '../smart/token.ts';
import { MemoryRecord, type PageLimits } from './memory-record.ts';

const ISSUER = 'https://login.pulse.test';

export const AMINA: string = 'a'.repeat(32);
export const BORIS: string = 'b'.repeat(32);
/** Nobody has this id. */
export const NOBODY: string = 'f'.repeat(32);
const DOCTOR: string = '0d'.repeat(16);
const NURSE: string = '0e'.repeat(16);
export const WATCH: string = '1'.repeat(32);
export const BORIS_WATCH: string = '2'.repeat(32);

/** 2026-03-05T10:00:00Z, a Thursday. */
export const TEN: number = Date.UTC(2026, 2, 5, 10);
/** Two hours later: the present of all tests. */
export const NOON: number = TEN + 7_200_000;
export const SECOND_MS = 1_000;
export const MINUTE_MS = 60_000;

function caller(
  role: Caller['role'],
  subjectId: string,
  organization: Caller['organization'],
): Caller {
  return {
    issuer: ISSUER,
    subject: `${role}-${subjectId}@${organization}`,
    organization,
    role,
    subjectId,
  };
}

/** Treats Amina only. */
export const doctor: Caller = caller('doctor', DOCTOR, 'hospital');
/** Treats Boris only, at the clinic. */
export const nurse: Caller = caller('nurse', NURSE, 'clinic');
/** The doctor's person at the other provider, where there is no relation. */
export const doctorElsewhere: Caller = caller('doctor', DOCTOR, 'clinic');
export const amina: Caller = caller('patient', AMINA, 'hospital');
export const boris: Caller = caller('patient', BORIS, 'clinic');
export const agent: Caller = caller('insurance-agent', '0c'.repeat(16), 'insurer');
export const administrator: Caller = caller('administrator', '0b'.repeat(16), 'hospital');

export const AMINA_BASICS: PatientBasics = {
  family: 'Haddad',
  given: ['Amina', 'Zoë'],
  birthDate: '1961-07-23',
  gender: 'female',
};
export const BORIS_BASICS: PatientBasics = {
  family: "O'Neill",
  given: [],
  birthDate: '1990',
  gender: 'unknown',
};

/** The people without any readings. */
export function emptyRecord(limits: PageLimits = {}): MemoryRecord {
  const record = new MemoryRecord(limits);
  record.addPatient(AMINA, AMINA_BASICS);
  record.addPatient(BORIS, BORIS_BASICS);
  record.treat(AMINA, doctor);
  record.treat(BORIS, nurse);
  const watch = { manufacturer: 'Tick', model: 'W1', serial: 'S-1', sinceMs: null } as const;
  record.addDevice(AMINA, { ...watch, deviceId: WATCH, status: 'active' });
  record.addDevice(BORIS, { ...watch, deviceId: BORIS_WATCH, serial: 'S-2', status: 'lost' });
  return record;
}

export function heartRate(atMs: number, value = 70): Reading {
  return { code: '8867-4', unit: '/min', atMs, value };
}

/** One of each kind that the API shows, at ten o'clock: absent, implausible, over a time, a panel, a strip. */
export function oneOfEach(): Reading[] {
  return [
    heartRate(TEN, 71),
    heartRate(TEN + SECOND_MS, 999),
    { code: '8867-4', unit: '/min', atMs: TEN + 2 * SECOND_MS, absent: 'error' },
    { code: '59408-5', unit: '%', atMs: TEN, value: 97 },
    { code: '9279-1', unit: '/min', atMs: TEN, value: 14 },
    { code: '8310-5', unit: 'Cel', atMs: TEN, value: 36.6 },
    { code: '8310-5', unit: '[degF]', atMs: TEN + SECOND_MS, value: 98.2 },
    { code: '8480-6', unit: 'mm[Hg]', atMs: TEN, value: 121 },
    { code: '8462-4', unit: 'mm[Hg]', atMs: TEN, value: 79 },
    { code: '8480-6', unit: 'mm[Hg]', atMs: TEN + MINUTE_MS, value: 118 },
    { code: '8478-0', unit: 'mm[Hg]', atMs: TEN, value: 93 },
    { code: '8889-8', unit: '/min', atMs: TEN, value: 70 },
    { code: '40443-4', unit: '/min', atMs: TEN, value: 58 },
    { code: '39106-0', unit: 'Cel', atMs: TEN, value: 33.1 },
    { code: '80404-7', unit: 'ms', atMs: TEN, value: 42.5 },
    { code: '2339-0', unit: 'mg/dL', atMs: TEN, value: 104 },
    { code: '15074-8', unit: 'mmol/L', atMs: TEN, value: 5.8 },
    { code: '55423-8', unit: '{steps}', atMs: TEN, durationMs: MINUTE_MS, value: 88 },
    { code: '41950-7', unit: '{steps}', atMs: TEN, durationMs: 86_400_000, value: 8_123 },
    { code: '55430-3', unit: 'km', atMs: TEN, durationMs: MINUTE_MS, value: 0.07 },
    { code: '93832-4', unit: 'h', atMs: TEN, durationMs: 28_800_000, value: 7.25 },
    { code: '93831-6', unit: 'min', atMs: TEN, durationMs: 28_800_000, value: 95 },
    {
      code: '131329',
      unit: 'mV',
      atMs: TEN,
      sampled: { periodMs: 4, origin: 0, factor: 0.001, data: [0, 12, 830, -140, 3] },
    },
  ];
}

/** Amina with one of each, Boris with one heart rate. */
export function storyRecord(limits: PageLimits = {}): MemoryRecord {
  const record = emptyRecord(limits);
  record.send({
    deviceId: WATCH,
    firstSequence: 100,
    zoneOffsetMinutes: 120,
    readings: oneOfEach(),
  });
  record.send({ deviceId: BORIS_WATCH, firstSequence: 0, readings: [heartRate(TEN, 88)] });
  return record;
}
