import type { EquivalentResult, EquivalentsAnswer } from '@pulseledger/domain';
import type { JSX } from 'preact';
import { z } from 'zod';
import { TEXT } from '../../text/en.ts';

const { orders: words } = TEXT;

const Value = z.object({
  valueQuantity: z.object({ value: z.number(), unit: z.string().optional() }).optional(),
  valueString: z.string().optional(),
});

/** Results that answer the same question and still stand, newest first. */
export function Equivalents({ answer }: { readonly answer: EquivalentsAnswer }): JSX.Element {
  const { results, validityDays } = answer;
  if (results.length === 0) return <p role="status">{words.none}</p>;
  return (
    <div class="notice" role="status">
      <p>
        <strong>{words.recent}</strong>
      </p>
      <ul>
        {results.map((result) => (
          <li key={result.recordId}>{textOf(result)}</li>
        ))}
      </ul>
      {validityDays === null ? null : (
        <p>
          {words.stands} {validityDays} {words.days}
        </p>
      )}
    </div>
  );
}

function textOf({ resource, takenAtMs, mspId }: EquivalentResult): string {
  const { valueQuantity, valueString } = Value.safeParse(resource).data ?? {};
  const value = valueQuantity?.value.toLocaleString(navigator.language) ?? valueString ?? '';
  const names: Readonly<Record<string, string>> = words.organizations;
  const when = new Intl.DateTimeFormat(navigator.language, {
    dateStyle: 'medium',
    timeStyle: 'short',
  });
  return `${value} ${valueQuantity?.unit ?? ''}, ${when.format(takenAtMs)}, ${names[mspId] ?? mspId}`;
}
