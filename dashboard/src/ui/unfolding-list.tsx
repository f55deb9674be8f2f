import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';

/** A line of a list, and what it unfolds to. */
export interface UnfoldingLine {
  readonly key: string;
  readonly when: ComponentChildren;
  readonly what: ComponentChildren;
  readonly unfolded: () => ComponentChildren;
}

/** Lines of which one is unfolded at a time; what was unfolded goes with its line. */
export function UnfoldingList({
  lines,
  open,
}: {
  readonly lines: readonly UnfoldingLine[];
  /** What is on the button of a line. */
  readonly open: string;
}): JSX.Element {
  const [chosen, setChosen] = useState<string>();
  return (
    <ul class="lines">
      {lines.map(({ key, when, what, unfolded }) => (
        <li key={key}>
          <span class="when">{when}</span>
          <span class="what">
            {what}
            {chosen === key ? unfolded() : null}
          </span>
          <button
            type="button"
            aria-expanded={chosen === key}
            onClick={() => {
              setChosen(chosen === key ? undefined : key);
            }}
          >
            {open}
          </button>
        </li>
      ))}
    </ul>
  );
}
