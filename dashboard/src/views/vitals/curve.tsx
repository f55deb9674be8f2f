import type { SeriesPoint } from '@pulseledger/domain';
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';

/** One or two lines over time; the table beside it says the same to those who do not see it. */
export function Curve({
  lines,
  fromMs,
  toMs,
}: {
  readonly lines: readonly (readonly SeriesPoint[])[];
  readonly fromMs: number;
  readonly toMs: number;
}): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  useEffect(() => {
    const element = box.current;
    if (element === null) return undefined;
    const made = new uPlot(options(element, lines.length), [[], ...lines.map(() => [])], element);
    plot.current = made;
    const watch = new ResizeObserver(() => {
      made.setSize(sizeOf(element));
    });
    watch.observe(element);
    return () => {
      watch.disconnect();
      made.destroy();
    };
  }, [lines.length]);
  useEffect(() => {
    plot.current?.setData(columns(lines), false);
    plot.current?.setScale('x', { min: fromMs / 1_000, max: toMs / 1_000 });
  }, [lines, fromMs, toMs]);
  return <div class="curve" ref={box} aria-hidden="true" />;
}

function sizeOf(element: HTMLElement): { width: number; height: number } {
  return { width: Math.max(80, element.clientWidth), height: Math.max(60, element.clientHeight) };
}

/** Colours come resolved for light or dark: the line's as `color`, the axes' as `outline-color`. */
function options(element: HTMLElement, count: number): uPlot.Options {
  const { color: stroke, outlineColor: muted } = getComputedStyle(element);
  const axis: uPlot.Axis = {
    stroke: muted,
    grid: { show: false },
    ticks: { show: false },
    font: '11px system-ui',
  };
  const line: uPlot.Series = { stroke, width: 1.75, points: { show: false }, spanGaps: false };
  return {
    ...sizeOf(element),
    legend: { show: false },
    cursor: { show: false },
    padding: [6, 8, 0, 0],
    scales: { x: { time: true, auto: false } },
    axes: [
      { ...axis, size: 20, space: 70, values: (_plot, splits) => splits.map(timeText) },
      { ...axis, size: 34, space: 26 },
    ],
    series: [{}, ...Array.from({ length: count }, () => line)],
  };
}

/** Days where the lines are long, else the time. */
function timeText(seconds: number): string {
  const at = new Date(seconds * 1_000);
  const isMidnight = at.getHours() === 0 && at.getMinutes() === 0;
  return new Intl.DateTimeFormat(
    navigator.language,
    isMidnight ? { day: 'numeric', month: 'short' } : { hour: '2-digit', minute: '2-digit' },
  ).format(at);
}

/** A point without a value makes a gap, and so does a time without points. */
function columns(lines: readonly (readonly SeriesPoint[])[]): uPlot.AlignedData {
  return uPlot.join(
    lines.map((points) => [
      points.map(({ atMs }) => atMs / 1_000),
      points.map(({ mean, count }) => (count === 0 ? null : mean)),
    ]),
    lines.map(() => [2]),
  );
}
