import type { JSX } from 'preact';
import type { ApiClient } from '../api/client.ts';
import type { Person } from '../session/session.ts';
import { TEXT } from '../text/en.ts';

export interface ViewProps {
  readonly api: ApiClient;
  readonly person: Person;
}

/** The frame around every view: who is signed in, the way out, the content. */
export function Home({
  person,
  onSignOut,
}: ViewProps & { readonly onSignOut: () => void }): JSX.Element {
  return (
    <>
      <a class="skip" href="#content">
        {TEXT.skipToContent}
      </a>
      <header class="top">
        <strong>{TEXT.product}</strong>
        <span class="who">
          {person.name} · {person.role}, {person.organization}
        </span>
        <button type="button" onClick={onSignOut}>
          {TEXT.signOut}
        </button>
      </header>
      <main id="content" />
      <footer class="fine">{TEXT.notADevice}</footer>
    </>
  );
}
