import { z } from 'zod';

/** Patient, practitioner and device ids: 16 random bytes as lower-case hex. */
export const Identifier: z.ZodType<string> = z
  .string()
  .regex(/^[0-9a-f]{32}$/, 'expected 32 lower-case hex digits');

/** 16 random bytes that keep the hash of a private value from being guessed. */
export const SaltHex: z.ZodType<string> = z
  .string()
  .regex(/^[0-9a-f]{32}$/, 'expected 32 lower-case hex digits');

/** SHA-256 digest as lower-case hex. */
export const DigestHex: z.ZodType<string> = z
  .string()
  .regex(/^[0-9a-f]{64}$/, 'expected 64 lower-case hex digits');

/** Latest moment accepted anywhere: the end of the year 9999. */
export const LATEST_MOMENT_MS = 253_402_300_799_999;

/** Milliseconds since 1970-01-01T00:00:00Z. */
export const MomentMs: z.ZodType<number> = z.int().min(0).max(LATEST_MOMENT_MS);
