/** POST [base] with a Bundle: batch and transaction (https://hl7.org/fhir/R4/http.html#transaction). */
import { PulseError } from '@pulseledger/domain';
import { z } from 'zod';
import { FhirJson } from '../definitions/fhir-json.ts';
import type { Call } from '../http/call.ts';
import { ok, type Reply } from '../http/reply.ts';
import { resourceIn } from '../interactions/incoming.ts';
import { runBatch } from './batch.ts';
import { runTransaction } from './transaction.ts';

/** Most entries of one Bundle. */
export const MAX_ENTRIES = 500;

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

/** One entry as it was sent. */
export interface RequestEntry {
  readonly fullUrl?: string | undefined;
  readonly resource?: FhirJson | undefined;
  readonly request: {
    readonly method: (typeof METHODS)[number];
    readonly url: string;
    readonly ifMatch?: string | undefined;
    readonly ifNoneMatch?: string | undefined;
    readonly ifModifiedSince?: string | undefined;
    readonly ifNoneExist?: string | undefined;
  };
}

const RequestEntry: z.ZodType<RequestEntry> = z.object({
  fullUrl: z.string().max(1_024).optional(),
  resource: FhirJson.optional(),
  request: z.object({
    method: z.enum(METHODS),
    url: z.string().min(1).max(2_048),
    ifMatch: z.string().max(64).optional(),
    ifNoneMatch: z.string().max(64).optional(),
    ifModifiedSince: z.string().max(64).optional(),
    ifNoneExist: z.string().max(2_048).optional(),
  }),
});

const RequestBundle = z.object({
  resourceType: z.literal('Bundle'),
  type: z.enum(['batch', 'transaction']),
  entry: z.array(z.unknown()).max(MAX_ENTRIES).default([]),
});

export async function postBundle(call: Call): Promise<Reply> {
  const resource = resourceIn(call.request);
  const bundle = RequestBundle.safeParse(resource);
  if (!bundle.success) {
    const entries = resource['entry'];
    if (Array.isArray(entries) && entries.length > MAX_ENTRIES) {
      throw new PulseError('oversize', `a Bundle has at most ${MAX_ENTRIES} entries`);
    }
    throw new PulseError('invalid_input', 'the body is no Bundle of type batch or transaction');
  }
  const { type, entry } = bundle.data;
  if (type === 'batch') return ok(await runBatch(call, entry.map(parseBatchEntry)));
  return ok(await runTransaction(call, entry.map(parseEntry)));
}

function parseEntry(value: unknown, index: number): RequestEntry {
  const parsed = RequestEntry.safeParse(value);
  if (parsed.success) return parsed.data;
  const place = parsed.error.issues[0]?.path.join('.') ?? '';
  throw new PulseError('invalid_input', `entry ${index} is not as expected: ${placeOf(place)}`);
}

/** Of a batch, an entry that cannot be read is an outcome of its own. */
function parseBatchEntry(value: unknown, index: number): RequestEntry | PulseError {
  try {
    return parseEntry(value, index);
  } catch (error) {
    if (error instanceof PulseError) return error;
    throw error;
  }
}

function placeOf(path: string): string {
  return /^[\w.]{1,60}$/.test(path) ? path : 'no entry';
}
