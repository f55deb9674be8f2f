/** The whole API over a network: events in, answers out. */
import { PulseError } from '@pulseledger/domain';
import { createRouter } from '../../lambdas/fhir-api/src/http/router.ts';
import type { LedgerSessions } from '../../lambdas/fhir-api/src/service.ts';
import type { Caller } from '../../lambdas/fhir-api/src/smart/token.ts';
import {
  BASE_URL,
  httpApiEvent,
  type Received,
  received,
  type Sending,
} from '../../lambdas/fhir-api/src/testing/api.ts';

/** Sends a request as somebody, or as nobody. */
export type Send = (
  caller: Caller | undefined,
  path: string,
  sending?: Sending,
) => Promise<Received>;

/** Whoever sends is known: tokens are tested for themselves. What fails within is told on standard error. */
export function networkApi(sessions: LedgerSessions): Send {
  const callers = new Map<string, Caller>();
  const handle = createRouter({
    baseUrl: BASE_URL,
    now: Date.now,
    metrics: { record: () => undefined },
    publish: () => Promise.resolve(),
    log: (entry) => {
      if (entry.status >= 500) process.stderr.write(`${JSON.stringify(entry)}\n`);
    },
    verifyToken: (authorization) => {
      const caller = callers.get(authorization?.replace('Bearer ', '') ?? '');
      return caller === undefined
        ? Promise.reject(new PulseError('unauthenticated'))
        : Promise.resolve({ caller, scope: undefined });
    },
    openSession: sessions.open,
    cursorKey: sessions.cursorKey,
    directory: sessions.directory,
    people: sessions.people,
    liveKey: () => Promise.resolve(new Uint8Array(32)),
    login: {
      issuer: 'https://login.pulse.test',
      authorizationUrl: 'https://login.pulse.test/authorize',
      tokenUrl: 'https://login.pulse.test/token',
    },
  });
  return async (caller, path, sending = {}) => {
    if (caller !== undefined) callers.set(caller.subject, caller);
    return received(await handle(httpApiEvent(caller, path, sending)));
  };
}
