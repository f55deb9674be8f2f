import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { Failure } from '../api/failure.ts';
import { TEXT } from '../text/en.ts';

/** Something that is loaded: the latest value stays while a newer one is on its way, or could not be had. */
export interface Remote<T> {
  readonly value: T | undefined;
  readonly failure: Failure | undefined;
  readonly isLoading: boolean;
  /** When the value came, milliseconds since 1970. */
  readonly loadedAtMs: number | undefined;
  readonly reload: () => void;
}

const RETRY_MS = 3_000;

/**
 * Loads now, again when `key` changes, again on `reload` (after what is under way, however often it is asked for), and by
 * itself while the server cannot be reached.
 * @param load must be stable for one key
 * @param asked another number is a reload; the value stays meanwhile
 */
export function useRemote<T>(
  key: string,
  load: (signal: AbortSignal) => Promise<T>,
  asked = 0,
): Remote<T> {
  const [state, setState] = useState<Omit<Remote<T>, 'reload'>>(LOADING);
  const [round, setRound] = useState(0);
  const latest = useRef(load);
  latest.current = load;
  const isUnderWay = useRef(false);
  const isAskedAgain = useRef(false);
  const reload = useCallback(() => {
    if (isUnderWay.current) isAskedAgain.current = true;
    else setRound((before) => before + 1);
  }, []);
  const ended = useCallback(() => {
    isUnderWay.current = false;
    if (isAskedAgain.current) reload();
  }, [reload]);
  useEffect(() => {
    setState(LOADING);
  }, [key]);
  useEffect(() => {
    if (asked !== 0) reload();
  }, [asked, reload]);
  useEffect(() => {
    const ending = new AbortController();
    let retry = 0;
    isUnderWay.current = true;
    isAskedAgain.current = false;
    setState((before) => ({ ...before, isLoading: true }));
    latest
      .current(ending.signal)
      .then((value) => {
        if (ending.signal.aborted) return;
        ended();
        setState({ value, failure: undefined, isLoading: false, loadedAtMs: Date.now() });
      })
      .catch((error: unknown) => {
        if (ending.signal.aborted) return;
        ended();
        const failure = asFailure(error);
        setState((before) => ({ ...before, failure, isLoading: false }));
        if (failure.isOffline) retry = window.setTimeout(reload, RETRY_MS);
      });
    return () => {
      ending.abort();
      clearTimeout(retry);
    };
  }, [key, round, reload, ended]);
  return { ...state, reload };
}

const LOADING = {
  value: undefined,
  failure: undefined,
  isLoading: true,
  loadedAtMs: undefined,
} as const;

function asFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  return new Failure(500, 'internal', TEXT.notUnderstood);
}
