import { PROVIDER_MSP_IDS, PulseError, type Role } from '@pulseledger/domain';
import type { Caller } from './caller.ts';
import { type FunctionName, RULES } from './rules.ts';

/**
 * May this role of this organization call the function at all?
 *
 * @throws PulseError `access_denied`.
 */
export function authorize({ role, mspId }: Caller, name: FunctionName): void {
  const roles: readonly Role[] = RULES[name];
  if (!roles.includes(role) || !PROVIDER_MSP_IDS.includes(mspId)) {
    throw new PulseError('access_denied', 'The role of the caller does not allow this.');
  }
}
