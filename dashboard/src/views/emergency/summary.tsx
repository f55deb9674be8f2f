import type { EmergencyOpenAnswer } from '@pulseledger/domain';
import type { Bundle, Composition, CompositionSection, FhirResource } from 'fhir/r4.js';
import type { JSX } from 'preact';
import { z } from 'zod';
import type { ApiClient } from '../../api/client.ts';
import { TEXT } from '../../text/en.ts';
import { Loaded } from '../../ui/loaded.tsx';
import { useNow } from '../../ui/use-now.ts';
import { useRemote } from '../../ui/use-remote.ts';
import { linesOf } from '../chart/record-sections.ts';

const { emergency: words } = TEXT;
const MINUTE_MS = 60_000;

const BundleShape: z.ZodType<Bundle> = z.custom<Bundle>(
  (value) => z.object({ resourceType: z.literal('Bundle') }).safeParse(value).success,
);

/** The International Patient Summary on one screen, readable at arm's length. */
export function Summary({
  api,
  patientId,
  answer,
}: {
  readonly api: ApiClient;
  readonly patientId: string;
  readonly answer: EmergencyOpenAnswer;
}): JSX.Element {
  const nowMs = useNow();
  const remote = useRemote(answer.permitId, (signal) =>
    api.ask(`Patient/${patientId}/$summary`, BundleShape, {
      signal,
      headers: { 'x-purpose-of-use': 'BTG' },
    }),
  );
  const minutes = Math.max(0, Math.ceil((answer.untilMs - nowMs) / MINUTE_MS));
  return (
    <div class="summary">
      <p class="notice" role="status">
        {words.openFor} {minutes} min. {answer.partsMayBeWithheld}
        {answer.isEntryLate ? ` ${words.late}` : ''}
      </p>
      <Loaded remote={remote}>{(bundle) => <Sections bundle={bundle} />}</Loaded>
    </div>
  );
}

function Sections({ bundle }: { readonly bundle: Bundle }): JSX.Element {
  const resources = new Map(
    (bundle.entry ?? []).flatMap(({ fullUrl, resource }) =>
      fullUrl === undefined || resource === undefined ? [] : [[fullUrl, resource] as const],
    ),
  );
  const composition = [...resources.values()].find(isComposition);
  return (
    <div class="panels">
      {(composition?.section ?? []).map((section) => (
        <Section key={section.title} section={section} resources={resources} />
      ))}
    </div>
  );
}

function Section({
  section,
  resources,
}: {
  readonly section: CompositionSection;
  readonly resources: ReadonlyMap<string, object>;
}): JSX.Element {
  const entries = (section.entry ?? []).flatMap(({ reference }) => {
    const resource = resources.get(reference ?? '');
    return resource === undefined ? [] : [resource];
  });
  return (
    <section class="panel" aria-label={section.title ?? ''}>
      <h2>{section.title}</h2>
      {entries.length === 0 ? <p>{words.notAvailable}</p> : null}
      <ul class="plain large">
        {linesOf(entries).map((line, index) => (
          <li key={index}>
            <strong>{line.title}</strong> {line.detail} <span class="stale">{line.state}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function isComposition(resource: { readonly resourceType: string }): resource is Composition {
  return (resource as FhirResource).resourceType === 'Composition';
}
