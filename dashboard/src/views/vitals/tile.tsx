import type { JSX } from 'preact';
import { TEXT } from '../../text/en.ts';
import { ageText, freshness } from '../../ui/age.ts';
import { Curve } from './curve.tsx';
import type { TileData } from './monitor-data.ts';
import { inLocalUnit, type MonitorSign, unitText } from './signs.ts';

/** A device without watch mode sends a window a minute. */
const WINDOW_MS = 60_000;

/** One sign: the number, how old it is, its curve. */
export function Tile({
  sign,
  data,
  fromMs,
  toMs,
  nowMs,
}: {
  readonly sign: MonitorSign;
  readonly data: TileData;
  readonly fromMs: number;
  readonly toMs: number;
  readonly nowMs: number;
}): JSX.Element {
  const locale = navigator.language;
  const number = new Intl.NumberFormat(locale, {
    minimumFractionDigits: sign.digits,
    maximumFractionDigits: sign.digits,
  });
  const shown = data.latest.map((point) =>
    point === undefined ? '–' : number.format(inLocalUnit(point.mean, sign.unit, locale).value),
  );
  const { unit } = inLocalUnit(0, sign.unit, locale);
  const state = data.latestMs === undefined ? 'none' : freshness(data.latestMs, nowMs, WINDOW_MS);
  return (
    <figure class={`tile ${sign.colour} ${state}`}>
      <figcaption>
        <span class="label">{sign.label}</span>
        <span class="unit">{unitText(unit)}</span>
      </figcaption>
      <p class="value">{shown.join('/')}</p>
      <p class="age">
        {data.latestMs === undefined
          ? TEXT.vitals.noValue
          : `${ageText(data.latestMs, nowMs, locale)} · ${TEXT.vitals.freshness[freshness(data.latestMs, nowMs, WINDOW_MS)]}`}
      </p>
      <Curve lines={data.lines} fromMs={fromMs} toMs={toMs} />
    </figure>
  );
}
