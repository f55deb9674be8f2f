import { setTimeout as delay } from 'node:timers/promises';
import type { Session, Wearable } from '../negative/support/wearable.ts';
import { AwsTestFailure } from './failure.ts';

const PATIENCE_MS = 10_000;
const TRIES = 5;

/**
 * Connects as wearables do, again when nothing comes of it: the emulator's broker makes its certificate when the first one
 * knocks, and may leave that one standing.
 */
export async function connected(device: Wearable): Promise<Session> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const session = await Promise.race([
      device.connect().catch(() => undefined),
      delay(PATIENCE_MS, undefined, { ref: false }),
    ]);
    if (session !== undefined) return session;
  }
  throw new AwsTestFailure(`The broker let nobody in, ${TRIES} times.`);
}
