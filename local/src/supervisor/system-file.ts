import type { Login } from '../identity-services/logins.ts';
import type { NetworkKind } from './network-process.ts';

/**
 * Coordinates of a running system for programs on the same machine (`npm run simulate`). Only the owner can
 * read the file, since it holds the test logins.
 */
export interface SystemFile {
  readonly version: 1;
  readonly network: NetworkKind;
  readonly pid: number;
  readonly apiUrl: string;
  readonly apiCaPem: string;
  readonly issuerUrl: string;
  readonly tokenUrl: string;
  readonly audience: string;
  readonly clientId: string;
  readonly brokerUrl: string;
  readonly brokerCaPem: string;
  readonly enrolmentUrl: string;
  readonly logins: readonly Login[];
  readonly patients: readonly { readonly patientId: string; readonly login?: string }[];
}

export function formatSystemFile(system: SystemFile): string {
  return `${JSON.stringify(system, null, 2)}\n`;
}
