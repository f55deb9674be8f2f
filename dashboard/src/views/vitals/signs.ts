import { VITAL_SIGNS, type VitalCode } from '@pulseledger/domain';
import { TEXT } from '../../text/en.ts';

/** A sign on the monitor: what is shown together in one tile. */
export interface MonitorSign {
  readonly key: string;
  readonly label: string;
  /** One code, or systolic and diastolic pressure. */
  readonly codes: readonly VitalCode[];
  readonly unit: string;
  readonly digits: number;
  /** Name of the colour in vitals.css; never the only mark. */
  readonly colour: 'pulse' | 'oxygen' | 'breath' | 'heat' | 'pressure';
}

/** In the order of a bedside monitor. */
export const MONITOR_SIGNS: readonly MonitorSign[] = [
  {
    key: 'heart-rate',
    label: TEXT.signs.heartRate,
    codes: ['8867-4'],
    unit: '/min',
    digits: 0,
    colour: 'pulse',
  },
  {
    key: 'oxygen',
    label: TEXT.signs.oxygen,
    codes: ['59408-5'],
    unit: '%',
    digits: 0,
    colour: 'oxygen',
  },
  {
    key: 'breathing',
    label: TEXT.signs.breathing,
    codes: ['9279-1'],
    unit: '/min',
    digits: 0,
    colour: 'breath',
  },
  {
    key: 'pressure',
    label: TEXT.signs.pressure,
    codes: ['8480-6', '8462-4'],
    unit: 'mm[Hg]',
    digits: 0,
    colour: 'pressure',
  },
  {
    key: 'temperature',
    label: TEXT.signs.temperature,
    codes: ['8310-5'],
    unit: 'Cel',
    digits: 1,
    colour: 'heat',
  },
];

/** Every code that the monitor asks for. */
export const MONITOR_CODES: readonly VitalCode[] = MONITOR_SIGNS.flatMap(({ codes }) => codes);

const UNIT_TEXT: Readonly<Record<string, string>> = { Cel: '°C', '[degF]': '°F', 'mm[Hg]': 'mmHg' };

/** A UCUM unit as people write it. */
export function unitText(unit: string): string {
  return UNIT_TEXT[unit] ?? unit;
}

export function signName(code: VitalCode): string {
  return VITAL_SIGNS[code].display;
}

/** Fahrenheit where people use it. */
export function inLocalUnit(
  value: number,
  unit: string,
  locale: string,
): { readonly value: number; readonly unit: string } {
  if (unit === 'Cel' && /-(US|BS|BZ|KY|PW|LR)$/.test(locale)) {
    return { value: (value * 9) / 5 + 32, unit: '[degF]' };
  }
  return { value, unit };
}
