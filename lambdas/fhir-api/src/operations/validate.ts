/** POST [type]/$validate: https://hl7.org/fhir/R4/resource-operation-validate.html. Nothing is stored. */
import { PulseError } from '@pulseledger/domain';
import { FhirJson, isObject } from '../definitions/fhir-json.ts';
import { findings } from '../definitions/structures.ts';
import type { Call } from '../http/call.ts';
import { allIsWell, findingsOutcome } from '../http/outcome.ts';
import { ok, type Reply } from '../http/reply.ts';
import { resourceIn } from '../interactions/incoming.ts';
import { typeIn } from '../interactions/read.ts';

/** The resource itself, or in Parameters as `resource`. */
export async function validate(call: Call): Promise<Reply> {
  const type = typeIn(call.path);
  const body = resourceIn(call.request);
  const resource = body.resourceType === 'Parameters' ? inParameters(body) : body;
  if (resource.resourceType !== type) {
    throw new PulseError('invalid_input', 'the resource is not of the type in the address');
  }
  const found = findings(resource);
  const outcome =
    found.length > 0
      ? findingsOutcome(found)
      : allIsWell('Structure, cardinalities, formats and required codes are as R4 has them.');
  return Promise.resolve(ok(outcome));
}

function inParameters({ parameter }: FhirJson): FhirJson {
  const all: unknown[] = Array.isArray(parameter) ? parameter : [];
  const found = all.filter(isObject).find(({ name }) => name === 'resource')?.['resource'];
  const parsed = FhirJson.safeParse(found);
  if (!parsed.success) {
    throw new PulseError('invalid_input', 'Parameters has no parameter with a resource');
  }
  return parsed.data;
}
