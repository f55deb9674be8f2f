import type { ComponentChildren, JSX } from 'preact';
import type { Failure } from '../api/failure.ts';
import { TEXT } from '../text/en.ts';
import type { Remote } from './use-remote.ts';

/** Shows what was loaded; before that a placeholder, and above it why there is nothing newer. */
export function Loaded<T>({
  remote,
  empty,
  children,
}: {
  readonly remote: Remote<T>;
  /** Says that there is nothing, when there is nothing. */
  readonly empty?: (value: T) => string | undefined;
  readonly children: (value: T) => ComponentChildren;
}): JSX.Element {
  const { value, failure, isLoading, reload } = remote;
  const nothing = value === undefined ? undefined : empty?.(value);
  return (
    <div class="loaded" aria-busy={isLoading}>
      {failure === undefined ? null : <Why {...{ failure, reload }} />}
      {value === undefined && failure === undefined ? (
        <p class="placeholder">{TEXT.loading}</p>
      ) : null}
      {nothing === undefined ? null : <p class="empty">{nothing}</p>}
      {value === undefined || nothing !== undefined ? null : children(value)}
    </div>
  );
}

/** Why there is nothing newer. */
function Why({
  failure: { message, isOffline },
  reload,
}: {
  readonly failure: Failure;
  readonly reload: () => void;
}): JSX.Element {
  return (
    <div class={isOffline ? 'notice offline' : 'notice error'} role="alert">
      <p>
        {message} {isOffline ? TEXT.byItself : ''}
      </p>
      <button type="button" onClick={reload}>
        {TEXT.tryAgain}
      </button>
    </div>
  );
}
