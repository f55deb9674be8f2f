import type { JSX } from 'preact';
import { TEXT } from '../text/en.ts';

/** Before the sign-in, and after the end of a session. */
export function Welcome({
  message,
  onSignIn,
  onDirectory,
}: {
  readonly message: string | undefined;
  readonly onSignIn: () => void;
  /** Who works where needs no login. */
  readonly onDirectory: () => void;
}): JSX.Element {
  return (
    <main class="welcome">
      <h1>{TEXT.product}</h1>
      <p>{TEXT.tagline}</p>
      {message === undefined ? null : (
        <p class="notice" role="status">
          {message}
        </p>
      )}
      <button type="button" class="primary" onClick={onSignIn}>
        {TEXT.signIn}
      </button>
      <button type="button" onClick={onDirectory}>
        {TEXT.directory.title}
      </button>
      <p class="fine">{TEXT.notADevice}</p>
    </main>
  );
}
