import { PulseError } from '@pulseledger/domain';
import type { ConsentPort } from '../record/consent-port.ts';

function denied(): Promise<never> {
  return Promise.reject(new PulseError('access_denied'));
}

/** The twin in memory verifies no passkeys: what is done with consents is tested on the ledger. */
export const NO_CONSENTS: ConsentPort = {
  invitePasskey: denied,
  registerPasskey: denied,
  listPasskeys: denied,
  listConsents: denied,
  preview: denied,
  grant: denied,
  revoke: denied,
  worklist: denied,
  readShared: denied,
};
