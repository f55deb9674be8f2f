import { useEffect } from 'preact/hooks';

/** Reloads so often, as long as it is wanted and somebody can see the page. */
export function usePolled(reload: () => void, everyMs: number, isWanted: boolean): void {
  useEffect(() => {
    if (!isWanted) return undefined;
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') reload();
    }, everyMs);
    return () => {
      clearInterval(timer);
    };
  }, [reload, everyMs, isWanted]);
}
