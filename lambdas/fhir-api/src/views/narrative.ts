/** Plain narratives: texts of the record in XHTML, with nothing of them taken for markup. */
import type { Narrative } from 'fhir/r4.js';

export function escapeXml(text: string): string {
  return text
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/"/g, '&quot;');
}

/** A list, or a sentence when it is empty. */
export function narrative(lines: readonly string[], otherwise: string): Narrative {
  const inner =
    lines.length === 0
      ? `<p>${escapeXml(otherwise)}</p>`
      : `<ul>${lines.map((line) => `<li>${escapeXml(line)}</li>`).join('')}</ul>`;
  return { status: 'generated', div: `<div xmlns="http://www.w3.org/1999/xhtml">${inner}</div>` };
}
