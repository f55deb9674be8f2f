import { z } from 'zod';
import type {
  DevnetClock,
  DevnetStatus,
  IdentityRequest,
  IssuedIdentity,
  MinedBlock,
} from '../control/control.ts';
import { listedFaultSchema } from '../control/fault-types.ts';
import type { LedgerSnapshot } from '../ledger/types.ts';
import type { BlockCutting } from '../orderer/block-cutting.ts';

/**
 * The admin endpoint's protocol: `POST /v1/<verb>` with JSON in and out and `Authorization: Bearer <token>`; a dump goes as raw
 * bytes. 200 = done; 400 = the request is none; 401 = no or another token; 409 = cannot be done, `{"error": why}`.
 */
export const PATH_PREFIX = '/v1/';
export const DUMP_VERB = 'dump';
export const LOAD_VERB = 'load';

/** Tells where the endpoint is and lets its reader in: `DATA/run/admin.json`, for its owner only. */
export interface AdminFile {
  readonly what: string;
  readonly url: string;
  readonly token: string;
}

export const WHAT =
  'admin endpoint of a Fabric development network: for this machine and for development only';

export const adminFileSchema: z.ZodType<AdminFile> = z.strictObject({
  what: z.string(),
  url: z.url(),
  token: z.string().min(1),
});

const MAX_MS = 8_640_000_000_000_000;
const timeMs = z.number().min(0).max(MAX_MS);
const name = z.string().min(1).max(1_000);
const txId = z.string().regex(/^[0-9a-f]{64}$/);

const MAX_BLOCK_MS = 24 * 60 * 60_000;
export const cuttingSchema: z.ZodType<BlockCutting> = z.discriminatedUnion('mode', [
  z.strictObject({ mode: z.literal('auto') }),
  z.strictObject({ mode: z.literal('size'), transactions: z.int().min(1).max(100_000) }),
  z.strictObject({ mode: z.literal('timer'), ms: z.int().min(1).max(MAX_BLOCK_MS) }),
  z.strictObject({ mode: z.literal('manual') }),
]);

export const idInput: z.ZodType<{ readonly id: number }> = z.strictObject({ id: z.int() });
export const optionalIdInput: z.ZodType<{ readonly id?: number | undefined }> = z.strictObject({
  id: z.int().optional(),
});
export const timeInput: z.ZodType<{ readonly timeMs?: number | undefined }> = z.strictObject({
  timeMs: timeMs.optional(),
});
export const traceInput: z.ZodType<{
  readonly txId: string;
  readonly mspId?: string | undefined;
}> = z.strictObject({ txId, mspId: name.optional() });
export const noInput: z.ZodType<Readonly<Record<string, never>>> = z.strictObject({});

export const identityInput: z.ZodType<IdentityRequest> = z.strictObject({
  organization: name,
  attributes: z.record(name, z.string().max(10_000)).optional(),
  role: z.enum(['client', 'admin', 'peer', 'orderer']).optional(),
  commonName: name.optional(),
  notBeforeMs: timeMs.optional(),
  notAfterMs: timeMs.optional(),
});

export const snapshotSchema: z.ZodType<LedgerSnapshot> = z.object({
  id: z.int(),
  height: z.int(),
  atMs: z.number(),
});
export const clockSchema: z.ZodType<DevnetClock> = z.object({
  timeMs: z.number(),
  offsetMs: z.number(),
});
export const statusSchema: z.ZodType<DevnetStatus> = z.object({
  channel: z.string(),
  height: z.int(),
  pending: z.int(),
  channels: z.array(z.object({ channel: z.string(), height: z.int(), pending: z.int() })),
  cutting: cuttingSchema,
  clock: clockSchema,
  snapshots: z.array(snapshotSchema),
  faults: z.array(listedFaultSchema),
});
export const minedSchema: z.ZodType<readonly MinedBlock[]> = z.array(
  z.object({
    number: z.int(),
    transactions: z.array(z.object({ txId: z.string(), code: z.string() })),
  }),
);
export const identitySchema: z.ZodType<IssuedIdentity> = z.object({
  mspId: z.string(),
  certificatePem: z.string(),
  privateKeyPem: z.string(),
});
export const heightSchema: z.ZodType<{ readonly height: number }> = z.object({ height: z.int() });
export const countSchema: z.ZodType<{ readonly count: number }> = z.object({ count: z.int() });
export const doneSchema: z.ZodType<{ readonly done: true }> = z.object({ done: z.literal(true) });
export const refusalSchema: z.ZodType<{ readonly error: string }> = z.object({ error: z.string() });
