import { X509Certificate } from 'node:crypto';
import { type Purpose, ROLES, type Role } from '@pulseledger/domain';
import type { Signatory } from './signatory.ts';

const ROLE_ATTRIBUTE = /"role":"([a-z-]{1,40})"/;

/** The role in a signatory's certificate, which is what the contract goes by; undefined when it has none. */
export function roleOf({ certificatePem }: Signatory): Role | undefined {
  // The attributes are JSON in an extension of their own, readable as they stand.
  const der = new X509Certificate(certificatePem).raw.toString('latin1');
  const text = ROLE_ATTRIBUTE.exec(der)?.[1];
  return ROLES.find((role) => role === text);
}

const PURPOSES: Readonly<Partial<Record<Role, Purpose>>> = {
  patient: 'PATRQT',
  representative: 'PWATRNY',
  'insurance-agent': 'HPAYMT',
  'emergency-medic': 'BTG',
  administrator: 'HOPERAT',
};

/** The purpose for which somebody of this role acts when none is stated. */
export function purposeOf(role: Role | undefined): Purpose {
  return (role === undefined ? undefined : PURPOSES[role]) ?? 'TREAT';
}
