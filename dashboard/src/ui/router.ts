import { useEffect, useRef, useState } from 'preact/hooks';
import { mayLeave } from './unsaved.ts';

/** Where somebody is on the page. It stands in the history's state, never in the address: ids are nobody else's business. */
export type Place =
  | { readonly view: 'patients' }
  | { readonly view: 'chart'; readonly patientId: string; readonly section: string }
  | { readonly view: 'accesses' }
  | { readonly view: 'sharing' }
  | { readonly view: 'shares' }
  | { readonly view: 'people' }
  | { readonly view: 'emergency' }
  | { readonly view: 'ledger'; readonly at: string }
  | { readonly view: 'ward' }
  | { readonly view: 'devices' }
  | { readonly view: 'directory'; readonly practitionerId?: string }
  | { readonly view: 'care-team' }
  | { readonly view: 'my-devices' }
  | { readonly view: 'my-data' }
  | { readonly view: 'reviews' }
  | { readonly view: 'worklist' }
  | { readonly view: 'represented' };

export interface Router {
  readonly place: Place;
  readonly go: (place: Place) => void;
}

/** The place, moved by `go` and by the browser's back and forward; what is not saved holds it where it is. */
export function useRouter(start: Place): Router {
  const [place, setPlace] = useState<Place>(start);
  const here = useRef(place);
  here.current = place;
  useEffect(() => {
    history.replaceState({ place: start }, '');
    const moved = ({ state }: PopStateEvent): void => {
      if (mayLeave()) setPlace(isState(state) ? state.place : start);
      else history.pushState({ place: here.current }, '');
    };
    window.addEventListener('popstate', moved);
    return () => {
      window.removeEventListener('popstate', moved);
    };
    // The start is that of the first time.
  }, []);
  return {
    place,
    go: (next) => {
      window.scrollTo(0, 0);
      if (!mayLeave()) return;
      history.pushState({ place: next }, '');
      setPlace(next);
    },
  };
}

function isState(state: unknown): state is { place: Place } {
  return typeof state === 'object' && state !== null && 'place' in state;
}
