/**
 * Why a test is ordered again although there is an equivalent recent result, as a ServiceRequest says it
 * (https://hl7.org/fhir/R4/servicerequest.html): the reason in `reasonCode`, by a code of ours so that an ordinary indication
 * is not taken for one, and the results that were looked at in `supportingInfo`.
 */
import { Identifier, REPEAT_REASONS, Repeat } from '@pulseledger/domain';
import { type FhirJson, objectsAt } from '../definitions/fhir-json.ts';
import { InvalidResource, REPEAT_REASON_SYSTEM } from '../http/outcome.ts';
import { splitReference } from '../search/values.ts';

/** Undefined for what says nothing of it. @throws InvalidResource */
export function repeatIn(resource: FhirJson): Repeat | undefined {
  if (resource.resourceType !== 'ServiceRequest') return undefined;
  const [said] = objectsAt(resource['reasonCode']).flatMap(({ coding, text }) =>
    objectsAt(coding)
      .filter(({ system }) => system === REPEAT_REASON_SYSTEM)
      .map(({ code }) => ({ reason: code, text })),
  );
  if (said === undefined) return undefined;
  const repeat = Repeat.safeParse({ ...said, shown: resultsNamed(resource) });
  if (repeat.success) return repeat.data;
  throw new InvalidResource([
    {
      code: 'business-rule',
      text: `a reason to repeat a test is one of ${REPEAT_REASONS.join(', ')} with a text of 3 to 500 characters, and at most 50 results in supportingInfo`,
      expression: 'ServiceRequest.reasonCode',
    },
  ]);
}

function resultsNamed(resource: FhirJson): string[] {
  const ids = objectsAt(resource['supportingInfo']).flatMap(({ reference }) => {
    const split = splitReference(reference);
    return split?.type === 'Observation' && Identifier.safeParse(split.id).success
      ? [split.id]
      : [];
  });
  return [...new Set(ids)];
}
