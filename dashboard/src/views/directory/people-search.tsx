import type { JSX } from 'preact';
import { Directory } from './directory.tsx';
import { Profile } from './profile.tsx';

/** The search, and somebody's profile before it; what was searched is still there when one comes back. */
export function PeopleSearch({
  practitionerId,
  onOpen,
}: {
  readonly practitionerId: string | undefined;
  readonly onOpen: (practitionerId: string | undefined) => void;
}): JSX.Element {
  return (
    <>
      {practitionerId === undefined ? null : (
        <Profile
          practitionerId={practitionerId}
          onBack={() => {
            onOpen(undefined);
          }}
        />
      )}
      <div hidden={practitionerId !== undefined}>
        <Directory onOpen={onOpen} />
      </div>
    </>
  );
}
