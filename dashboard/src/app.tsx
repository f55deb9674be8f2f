import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { ApiClient } from './api/client.ts';
import { watchIdle } from './session/idle.ts';
import { loadPageConfig, type PageConfig } from './session/page-config.ts';
import { IDLE_LIMIT_MS, Session } from './session/session.ts';
import { beginSignIn, completeSignIn } from './session/sign-in.ts';
import { TEXT } from './text/en.ts';
import { Home } from './views/home.tsx';
import { Outside } from './views/outside.tsx';

type State =
  | { readonly is: 'starting' }
  | { readonly is: 'out'; readonly config: PageConfig | undefined; readonly message?: string }
  | { readonly is: 'in'; readonly session: Session; readonly api: ApiClient };

/** From nobody to somebody and back: what a person may do decides what is shown. */
export function App(): JSX.Element {
  const [state, setState] = useState<State>({ is: 'starting' });
  useEffect(() => {
    void start().then(setState);
  }, []);
  const leave = (message: string): void => {
    if (state.is === 'in') void state.session.end();
    setState({ is: 'starting' });
    void loadPageConfig()
      .catch(() => undefined)
      .then((config) => {
        setState({ is: 'out', config, message });
      });
  };
  useEffect(() => {
    if (state.is !== 'in') return undefined;
    return watchIdle(IDLE_LIMIT_MS, () => {
      leave(TEXT.idle);
    });
  }, [state]);
  switch (state.is) {
    case 'starting':
      return <p class="placeholder">{TEXT.loading}</p>;
    case 'out':
      return (
        <Outside
          message={state.message}
          onSignIn={() => {
            if (state.config === undefined) location.reload();
            else void beginSignIn(state.config, state.message !== undefined);
          }}
        />
      );
    case 'in':
      return (
        <Home
          api={state.api}
          person={state.session.person}
          onSignOut={() => {
            leave(TEXT.signedOut);
          }}
        />
      );
  }
}

async function start(): Promise<State> {
  const config = await loadPageConfig().catch(() => undefined);
  if (config === undefined) return { is: 'out', config, message: TEXT.noServer };
  try {
    const tokens = await completeSignIn(config);
    if (tokens === undefined) return { is: 'out', config };
    const session = new Session(config, tokens, () => {
      location.reload();
    });
    return { is: 'in', session, api: new ApiClient(session) };
  } catch {
    return { is: 'out', config, message: TEXT.signInFailed };
  }
}
