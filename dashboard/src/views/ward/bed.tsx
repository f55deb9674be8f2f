import type { PatientView } from '@pulseledger/domain';
import type { JSX } from 'preact';
import { TEXT } from '../../text/en.ts';
import { ageText, freshness } from '../../ui/age.ts';
import { nameOf } from '../patients/patient-list.tsx';
import { tileData } from '../vitals/monitor-data.ts';
import { inLocalUnit, MONITOR_SIGNS, type MonitorSign, unitText } from '../vitals/signs.ts';
import type { Bedside } from './use-ward.ts';

/** A device without watch mode sends a window a minute. */
const WINDOW_MS = 60_000;

/** One patient: the newest value of each sign, and how old it is. */
export function Bed({
  patient,
  bedside,
  nowMs,
  onOpen,
}: {
  readonly patient: PatientView;
  readonly bedside: Bedside | undefined;
  readonly nowMs: number;
  readonly onOpen: (patientId: string) => void;
}): JSX.Element {
  const name = nameOf(patient);
  return (
    <li class="panel">
      <h2>
        <button
          type="button"
          class="link"
          onClick={() => {
            onOpen(patient.patientId);
          }}
        >
          {name}
        </button>
      </h2>
      {bedside === undefined ? <p class="stale">{TEXT.ward.waiting}</p> : null}
      {bedside === 'refused' ? <p class="stale">{TEXT.ward.refused}</p> : null}
      {bedside === undefined || bedside === 'refused' ? null : (
        <dl class="signs">
          {MONITOR_SIGNS.map((sign) => (
            <Sign key={sign.key} {...{ sign, bedside, nowMs }} />
          ))}
        </dl>
      )}
    </li>
  );
}

function Sign({
  sign,
  bedside,
  nowMs,
}: {
  readonly sign: MonitorSign;
  readonly bedside: Exclude<Bedside, string>;
  readonly nowMs: number;
}): JSX.Element {
  const locale = navigator.language;
  const { latest, latestMs } = tileData({ step: 'raw', series: bedside }, sign);
  const shown = latest.map((point) =>
    point === undefined
      ? '–'
      : inLocalUnit(point.mean, sign.unit, locale).value.toFixed(sign.digits),
  );
  const state = latestMs === undefined ? 'none' : freshness(latestMs, nowMs, WINDOW_MS);
  return (
    <div class={`${sign.colour} ${state}`}>
      <dt>
        {sign.label} <span class="unit">{unitText(inLocalUnit(0, sign.unit, locale).unit)}</span>
      </dt>
      <dd>
        <span class="value">{shown.join('/')}</span>{' '}
        <span class="age">
          {latestMs === undefined ? TEXT.vitals.noValue : ageText(latestMs, nowMs, locale)}
        </span>
      </dd>
    </div>
  );
}
