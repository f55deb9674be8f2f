import type { Observation } from 'fhir/r4.js';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { ApiClient } from '../../api/client.ts';
import { search } from '../../api/fhir.ts';
import type { Person } from '../../session/session.ts';
import { TEXT } from '../../text/en.ts';
import { Loaded } from '../../ui/loaded.tsx';
import { useRemote } from '../../ui/use-remote.ts';
import { RecordList } from '../chart/record-list.tsx';
import { REPORTS } from '../chart/record-sections.ts';
import { type Editing, EntryWriter } from '../entries/entry-writer.tsx';
import { labSeries } from './lab-series.ts';
import { RESULT_FORM } from './result-form.ts';
import { Series } from './series.tsx';

const { results: words } = TEXT;

/** Results from all facilities by what they answer, with trend and duplicates, and the reports. */
export function Results({
  api,
  person,
  patientId,
}: {
  readonly api: ApiClient;
  readonly person: Person;
  readonly patientId: string;
}): JSX.Element {
  const [editing, setEditing] = useState<Editing>();
  const isWriter = person.role === 'doctor' || person.role === 'nurse';
  const remote = useRemote(`${patientId} laboratory`, async (signal) => {
    const parameters = [
      ['patient', patientId],
      ['category', 'laboratory'],
      ['_count', '200'],
    ] as const;
    return labSeries(await search(api, 'Observation', parameters, signal));
  });
  const amend = (resource: Observation): void => {
    setEditing({ resource });
  };
  return (
    <section aria-label={TEXT.chart.sections.results}>
      {isWriter ? (
        <EntryWriter
          {...{ api, person, patientId, form: RESULT_FORM, begin: words.write, editing }}
          onEditing={setEditing}
          onSaved={remote.reload}
        />
      ) : null}
      <Loaded
        remote={remote}
        empty={(series) => (series.length === 0 ? TEXT.chart.nothing : undefined)}
      >
        {(series) => (
          <div class="panels">
            {series.map((one) => (
              <Series key={one.key} series={one} onAmend={isWriter ? amend : undefined} />
            ))}
          </div>
        )}
      </Loaded>
      <h2>{words.reports}</h2>
      <RecordList {...{ api, person, patientId }} section={REPORTS} />
    </section>
  );
}
