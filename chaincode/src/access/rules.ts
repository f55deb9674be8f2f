import type { Role } from '@pulseledger/domain';

const READERS: readonly Role[] = ['patient', 'doctor', 'nurse'];

/**
 * Which roles may call which function at all; the functions themselves look at relations and
 * custody. All of them are for organizations that treat people.
 */
export const RULES = {
  'care:RegisterPatient': ['administrator', 'doctor', 'nurse'],
  'care:SetTreating': ['patient', 'administrator'],
  'care:EndTreating': ['patient', 'administrator'],
  'care:ReadPatient': READERS,
  'care:ListPatients': ['doctor', 'nurse'],
  'device:Register': ['administrator'],
  'device:Assign': ['administrator'],
  'device:EndAssignment': ['administrator'],
  'device:ReportLost': ['administrator'],
  'device:Revoke': ['administrator'],
  'device:Read': [...READERS, 'administrator'],
  'device:ListByPatient': READERS,
  'device:ReadGaps': [...READERS, 'administrator'],
  'device:ListGaps': ['administrator', 'ingest'],
  'device:Status': ['ingest'],
  'vitals:RecordChunks': ['ingest'],
  'vitals:CloseHour': ['ingest'],
  'vitals:ListHourChunks': ['ingest'],
  'vitals:ListOpenHours': ['ingest'],
  'vitals:ReadChunks': READERS,
  'vitals:ReadMinutes': READERS,
  'vitals:ReadHours': READERS,
  'vitals:FindChunk': READERS,
} as const satisfies Record<string, readonly Role[]>;

/** `contract:Function` of every transaction function. */
export type FunctionName = keyof typeof RULES;
