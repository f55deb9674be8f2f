import { PulseError, SUMMARY_CLASSES } from '@pulseledger/domain';
import type { EmergencyPort } from '../record/emergency-port.ts';
import type { Caller } from '../smart/token.ts';

const HALF_HOUR_MS = 1_800_000;

function requireRole({ role }: Caller, wanted: Caller['role']): void {
  if (role !== wanted) throw new PulseError('access_denied');
}

/** Break-glass of the record's twin in memory, as far as the API's own part goes. */
export function memoryEmergency(caller: Caller, now: () => number): EmergencyPort {
  return {
    find: async () => {
      requireRole(caller, 'emergency-medic');
      return Promise.resolve({ patients: [] });
    },
    open: async () => {
      requireRole(caller, 'emergency-medic');
      const classes = SUMMARY_CLASSES.map((recordClass) => ({
        ...{ recordClass, outcome: 'permit' as const, reason: 'emergency' as const },
      }));
      const opening = { permitId: 'e'.repeat(32), classes, untilMs: now() + HALF_HOUR_MS };
      return Promise.resolve({ ...opening, intent: null });
    },
    reviews: async () => {
      requireRole(caller, 'administrator');
      return Promise.resolve({ reviews: [], isWhole: true });
    },
    review: async () => {
      requireRole(caller, 'administrator');
      return Promise.resolve({ status: 'changed' });
    },
    report: async () => {
      requireRole(caller, 'administrator');
      return Promise.resolve({ medics: [] });
    },
  };
}
