import type { ChangeOutput } from '@pulseledger/domain';

/** Answer of a function that changed something. */
export const CHANGED: ChangeOutput = { status: 'changed' };
/** Answer of a function that was called before with the same meaning. */
export const UNCHANGED: ChangeOutput = { status: 'unchanged' };
