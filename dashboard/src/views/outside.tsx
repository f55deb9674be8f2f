import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { TEXT } from '../text/en.ts';
import { PeopleSearch } from './directory/people-search.tsx';
import { Welcome } from './welcome.tsx';

/** What is there for everybody: the way in, and who works where. */
export function Outside({
  message,
  onSignIn,
}: {
  readonly message: string | undefined;
  readonly onSignIn: () => void;
}): JSX.Element {
  const [isSearching, setSearching] = useState(false);
  const [practitionerId, setPractitionerId] = useState<string>();
  if (!isSearching) {
    return (
      <Welcome
        {...{ message, onSignIn }}
        onDirectory={() => {
          setSearching(true);
        }}
      />
    );
  }
  return (
    <>
      <header class="top">
        <strong>{TEXT.product}</strong>
        <button
          type="button"
          onClick={() => {
            setSearching(false);
          }}
        >
          {TEXT.directory.signIn}
        </button>
      </header>
      <main id="content">
        <PeopleSearch practitionerId={practitionerId} onOpen={setPractitionerId} />
      </main>
    </>
  );
}
