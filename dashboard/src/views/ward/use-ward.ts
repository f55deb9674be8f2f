import { type Series, SeriesAnswer } from '@pulseledger/domain';
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { z } from 'zod';
import type { ApiClient } from '../../api/client.ts';
import { Failure } from '../../api/failure.ts';
import type { LiveState } from '../../live/live-channel.ts';
import { MONITOR_CODES } from '../vitals/signs.ts';
import { useLive } from '../vitals/use-live.ts';
import { askFrom, newestOf } from './newest.ts';

/** How far back a value is looked for. */
const LOOK_BACK_MS = 5 * 60_000;
/** How long before its end a watch is asked for again. */
const WATCH_RENEWAL_MS = 4 * 60_000;
/** A patient whose values could not be had is asked about again after so long. */
const RETRY_MS = 5_000;
const Watched = z.object({ watchUntilMs: z.number() });

/** What is known of one patient: the newest point of each code. */
export type Bedside = readonly Series[] | 'refused';

export interface Ward {
  readonly state: LiveState;
  readonly bedsides: ReadonlyMap<string, Bedside>;
}

/** The newest values of these patients, read again on each hint; of one patient never twice at the same time. */
export function useWard(api: ApiClient, patientIds: readonly string[]): Ward {
  const [bedsides, setBedsides] = useState<ReadonlyMap<string, Bedside>>(new Map());
  const known = useRef(bedsides);
  const underWay = useRef(new Map<string, 'once' | 'again'>());
  const ended = useRef(new AbortController());
  const load = useCallback(
    async (patientId: string): Promise<void> => {
      if (underWay.current.has(patientId)) {
        underWay.current.set(patientId, 'again');
        return;
      }
      underWay.current.set(patientId, 'once');
      const { signal } = ended.current;
      const bedside = await read(api, patientId, known.current.get(patientId), signal);
      const isStale = underWay.current.get(patientId) === 'again';
      underWay.current.delete(patientId);
      if (signal.aborted) return;
      if (bedside !== undefined) {
        known.current = new Map(known.current).set(patientId, bedside);
        setBedsides(known.current);
      }
      if (bedside === undefined) setTimeout(() => void load(patientId), RETRY_MS);
      else if (isStale) void load(patientId);
    },
    [api],
  );
  const state = useLive(api, patientIds, (hinted) => {
    for (const patientId of hinted) void load(patientId);
  });
  useEffect(() => {
    ended.current = new AbortController();
    const { current } = ended;
    const ask = (): void => {
      for (const patientId of patientIds) watch(api, patientId);
    };
    ask();
    for (const patientId of patientIds) void load(patientId);
    const timer = setInterval(ask, WATCH_RENEWAL_MS);
    return () => {
      clearInterval(timer);
      current.abort();
    };
  }, [api, patientIds.join(' ')]);
  return { state, bedsides };
}

/** Undefined when it may be had later. */
async function read(
  api: ApiClient,
  patientId: string,
  before: Bedside | undefined,
  signal: AbortSignal,
): Promise<Bedside | undefined> {
  const now = Date.now();
  const known = before === undefined || before === 'refused' ? [] : before;
  const query = new URLSearchParams([
    ...MONITOR_CODES.map((code) => ['code', code]),
    ['fromMs', String(askFrom(known, now, LOOK_BACK_MS))],
    ['toMs', String(now)],
    ['step', 'raw'],
  ]);
  try {
    const path = `patients/${patientId}/series?${query.toString()}`;
    return newestOf(await api.ask(path, SeriesAnswer, { signal }), known);
  } catch (error) {
    const isRefused = error instanceof Failure && (error.status === 403 || error.status === 404);
    return isRefused ? 'refused' : undefined;
  }
}

/** Without it the numbers come a minute later; their age says so. */
function watch(api: ApiClient, patientId: string): void {
  api.ask(`patients/${patientId}/watch`, Watched, { method: 'POST' }).catch(() => undefined);
}
