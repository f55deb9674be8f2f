import { z } from 'zod';
import type { FhirJson } from '../definitions/fhir-json.ts';

const Text = z.string().trim().min(1).optional().catch(undefined);
const Texts = z.array(z.string()).default([]).catch([]);
/** https://hl7.org/fhir/R4/datatypes.html#HumanName, as far as it is shown. */
const HumanName = z.object({
  use: Text,
  text: Text,
  family: Text,
  given: Texts,
  prefix: Texts,
  suffix: Texts,
});
const HumanNames = z.array(HumanName).catch([]);
/** What somebody is not called any more. */
const FORMER = ['old', 'maiden'];

/** How a person is called, the official name first. */
export function namesIn(resource: FhirJson): string[] {
  const names = HumanNames.parse(resource['name'] ?? []);
  const current = names.filter(({ use }) => use === undefined || !FORMER.includes(use));
  const official = current.filter(({ use }) => use === 'official');
  return [...official, ...current].flatMap(({ text, prefix, given, family, suffix }) => {
    const parts = [...prefix, ...given, ...(family === undefined ? [] : [family]), ...suffix];
    const shown = text ?? parts.join(' ');
    return shown === '' ? [] : [shown];
  });
}
