import { MAX_LIVE_PATIENTS, type PatientView } from '@pulseledger/domain';
import type { JSX } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import type { ApiClient } from '../../api/client.ts';
import { TEXT } from '../../text/en.ts';
import { Loaded } from '../../ui/loaded.tsx';
import { useNow } from '../../ui/use-now.ts';
import { useRemote } from '../../ui/use-remote.ts';
import { allPatients, nameOf } from '../patients/patient-list.tsx';
import { Bed } from './bed.tsx';
import { useWard } from './use-ward.ts';

const { ward: words } = TEXT;

export interface WardProps {
  readonly api: ApiClient;
  readonly onOpen: (patientId: string) => void;
}

/** Several patients on one screen: first whom, which is said to be an entry in each record; then their newest values. */
export function Ward({ api, onOpen }: WardProps): JSX.Element {
  const [chosen, setChosen] = useState<readonly PatientView[]>();
  return (
    <section aria-labelledby="ward-title">
      <h1 id="ward-title">{words.title}</h1>
      {chosen === undefined ? (
        <Choice api={api} onChosen={setChosen} />
      ) : (
        <>
          <Beds {...{ api, onOpen }} patients={chosen} />
          <p>
            <button
              type="button"
              onClick={() => {
                setChosen(undefined);
              }}
            >
              {words.choose}
            </button>
          </p>
        </>
      )}
    </section>
  );
}

function Choice({
  api,
  onChosen,
}: {
  readonly api: ApiClient;
  readonly onChosen: (patients: readonly PatientView[]) => void;
}): JSX.Element {
  const [left, setLeft] = useState<ReadonlySet<string>>(new Set());
  const remote = useRemote('patients', (signal) => allPatients(api, signal));
  return (
    <>
      <p>{words.intro}</p>
      <Loaded
        remote={remote}
        empty={(patients) => (patients.length === 0 ? TEXT.patients.none : undefined)}
      >
        {(patients) => {
          const shown = patients.slice(0, MAX_LIVE_PATIENTS);
          const chosen = shown.filter(({ patientId }) => !left.has(patientId));
          return (
            <form
              class="panel"
              onSubmit={(event) => {
                event.preventDefault();
                onChosen(chosen);
              }}
            >
              <fieldset class="choices">
                <legend>{words.who}</legend>
                <label>
                  <input
                    type="checkbox"
                    checked={chosen.length === shown.length}
                    onChange={({ currentTarget: { checked } }) => {
                      setLeft(new Set(checked ? [] : shown.map(({ patientId }) => patientId)));
                    }}
                  />
                  {words.all}
                </label>
                {shown.map((patient) => (
                  <label key={patient.patientId}>
                    <input
                      type="checkbox"
                      checked={!left.has(patient.patientId)}
                      onChange={() => {
                        setLeft((before) =>
                          before.symmetricDifference(new Set([patient.patientId])),
                        );
                      }}
                    />
                    {nameOf(patient)}
                  </label>
                ))}
              </fieldset>
              <button type="submit" class="primary" disabled={chosen.length === 0}>
                {words.show}
              </button>
            </form>
          );
        }}
      </Loaded>
    </>
  );
}

function Beds({
  api,
  patients,
  onOpen,
}: WardProps & { readonly patients: readonly PatientView[] }): JSX.Element {
  const nowMs = useNow();
  const ids = useMemo(() => patients.map(({ patientId }) => patientId), [patients]);
  const { state, bedsides } = useWard(api, ids);
  return (
    <>
      <p class={`badge ${state}`} role="status">
        {TEXT.vitals.live[state]}
      </p>
      <ul class="beds">
        {patients.map((patient) => (
          <Bed
            key={patient.patientId}
            {...{ patient, nowMs, onOpen }}
            bedside={bedsides.get(patient.patientId)}
          />
        ))}
      </ul>
    </>
  );
}
