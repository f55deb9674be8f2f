/** The API as the people of the story use it. */
import { AccessesAnswer, type AccessLine } from '@pulseledger/domain';
import type { z } from 'zod';
import type { Caller } from '../../lambdas/fhir-api/src/smart/token.ts';
import type { Received } from '../../lambdas/fhir-api/src/testing/api.ts';
import type { Send } from '../record-port/network-api.ts';

const JSON_TYPES = { 'content-type': 'application/fhir+json' };

export interface Tell {
  readonly get: (caller: Caller, path: string) => Promise<Received>;
  readonly post: (caller: Caller, path: string, body: object) => Promise<Received>;
  readonly put: (caller: Caller, path: string, body: object) => Promise<Received>;
  /** The patient's log, oldest first. */
  readonly accesses: (patient: Caller) => Promise<AccessLine[]>;
}

export function tellBy(send: Send): Tell {
  const withBody =
    (method: string) =>
    (caller: Caller, path: string, body: object): Promise<Received> =>
      send(caller, path, { method, headers: JSON_TYPES, body: JSON.stringify(body) });
  const get: Tell['get'] = (caller, path) => send(caller, path);
  return {
    get,
    post: withBody('POST'),
    put: withBody('PUT'),
    accesses: async (patient) => {
      const lines: AccessLine[] = [];
      let query = '';
      for (;;) {
        const page = await get(patient, `patients/${patient.subjectId}/accesses${query}`);
        const { accesses, bookmark } = plain(AccessesAnswer, page);
        lines.unshift(...accesses.toReversed());
        if (bookmark === undefined) return lines;
        query = `?bookmark=${encodeURIComponent(bookmark)}`;
      }
    },
  };
}

/** The answer, which has this status. */
export function answered(answer: Received, status = 200): Received {
  if (answer.status === status) return answer;
  throw new Error(`expected ${String(status)}, got ${String(answer.status)}: ${answer.text}`);
}

/** The content of an answer beside FHIR. */
export function plain<T>(schema: z.ZodType<T>, answer: Received, status = 200): T {
  const json: unknown = JSON.parse(answered(answer, status).text);
  return schema.parse(json);
}
