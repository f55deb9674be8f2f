import {
  Identifier,
  ORGANIZATIONS,
  type Organization,
  ROLES,
  type Role,
} from '@pulseledger/domain';
import { z } from 'zod';

/** A test login of the local installation. */
export interface Login {
  readonly user: string;
  readonly password: string;
  readonly organization: Organization;
  readonly role: Role;
  /** The patient's or practitioner's id on the ledger. */
  readonly subjectId: string;
}

export const Login: z.ZodType<Login> = z.strictObject({
  user: z.string().min(1).max(64),
  password: z.string().min(8).max(128),
  organization: z.enum(ORGANIZATIONS),
  role: z.enum(ROLES),
  subjectId: Identifier,
});
