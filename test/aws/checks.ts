import type { Check } from './check.ts';
import { DEPLOYED_CHECKS } from './deployed-checks.ts';
import { DOOR_CHECKS } from './door-checks.ts';
import { READING_CHECKS } from './reading-checks.ts';

/** Everything that is looked at, in this order. */
export const CHECKS: readonly Check[] = [...DEPLOYED_CHECKS, ...READING_CHECKS, ...DOOR_CHECKS];
