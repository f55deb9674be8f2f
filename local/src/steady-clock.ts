import { type Clock, SYSTEM_CLOCK } from '@pulseledger/domain';

/** Milliseconds since this process began: nobody sets this clock while a wait is measured by it. */
export const STEADY_CLOCK: Clock = { ...SYSTEM_CLOCK, now: () => performance.now() };
