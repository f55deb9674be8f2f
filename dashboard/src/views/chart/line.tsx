import type { ComponentChildren, JSX } from 'preact';
import { TEXT } from '../../text/en.ts';
import { labelTexts } from '../entries/sensitivity.ts';
import type { Entry } from './record-list.tsx';

/** An entry in a list: when, what, in which state, and how sensitive. */
export function Line({
  entry: { line, resource },
  children,
}: {
  readonly entry: Entry;
  readonly children?: ComponentChildren;
}): JSX.Element {
  const labels = labelTexts(resource);
  return (
    <li>
      <span class="when">{line.when.slice(0, 'yyyy-mm-dd'.length)}</span>
      <span class="what">
        <strong>{line.title}</strong>
        {line.detail === '' ? null : <span class="detail">{line.detail}</span>}
        {labels.length === 0 ? null : (
          <span class="badge warn">
            {TEXT.sensitivity.badge}: {labels.join(', ')}
          </span>
        )}
        {children}
      </span>
      {line.state === '' ? null : <span class="badge">{line.state}</span>}
    </li>
  );
}
