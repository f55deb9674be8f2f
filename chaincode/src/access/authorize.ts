import { PROVIDER_MSP_IDS, PulseError, type Role } from '@pulseledger/domain';
import type { Caller } from './caller.ts';
import { FOR_INSURERS, type FunctionName, RULES } from './rules.ts';

/**
 * May this role of this organization call the function at all?
 *
 * @throws PulseError `access_denied`.
 */
export function authorize({ role, mspId }: Caller, name: FunctionName): void {
  const roles: readonly Role[] = RULES[name];
  const isFor = PROVIDER_MSP_IDS.includes(mspId) || FOR_INSURERS.includes(name);
  if (!roles.includes(role) || !isFor) {
    throw new PulseError('access_denied', 'The role of the caller does not allow this.');
  }
}
