import type { JSX } from 'preact';
import { TEXT } from '../text/en.ts';

/** Before the sign-in, and after the end of a session. */
export function Welcome({
  message,
  onSignIn,
}: {
  readonly message: string | undefined;
  readonly onSignIn: () => void;
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
      <p class="fine">{TEXT.notADevice}</p>
    </main>
  );
}
