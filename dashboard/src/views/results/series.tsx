import type { Observation } from 'fhir/r4.js';
import type { JSX } from 'preact';
import { TEXT } from '../../text/en.ts';
import { labelTexts } from '../entries/sensitivity.ts';
import { type LabSeries, type LabValue, trendOf } from './lab-series.ts';
import { Sparkline } from './sparkline.tsx';

const { results: words } = TEXT;

/** One test: its latest value, how it went, and all values as a table. */
export function Series({
  series,
  onAmend,
}: {
  readonly series: LabSeries;
  readonly onAmend: ((observation: Observation) => void) | undefined;
}): JSX.Element {
  const { name, values } = series;
  const latest = values.at(-1);
  const trend = trendOf(series);
  return (
    <article class="panel result" aria-label={name}>
      <h2>{name}</h2>
      <p class="latest">
        <span class="value">{latest?.text}</span> {latest?.unit}
        <span class="stale"> {trend === undefined ? words.onlyOne : words[trend]}</span>
      </p>
      <Sparkline values={values} />
      <table>
        <caption class="hidden">
          {name}: {words.all}
        </caption>
        <tbody>
          {values.toReversed().map((value) => (
            <Row key={value.id} value={value} onAmend={onAmend} />
          ))}
        </tbody>
      </table>
    </article>
  );
}

function Row({
  value,
  onAmend,
}: {
  readonly value: LabValue;
  readonly onAmend: ((observation: Observation) => void) | undefined;
}): JSX.Element {
  const { observation, text, unit, atMs, isDuplicate } = value;
  const when = new Intl.DateTimeFormat(navigator.language, { dateStyle: 'medium' }).format(atMs);
  const labels = labelTexts(observation);
  return (
    <tr>
      <th scope="row">{when}</th>
      <td>
        {text} {unit}
      </td>
      <td>
        {value.status === 'final' ? null : <span class="badge">{value.status}</span>}
        {isDuplicate ? (
          <span class="badge warn" title={words.duplicateWhy}>
            {words.duplicate}
          </span>
        ) : null}
        {labels.length === 0 ? null : (
          <span class="badge warn">
            {TEXT.sensitivity.badge}: {labels.join(', ')}
          </span>
        )}
        {onAmend === undefined ? null : (
          <button
            type="button"
            aria-label={`${TEXT.form.amend}: ${when}`}
            onClick={() => {
              onAmend(observation);
            }}
          >
            {TEXT.form.amend}
          </button>
        )}
      </td>
    </tr>
  );
}
