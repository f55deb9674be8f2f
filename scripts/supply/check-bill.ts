import { Spec, Validation } from '@cyclonedx/cyclonedx-library';
import { z } from 'zod';

/** Licenses under which a part of a running system may be; all of them let it be passed on under Apache-2.0. */
const ALLOWED = new Set([
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'CC0-1.0',
  'ISC',
  'MIT',
  'MIT-0',
  'Python-2.0',
  'Unlicense',
]);

const License = z.union([
  z.object({ license: z.object({ id: z.string() }) }).transform(({ license }) => license.id),
  z.object({ license: z.object({ name: z.string() }) }).transform(({ license }) => license.name),
  z.object({ expression: z.string() }).transform(({ expression }) => expression),
]);
const Bill = z.object({
  specVersion: z.enum(Spec.Version),
  components: z
    .array(z.object({ purl: z.string(), licenses: z.array(License).default([]) }))
    .min(1),
});

/** Whether one may choose an allowed license: `(MIT OR GPL-3.0-or-later)` can be taken as MIT. */
function isAllowed(expression: string): boolean {
  const choices = expression.replaceAll(/[()]/g, '').split(' OR ');
  return choices.some((choice) => choice.split(' AND ').every((one) => ALLOWED.has(one.trim())));
}

/**
 * What is wrong with a bill of materials: its form by CycloneDX's own schema, parts without a license, and parts whose
 * license would bind the whole (GPL, AGPL …).
 */
export async function checkBill(text: string): Promise<string[]> {
  const parsed = Bill.safeParse(JSON.parse(text));
  if (!parsed.success) return [`not a bill of materials: ${parsed.error.message}`];
  const { specVersion, components } = parsed.data;
  const faults: unknown = await new Validation.JsonStrictValidator(specVersion).validate(text);
  const form = faults === null ? [] : [`not valid CycloneDX: ${JSON.stringify(faults)}`];
  const licenses = components.flatMap(({ purl, licenses: own }) =>
    own.length > 0 && own.every(isAllowed)
      ? []
      : [`license of ${purl}: ${own.join(', ') || 'none'}`],
  );
  return [...form, ...licenses];
}
