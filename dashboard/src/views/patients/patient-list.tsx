import { PatientsAnswer, type PatientView } from '@pulseledger/domain';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { allPages } from '../../api/all-pages.ts';
import type { ApiClient } from '../../api/client.ts';
import { TEXT } from '../../text/en.ts';
import { yearsSince } from '../../ui/age.ts';
import { Loaded } from '../../ui/loaded.tsx';
import { useRemote } from '../../ui/use-remote.ts';

/** Whom the doctor or nurse treats at present. */
export function PatientList({
  api,
  onOpen,
}: {
  readonly api: ApiClient;
  readonly onOpen: (patientId: string) => void;
}): JSX.Element {
  const [filter, setFilter] = useState('');
  const remote = useRemote('patients', (signal) => allPatients(api, signal));
  return (
    <section aria-labelledby="patients-title">
      <h1 id="patients-title">{TEXT.patients.title}</h1>
      <Loaded
        remote={remote}
        empty={(patients) => (patients.length === 0 ? TEXT.patients.none : undefined)}
      >
        {(patients) => {
          const shown = patients.filter((patient) => matches(patient, filter));
          return (
            <>
              <label class="field">
                {TEXT.patients.filter}
                <input
                  type="search"
                  value={filter}
                  onInput={(event) => {
                    setFilter(event.currentTarget.value);
                  }}
                />
              </label>
              {shown.length === 0 ? <p class="empty">{TEXT.patients.noMatch}</p> : null}
              <ul class="cards">
                {shown.map((patient) => (
                  <li key={patient.patientId}>
                    <button
                      type="button"
                      class="card"
                      onClick={() => {
                        onOpen(patient.patientId);
                      }}
                    >
                      <strong>{nameOf(patient)}</strong>
                      <span>{bornText(patient)}</span>
                      <span class="go">{TEXT.patients.open}</span>
                    </button>
                  </li>
                ))}
              </ul>
            </>
          );
        }}
      </Loaded>
    </section>
  );
}

/** By name. @throws Failure */
export async function allPatients(api: ApiClient, signal: AbortSignal): Promise<PatientView[]> {
  const ask = (path: string): Promise<PatientsAnswer> => api.ask(path, PatientsAnswer, { signal });
  const patients = await allPages('patients', ask, (answer) => answer.patients);
  return patients.toSorted((a, b) => nameOf(a).localeCompare(nameOf(b)));
}

/** Family name first, as lists of people are read. */
export function nameOf({ basics }: PatientView): string {
  return [basics.family, basics.given.join(' ')].filter((part) => part !== '').join(', ');
}

/** Birth date and age. */
export function bornText({ basics }: PatientView): string {
  const years = yearsSince(basics.birthDate, Date.now());
  return `${TEXT.patients.born} ${basics.birthDate}${years === undefined ? '' : ` (${String(years)})`}`;
}

function matches(patient: PatientView, filter: string): boolean {
  const plain = (text: string): string =>
    text.normalize('NFD').replaceAll(/\p{M}/gu, '').toLowerCase();
  return plain(nameOf(patient)).includes(plain(filter.trim()));
}
