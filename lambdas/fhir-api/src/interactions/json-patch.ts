/** JSON Patch (https://www.rfc-editor.org/rfc/rfc6902) over one resource. */
import { PulseError } from '@pulseledger/domain';
import { applyPatch, type Operation } from 'rfc6902';
import { z } from 'zod';
import { FhirJson } from '../definitions/fhir-json.ts';
import { InvalidResource } from '../http/outcome.ts';

export const JSON_PATCH = 'application/json-patch+json';
/** Most operations of one patch. */
const MAX_OPERATIONS = 100;
/** A copy may double what is there; no resource that could be stored is longer than this. */
const MAX_CHARACTERS = 1_000_000;

/** Below the resource itself, which is replaced with PUT. */
const Pointer = z
  .string()
  .max(1_024)
  .regex(/^(?:\/(?:[^~/]|~[01])*)+$/);
const Given = z.unknown().refine((value) => value !== undefined);

const Valued = z.object({ path: Pointer, value: Given });
const Sourced = z.object({ path: Pointer, from: Pointer });
const PatchOperation: z.ZodType<Operation> = z.union([
  Valued.extend({ op: z.literal('add') }),
  Valued.extend({ op: z.literal('replace') }),
  Valued.extend({ op: z.literal('test') }),
  z.object({ path: Pointer, op: z.literal('remove') }),
  Sourced.extend({ op: z.literal('move') }),
  Sourced.extend({ op: z.literal('copy') }),
]);

/** A patch as it is sent. */
export const JsonPatch: z.ZodType<readonly Operation[]> = z
  .array(PatchOperation)
  .min(1)
  .max(MAX_OPERATIONS);

function parsePatch(text: string): readonly Operation[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new PulseError('invalid_input', 'the body is not JSON');
  }
  const parsed = JsonPatch.safeParse(value);
  if (parsed.success) return parsed.data;
  const [index] = parsed.error.issues[0]?.path ?? [];
  throw new PulseError(
    'invalid_input',
    typeof index === 'number'
      ? `operation ${index} is none of JSON Patch`
      : `a patch is a list of 1 to ${MAX_OPERATIONS} operations`,
  );
}

/** Why an operation cannot be applied, without quoting what is there. */
const REASONS: Readonly<Record<string, string>> = {
  TestError: 'the test fails',
  MissingError: 'there is nothing at its path',
};

/**
 * The resource with all operations applied, or none.
 *
 * @throws PulseError `invalid_input` for what is no patch, `oversize`
 * @throws InvalidResource for an operation that cannot be applied here
 */
export function patched(resource: FhirJson, text: string): FhirJson {
  const changed: unknown = structuredClone(resource);
  for (const [index, operation] of parsePatch(text).entries()) {
    const [failure] = applyPatch(changed, [operation]);
    if (failure !== null && failure !== undefined) {
      const why = REASONS[failure.name] ?? 'it cannot be applied';
      throw unpatched(resource, `operation ${index} (${operation.op}): ${why}`);
    }
    if (JSON.stringify(changed).length > MAX_CHARACTERS) throw new PulseError('oversize');
  }
  const parsed = FhirJson.safeParse(changed);
  if (!parsed.success) throw unpatched(resource, 'what is left is no resource');
  return parsed.data;
}

function unpatched({ resourceType }: FhirJson, text: string): InvalidResource {
  return new InvalidResource([{ code: 'business-rule', text, expression: resourceType }]);
}
