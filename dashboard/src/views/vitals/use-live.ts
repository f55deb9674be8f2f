import { LiveAnswer } from '@pulseledger/domain';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { ApiClient } from '../../api/client.ts';
import { LiveChannel, type LiveState } from '../../live/live-channel.ts';

/** Hints come in bursts; what they hint at is read once. */
const GATHER_MS = 150;

/** Listens for new readings of these patients as long as the view is there. */
export function useLive(
  api: ApiClient,
  patientIds: readonly string[],
  onHint: (patientIds: ReadonlySet<string>) => void,
): LiveState {
  const [state, setState] = useState<LiveState>('connecting');
  const heard = useRef(onHint);
  heard.current = onHint;
  const key = patientIds.join(' ');
  useEffect(() => {
    if (key === '') return undefined;
    const waiting = new Set<string>();
    let timer = 0;
    const channel = new LiveChannel({
      ticket: () =>
        api.ask('live', LiveAnswer, { method: 'POST', body: { patientIds: key.split(' ') } }),
      state: setState,
      hint: (patientId) => {
        if (waiting.size === 0) {
          timer = window.setTimeout(() => {
            heard.current(new Set(waiting));
            waiting.clear();
          }, GATHER_MS);
        }
        waiting.add(patientId);
      },
    });
    return () => {
      clearTimeout(timer);
      channel.close();
    };
  }, [api, key]);
  return state;
}
