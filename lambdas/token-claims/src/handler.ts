import type { PreTokenGenerationV2TriggerEvent } from 'aws-lambda';
import { withClaims } from './token-claims.ts';

/** Called by the user pool before it issues a token (pre token generation, event version 2). */
export function handler(
  event: PreTokenGenerationV2TriggerEvent,
): Promise<PreTokenGenerationV2TriggerEvent> {
  return Promise.resolve(event).then(withClaims);
}
