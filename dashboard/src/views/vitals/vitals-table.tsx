import type { JSX } from 'preact';
import { TEXT } from '../../text/en.ts';
import type { TileData } from './monitor-data.ts';
import { inLocalUnit, type MonitorSign, unitText } from './signs.ts';

const ROWS = 60;

/** The same values as the curves, newest first, for reading and for screen readers. */
export function VitalsTable({
  sign,
  data,
}: {
  readonly sign: MonitorSign;
  readonly data: TileData;
}): JSX.Element {
  const locale = navigator.language;
  const time = new Intl.DateTimeFormat(locale, { dateStyle: 'short', timeStyle: 'medium' });
  const number = new Intl.NumberFormat(locale, { maximumFractionDigits: sign.digits });
  const [first = [], second = []] = data.lines;
  const others = new Map(second.map((point) => [point.atMs, point]));
  const { unit } = inLocalUnit(0, sign.unit, locale);
  const text = (value: number): string =>
    number.format(inLocalUnit(value, sign.unit, locale).value);
  return (
    <table>
      <caption>
        {sign.label}, {unitText(unit)}
      </caption>
      <thead>
        <tr>
          <th scope="col">{TEXT.vitals.when}</th>
          <th scope="col">{TEXT.vitals.value}</th>
          <th scope="col">{TEXT.vitals.range}</th>
        </tr>
      </thead>
      <tbody>
        {first
          .slice(-ROWS)
          .toReversed()
          .map(({ atMs, mean, low, high, count }) => {
            const other = others.get(atMs);
            return (
              <tr key={atMs}>
                <th scope="row">{time.format(atMs)}</th>
                <td>
                  {count === 0 ? TEXT.vitals.sensorOff : text(mean)}
                  {other === undefined ? '' : `/${text(other.mean)}`}
                </td>
                <td>{count > 1 ? `${text(low)}–${text(high)}` : ''}</td>
              </tr>
            );
          })}
      </tbody>
    </table>
  );
}
