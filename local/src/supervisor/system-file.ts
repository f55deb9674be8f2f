import { z } from 'zod';
import type { Login } from '../identity-services/logins.ts';
import type { NetworkKind } from './network-process.ts';

/** What `npm run quarantine` needs: the queues, and a role that may do just its work there. */
export interface QuarantineAccess {
  readonly region: string;
  /** Where the queue service is. */
  readonly endpoint: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly quarantineQueueUrl: string;
  readonly deadLetterQueueUrl: string;
  readonly ingestQueueUrl: string;
}

/** What `npx pulse identities` needs: the secrets, and a role that may see and rotate services' identities. */
export interface IdentitiesAccess {
  readonly region: string;
  /** Where Secrets Manager is. */
  readonly endpoint: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** What stands before `/<service>/<organization>`. */
  readonly prefix: string;
  readonly services: readonly string[];
}

const Url = z.url({ protocol: /^http$/ });

export const QuarantineAccess: z.ZodType<QuarantineAccess> = z.object({
  region: z.string().min(1).max(64),
  endpoint: Url,
  accessKeyId: z.string().min(1).max(128),
  secretAccessKey: z.string().min(1).max(256),
  quarantineQueueUrl: Url,
  deadLetterQueueUrl: Url,
  ingestQueueUrl: Url,
});

/**
 * Coordinates of a running system for programs on the same machine (`npm run simulate`, `npm run quarantine`).
 * Only the owner can read the file, since it holds the test logins and the key of a role.
 */
export interface SystemFile {
  readonly version: 1;
  readonly network: NetworkKind;
  readonly pid: number;
  /** What belongs to the same ledger is kept in here. */
  readonly dataFolder: string;
  readonly pageUrl: string;
  readonly apiUrl: string;
  readonly apiCaPem: string;
  readonly issuerUrl: string;
  readonly tokenUrl: string;
  readonly audience: string;
  readonly clientId: string;
  readonly brokerUrl: string;
  readonly brokerCaPem: string;
  readonly enrolmentUrl: string;
  /** Prometheus' text format. */
  readonly metricsUrl: string;
  readonly quarantine: QuarantineAccess;
  readonly identities: IdentitiesAccess;
  readonly logins: readonly Login[];
  readonly patients: readonly { readonly patientId: string; readonly login?: string }[];
}

export function formatSystemFile(system: SystemFile): string {
  return `${JSON.stringify(system, null, 2)}\n`;
}
