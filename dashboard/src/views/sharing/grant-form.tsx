import {
  ChangeOutput,
  type ConsentTerms,
  type RecordClass,
  SharedAnswer,
} from '@pulseledger/domain';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { ApiClient } from '../../api/client.ts';
import { agreeToGrant } from '../../passkey/passkey.ts';
import { TEXT } from '../../text/en.ts';
import { insurerTerms, SHAREABLE } from './new-terms.ts';
import type { Attempt } from './sharing.tsx';

const { sharing: words } = TEXT;
const PERIODS = [7, 30, 90, 365];

interface Preview {
  readonly terms: ConsentTerms;
  readonly shown: SharedAnswer;
}

/** In plain words: what, to whom, why, how long; then what the other will see; then the passkey. */
export function GrantForm({
  api,
  patientId,
  passkeys,
  attempt,
}: {
  readonly api: ApiClient;
  readonly patientId: string;
  readonly passkeys: readonly string[];
  readonly attempt: Attempt;
}): JSX.Element {
  const [classes, setClasses] = useState<readonly RecordClass[]>([]);
  const [days, setDays] = useState(30);
  const [preview, setPreview] = useState<Preview>();
  const show = async (): Promise<void> => {
    const terms = insurerTerms({ patientId, classes, days }, Date.now());
    const path = `patients/${patientId}/consents/preview`;
    const shown = await api.ask(path, SharedAnswer, { method: 'POST', body: { terms } });
    setPreview({ terms, shown });
  };
  const agree = async ({ terms }: Preview): Promise<void> => {
    const assertion = await agreeToGrant(terms, passkeys);
    const body = { terms, assertion };
    await api.ask(`patients/${patientId}/consents`, ChangeOutput, { method: 'POST', body });
    setPreview(undefined);
    setClasses([]);
  };
  const toggle = (recordClass: RecordClass): void => {
    setPreview(undefined);
    setClasses((before) =>
      before.includes(recordClass)
        ? before.filter((one) => one !== recordClass)
        : [...before, recordClass],
    );
  };
  return (
    <form
      class="panel"
      onSubmit={(event) => {
        event.preventDefault();
        void attempt(preview === undefined ? show : () => agree(preview));
      }}
    >
      <h2>{words.give}</h2>
      <fieldset class="choices">
        <legend>{words.what}</legend>
        {SHAREABLE.map((recordClass) => (
          <label key={recordClass}>
            <input
              type="checkbox"
              checked={classes.includes(recordClass)}
              onChange={() => {
                toggle(recordClass);
              }}
            />
            {TEXT.classes[recordClass]}
          </label>
        ))}
      </fieldset>
      <fieldset class="choices">
        <legend>{words.howLong}</legend>
        {PERIODS.map((period) => (
          <label key={period}>
            <input
              type="radio"
              name="days"
              checked={period === days}
              onChange={() => {
                setPreview(undefined);
                setDays(period);
              }}
            />
            {period} {words.days}
          </label>
        ))}
      </fieldset>
      {preview === undefined ? null : <PreviewBox shown={preview.shown} days={days} />}
      <button type="submit" class="primary" disabled={classes.length === 0}>
        {preview === undefined ? words.preview : words.agree}
      </button>
    </form>
  );
}

function PreviewBox({
  shown,
  days,
}: {
  readonly shown: SharedAnswer;
  readonly days: number;
}): JSX.Element {
  const counts = Map.groupBy(shown.records, ({ recordClass }) => recordClass);
  return (
    <div class="notice" role="status">
      <p>
        {words.willSee} {days} {words.days}. {words.laterToo}
      </p>
      {counts.size === 0 ? <p>{words.nothingYet}</p> : null}
      <ul>
        {[...counts].map(([recordClass, records]) => (
          <li key={recordClass}>
            {TEXT.classes[recordClass]}: {records.length}
          </li>
        ))}
      </ul>
      <p class="fine">{words.neverNotes}</p>
    </div>
  );
}
