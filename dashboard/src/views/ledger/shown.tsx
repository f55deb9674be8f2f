import type { BlockLine } from '@pulseledger/domain';
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { Failure } from '../../api/failure.ts';
import { TEXT } from '../../text/en.ts';
import type { Remote } from '../../ui/use-remote.ts';

const { ledger: words } = TEXT;
const SHORT = 12;

/** The beginning of a hash: enough to tell one from another, and to compare by eye. */
export function Hash({ hex }: { readonly hex: string }): JSX.Element {
  return <code class="short">{hex === '' ? '–' : `${hex.slice(0, SHORT)}…`}</code>;
}

/** A moment that a client stated, in the words of the locale. */
export function momentText(atMs: number | null): string {
  if (atMs === null) return '–';
  const format = new Intl.DateTimeFormat(navigator.language, {
    dateStyle: 'medium',
    timeStyle: 'medium',
  });
  return format.format(atMs);
}

/** What the API computed anew from the block's bytes. */
export function Check({
  line,
}: {
  readonly line: Pick<BlockLine, 'isChained' | 'isDataIntact'>;
}): JSX.Element {
  if (line.isChained === false || !line.isDataIntact) {
    return <span class="badge danger">{words.broken}</span>;
  }
  return <span class="badge live">{line.isChained === null ? words.first : words.intact}</span>;
}

/** Name and value, one below the other. */
export function Fact({
  name,
  children,
}: {
  readonly name: string;
  readonly children: ComponentChildren;
}): JSX.Element {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** The heading of what was just opened; it takes the focus, so that a screen reader begins there. */
export function Opened({ children }: { readonly children: ComponentChildren }): JSX.Element {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    heading.current?.focus();
  }, []);
  return (
    <h2 ref={heading} tabIndex={-1}>
      {children}
    </h2>
  );
}

/** What is not there is told in the words of this view. */
export function worded<T>(remote: Remote<T>): Remote<T> {
  const { failure } = remote;
  return failure?.code === 'not_found' ? { ...remote, failure: missing(failure) } : remote;
}

function missing(failure: Failure): Failure {
  return new Failure(failure.status, failure.code, words.missing);
}
