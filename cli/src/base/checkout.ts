import { join, resolve } from 'node:path';

/** The folder of the project that this program is part of. */
export const CHECKOUT: string = resolve(import.meta.dirname, '../../..');

/** Coordinates of the running system: PULSE_SYSTEM, or where `npm start` leaves them. */
export const SYSTEM_FILE: string =
  process.env['PULSE_SYSTEM'] ?? join(CHECKOUT, '.pulseledger', 'run', 'system.json');
