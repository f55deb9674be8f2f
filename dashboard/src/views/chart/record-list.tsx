import type { JSX } from 'preact';
import type { ApiClient } from '../../api/client.ts';
import { search } from '../../api/fhir.ts';
import { TEXT } from '../../text/en.ts';
import { Loaded } from '../../ui/loaded.tsx';
import { useRemote } from '../../ui/use-remote.ts';
import type { RecordLine, RecordSection } from './record-sections.ts';

/** One kind of entry, newest first. */
export function RecordList({
  api,
  patientId,
  section,
}: {
  readonly api: ApiClient;
  readonly patientId: string;
  readonly section: RecordSection;
}): JSX.Element {
  const remote = useRemote(`${patientId} ${section.key}`, async (signal) => {
    const parameters = [['patient', patientId] as const, ...section.parameters];
    const resources = await search(api, section.type, parameters, signal);
    return resources.map(section.line).toSorted((a, b) => b.when.localeCompare(a.when));
  });
  return (
    <section aria-label={section.label}>
      <Loaded
        remote={remote}
        empty={(lines) => (lines.length === 0 ? TEXT.chart.nothing : undefined)}
      >
        {(lines) => (
          <ul class="lines">
            {lines.map((line) => (
              <Line key={line.id} line={line} />
            ))}
          </ul>
        )}
      </Loaded>
      <p class="fine">{TEXT.chart.withheld}</p>
    </section>
  );
}

function Line({ line }: { readonly line: RecordLine }): JSX.Element {
  return (
    <li>
      <span class="when">{line.when.slice(0, 10)}</span>
      <span class="what">
        <strong>{line.title}</strong>
        {line.detail === '' ? null : <span>{line.detail}</span>}
      </span>
      {line.state === '' ? null : <span class="badge">{line.state}</span>}
    </li>
  );
}
