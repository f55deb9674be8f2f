import '../no-eval.ts';
import { type JSX, render } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { ApiClient } from '../api/client.ts';
import { STORY_TEXT } from '../text/en-story.ts';
import type { Place } from '../ui/router.ts';
import { Home } from '../views/home.tsx';
import { installPhone } from './phone.tsx';
import { PARTS, type Part, StorySession } from './story-session.ts';
import '../style/base.css';
import '../style/views.css';
import '../style/screens.css';
import './frame.css';

/** What each of the three looks at first. */
const STARTS: Readonly<Record<Part, Place>> = {
  doctor: { view: 'patients' },
  patient: { view: 'accesses' },
  insurer: { view: 'shares' },
};

type State =
  | 'starting'
  | 'failed'
  | 'out'
  | { readonly session: StorySession; readonly api: ApiClient };

/** One of the three people of the story, signed in at the real page. */
function Frame({ part }: { readonly part: Part }): JSX.Element {
  const [state, setState] = useState<State>('starting');
  const begin = (): void => {
    setState('starting');
    StorySession.begin(part)
      .then((session) => {
        setState({ session, api: new ApiClient(session) });
      })
      .catch(() => {
        setState('failed');
      });
  };
  useEffect(begin, [part]);
  if (typeof state === 'object') {
    const { session, api } = state;
    const leave = (): void => {
      setState('out');
    };
    return <Home api={api} person={session.person} onSignOut={leave} start={STARTS[part]} />;
  }
  return (
    <main class="placeholder">
      <p>{STORY_TEXT[state]}</p>
      {state === 'out' ? (
        <button type="button" class="primary" onClick={begin}>
          {STORY_TEXT.signIn}
        </button>
      ) : null}
    </main>
  );
}

const root = document.getElementById('app');
const asked = new URL(location.href).searchParams.get('as');
const part = PARTS.find((one) => one === asked);
if (part === 'patient') installPhone();
if (root !== null && part !== undefined) render(<Frame part={part} />, root);
