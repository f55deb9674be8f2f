import type { Option } from '../../form/field.ts';

/** Specialties that people look for, by their NUCC codes (https://taxonomy.nucc.org). */
export const SPECIALTIES: readonly Option[] = [
  ['208D00000X', 'General practice'],
  ['207Q00000X', 'Family medicine'],
  ['207R00000X', 'Internal medicine'],
  ['207RC0000X', 'Cardiology'],
  ['207N00000X', 'Dermatology'],
  ['207P00000X', 'Emergency medicine'],
  ['207RE0101X', 'Endocrinology'],
  ['207RG0100X', 'Gastroenterology'],
  ['207RN0300X', 'Nephrology'],
  ['2084N0400X', 'Neurology'],
  ['207V00000X', 'Obstetrics and gynaecology'],
  ['207RX0202X', 'Oncology'],
  ['207W00000X', 'Ophthalmology'],
  ['207X00000X', 'Orthopaedics'],
  ['207Y00000X', 'Ear, nose and throat'],
  ['208000000X', 'Paediatrics'],
  ['2084P0800X', 'Psychiatry'],
  ['207RP1001X', 'Pulmonology'],
  ['2085R0202X', 'Radiology'],
  ['208600000X', 'Surgery'],
  ['208800000X', 'Urology'],
];

const CODES = [
  'ar',
  'de',
  'en',
  'es',
  'fr',
  'hi',
  'hu',
  'it',
  'ko',
  'pl',
  'pt',
  'ru',
  'sw',
  'tr',
  'vi',
  'zh',
];

/** Languages that people look for, in the words of the browser's own. */
export function languages(): Option[] {
  return CODES.map((code): Option => [code, languageName(code)]).toSorted(([, a], [, b]) =>
    a.localeCompare(b),
  );
}

/** @param code BCP 47; what is none is shown as it is */
export function languageName(code: string): string {
  try {
    return new Intl.DisplayNames([navigator.language], { type: 'language' }).of(code) ?? code;
  } catch {
    return code;
  }
}
