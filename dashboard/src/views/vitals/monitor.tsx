import { SeriesAnswer } from '@pulseledger/domain';
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { z } from 'zod';
import type { ApiClient } from '../../api/client.ts';
import type { LiveState } from '../../live/live-channel.ts';
import { TEXT } from '../../text/en.ts';
import { Loaded } from '../../ui/loaded.tsx';
import { useNow } from '../../ui/use-now.ts';
import { type Remote, useRemote } from '../../ui/use-remote.ts';
import { AlarmPanel } from '../watch/alarm-panel.tsx';
import { ScorePanel } from '../watch/score-panel.tsx';
import { SHORTEST_SPAN, SPANS, type Span, tileData } from './monitor-data.ts';
import { MONITOR_CODES, MONITOR_SIGNS } from './signs.ts';
import { Tile } from './tile.tsx';
import { useLive } from './use-live.ts';
import { VitalsTable } from './vitals-table.tsx';

/** How long before its end a watch is asked for again. */
const WATCH_RENEWAL_MS = 4 * 60_000;
const Watched = z.object({ watchUntilMs: z.number(), devices: z.number() });

/** A patient's vital signs as they are committed: numbers, ages, curves, and tables with the same content. */
export function Monitor({
  api,
  patientId,
  mayAcknowledge,
}: {
  readonly api: ApiClient;
  readonly patientId: string;
  /** Does this person answer alarms? */
  readonly mayAcknowledge: boolean;
}): JSX.Element {
  const [round, setRound] = useState(0);
  const [span, setSpan] = useState<Span>(SHORTEST_SPAN);
  const [isPaused, setPaused] = useState(false);
  const [asTable, setAsTable] = useState(false);
  const nowMs = useNow();
  const [toMs, setToMs] = useState(nowMs);
  const remote = useSeries(api, patientId, span);
  const live = useLive(api, [patientId], () => {
    if (isPaused) return;
    remote.reload();
    setRound((before) => before + 1);
  });
  useWatch(api, patientId);
  useEffect(() => {
    if (!isPaused) setToMs(nowMs);
  }, [nowMs, isPaused]);
  return (
    <section class="monitor" aria-label={TEXT.vitals.title}>
      <div class="controls">
        <LiveBadge state={live} />
        <fieldset>
          <legend>{TEXT.vitals.span}</legend>
          {SPANS.map((one) => (
            <label key={one.key}>
              <input
                type="radio"
                name="span"
                checked={one === span}
                onChange={() => {
                  setSpan(one);
                }}
              />
              {TEXT.vitals.spans[one.key]}
            </label>
          ))}
        </fieldset>
        <button
          type="button"
          aria-pressed={isPaused}
          onClick={() => {
            setPaused(!isPaused);
          }}
        >
          {isPaused ? TEXT.vitals.resume : TEXT.vitals.pause}
        </button>
        <button
          type="button"
          aria-pressed={asTable}
          onClick={() => {
            setAsTable(!asTable);
          }}
        >
          {TEXT.vitals.asTable}
        </button>
      </div>
      <div class="panels">
        <AlarmPanel {...{ api, patientId, round, mayAcknowledge }} />
        <ScorePanel {...{ api, patientId, round }} />
      </div>
      <Loaded remote={remote}>
        {(answer) => (
          <div class={asTable ? 'tables' : 'tiles'}>
            {MONITOR_SIGNS.map((sign) => {
              const data = tileData(answer, sign);
              return asTable ? (
                <VitalsTable key={sign.key} sign={sign} data={data} />
              ) : (
                <Tile key={sign.key} {...{ sign, data, nowMs, toMs }} fromMs={toMs - span.ms} />
              );
            })}
          </div>
        )}
      </Loaded>
    </section>
  );
}

function useSeries(api: ApiClient, patientId: string, span: Span): Remote<SeriesAnswer> {
  return useRemote(`${patientId} ${span.key}`, (signal) => {
    const now = Date.now();
    const query = new URLSearchParams([
      ...MONITOR_CODES.map((code) => ['code', code]),
      ['fromMs', String(now - span.ms)],
      ['toMs', String(now)],
      ['step', span.step],
    ]);
    return api.ask(`patients/${patientId}/series?${query.toString()}`, SeriesAnswer, { signal });
  });
}

/** While somebody looks, the devices send short windows. */
function useWatch(api: ApiClient, patientId: string): void {
  useEffect(() => {
    const ask = (): void => {
      // Without it the numbers come a minute later; the page says how old they are.
      api.ask(`patients/${patientId}/watch`, Watched, { method: 'POST' }).catch(() => undefined);
    };
    ask();
    const timer = setInterval(ask, WATCH_RENEWAL_MS);
    return () => {
      clearInterval(timer);
    };
  }, [api, patientId]);
}

function LiveBadge({ state }: { readonly state: LiveState }): JSX.Element {
  return (
    <span class={`badge ${state}`} role="status">
      {TEXT.vitals.live[state]}
    </span>
  );
}
