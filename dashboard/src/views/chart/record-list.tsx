import { CorrectionsAnswer } from '@pulseledger/domain';
import type { FhirResource } from 'fhir/r4.js';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { ApiClient } from '../../api/client.ts';
import { search } from '../../api/fhir.ts';
import { localMoment } from '../../form/field.ts';
import type { Person } from '../../session/session.ts';
import { TEXT } from '../../text/en.ts';
import { Loaded } from '../../ui/loaded.tsx';
import { useRemote } from '../../ui/use-remote.ts';
import { formFor } from '../entries/entry-forms.ts';
import { type Editing, EntryWriter } from '../entries/entry-writer.tsx';
import { PsychotherapyNotes } from '../notes/psychotherapy-notes.tsx';
import { Corrections } from './corrections.tsx';
import { Line } from './line.tsx';
import type { RecordLine, RecordSection } from './record-sections.ts';

/** An entry as it is read, and as it is shown. */
export interface Entry {
  readonly resource: FhirResource;
  readonly line: RecordLine;
}

export interface RecordListProps {
  readonly api: ApiClient;
  readonly person: Person;
  readonly patientId: string;
  readonly section: RecordSection;
}

/** One kind of entry, newest first; who may write it writes it here. */
export function RecordList({ api, person, patientId, section }: RecordListProps): JSX.Element {
  const [editing, setEditing] = useState<Editing>();
  const form = formFor(section.key, person);
  const remote = useRemote(`${patientId} ${section.key}`, async (signal) => {
    const parameters = [['patient', patientId] as const, ...section.parameters];
    const resources = await search(api, section.type, parameters, signal);
    return resources
      .map((resource): Entry => ({ resource, line: section.line(resource) }))
      .toSorted(newestFirst);
  });
  const path = `patients/${patientId}/corrections`;
  const corrections = useRemote(path, (signal) => api.ask(path, CorrectionsAnswer, { signal }));
  return (
    <section aria-label={section.label}>
      {form === undefined ? null : (
        <EntryWriter
          {...{ api, person, patientId, form, begin: TEXT.form.newEntry, editing }}
          onEditing={setEditing}
          onSaved={remote.reload}
        />
      )}
      <Loaded
        remote={remote}
        empty={(entries) => (entries.length === 0 ? TEXT.chart.nothing : undefined)}
      >
        {(entries) => (
          <ul class={section.key === 'visits' ? 'lines timeline' : 'lines'}>
            {entries.map((entry) => (
              <Line key={entry.line.id} entry={entry}>
                {form === undefined || !isMine(entry.resource, person) ? null : (
                  <Actions resource={entry.resource} onEdit={setEditing} />
                )}
                <Corrections
                  {...{ api, person, patientId, resource: entry.resource }}
                  all={corrections.value?.corrections ?? []}
                  onChanged={corrections.reload}
                />
              </Line>
            ))}
          </ul>
        )}
      </Loaded>
      <Loaded remote={corrections}>{() => null}</Loaded>
      {section.key === 'notes' && person.role === 'doctor' ? (
        <PsychotherapyNotes {...{ api, patientId }} />
      ) : null}
      <p class="fine">{TEXT.chart.withheld}</p>
    </section>
  );
}

function Actions({
  resource,
  onEdit,
}: {
  readonly resource: FhirResource;
  readonly onEdit: (editing: Editing) => void;
}): JSX.Element {
  const isOpenVisit = resource.resourceType === 'Encounter' && resource.status === 'in-progress';
  return (
    <span class="buttons">
      <button
        type="button"
        onClick={() => {
          onEdit({ resource });
        }}
      >
        {TEXT.form.amend}
      </button>
      {isOpenVisit ? (
        <button
          type="button"
          onClick={() => {
            onEdit({ resource, prefilled: { end: localMoment(Date.now()) } });
          }}
        >
          {TEXT.entries.end}
        </button>
      ) : null}
    </span>
  );
}

/** A note is changed by its author only. */
function isMine(resource: FhirResource, { subjectId }: Person): boolean {
  if (resource.resourceType !== 'ClinicalImpression') return true;
  return resource.assessor?.reference === `Practitioner/${subjectId}`;
}

function newestFirst(a: Entry, b: Entry): number {
  return b.line.when.localeCompare(a.line.when);
}
