import type { JSX } from 'preact';
import type { LabValue } from './lab-series.ts';

const WIDTH = 160;
const HEIGHT = 36;
const MARGIN = 4;

/** How a value went, at a glance; the numbers stand in the table beside it. */
export function Sparkline({
  values,
}: {
  readonly values: readonly LabValue[];
}): JSX.Element | null {
  const points = values.flatMap(({ atMs, value }) => (value === null ? [] : [{ atMs, value }]));
  if (points.length < 2) return null;
  const across = scale(
    points.map(({ atMs }) => atMs),
    WIDTH,
  );
  const down = scale(
    points.map(({ value }) => value),
    HEIGHT,
  );
  const line = points
    .map(({ atMs, value }) => `${across(atMs).toFixed(1)},${(HEIGHT - down(value)).toFixed(1)}`)
    .join(' ');
  const [x = '0', y = '0'] = line.split(' ').at(-1)?.split(',') ?? [];
  return (
    <svg class="sparkline" viewBox={`0 0 ${String(WIDTH)} ${String(HEIGHT)}`} aria-hidden="true">
      <polyline points={line} />
      <circle cx={x} cy={y} r="3" />
    </svg>
  );
}

/** From the range of the numbers to the length that there is. */
function scale(numbers: readonly number[], length: number): (number: number) => number {
  const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
  const span = high - low;
  const room = length - 2 * MARGIN;
  return (number) => (span === 0 ? length / 2 : MARGIN + ((number - low) / span) * room);
}
