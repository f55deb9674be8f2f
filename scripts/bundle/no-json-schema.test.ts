import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from '@jest/globals';
import { build } from 'esbuild';
import { noJsonSchema } from './no-json-schema.ts';

const CHECKOUT = join(__dirname, '..', '..');

/** Parses something right and something wrong with what the domain's and zod's schemas are. */
const ENTRY = `
import { z } from 'zod';
import * as domain from '@pulseledger/domain';
const Line = z.strictObject({
  name: z.string().min(2).max(4), count: z.int().min(1).optional(), kinds: z.array(z.enum(['x', 'y'])).max(2),
  either: z.union([z.literal(1), z.string().regex(/^q/)]), rest: z.record(z.string(), z.number()).default({}),
});
const schemas = Object.values(domain).filter((one) => typeof one?.safeParse === 'function');
export const answer = JSON.stringify({
  right: Line.parse({ name: 'abc', count: 3, kinds: ['x'], either: 'qq' }),
  wrong: Line.safeParse({ name: 'a', kinds: ['z'], either: 2 }).error.issues.map(({ message }) => message),
  schemas: schemas.length,
  fit: schemas.filter((one) => one.safeParse({}).success).length,
  patients: domain.PatientsAnswer.parse({ patients: [] }),
});`;

async function bundled(plugins: readonly (typeof noJsonSchema)[]) {
  const { outputFiles } = await build({
    stdin: { contents: ENTRY, resolveDir: CHECKOUT },
    bundle: true,
    write: false,
    format: 'iife',
    globalName: 'made',
    plugins: [...plugins],
  });
  const [{ text } = { text: '' }] = outputFiles;
  const answer: unknown = runInNewContext(`${text}; made.answer`, {
    TextEncoder,
    TextDecoder,
    URL,
  });
  return { answer, text };
}

describe('a bundle without JSON Schema', () => {
  it('parses as the whole one does, and is smaller', async () => {
    const [whole, small] = await Promise.all([bundled([]), bundled([noJsonSchema])]);
    expect(small.answer).toBe(whole.answer);
    expect(JSON.parse(String(small.answer))).toMatchObject({ patients: { patients: [] } });
    expect(small.text.length).toBeLessThan(whole.text.length);
  });
});
