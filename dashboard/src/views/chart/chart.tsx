import type { Patient } from 'fhir/r4.js';
import type { JSX } from 'preact';
import { z } from 'zod';
import type { ApiClient } from '../../api/client.ts';
import { TEXT } from '../../text/en.ts';
import { yearsSince } from '../../ui/age.ts';
import { Loaded } from '../../ui/loaded.tsx';
import { useRemote } from '../../ui/use-remote.ts';
import { Monitor } from '../vitals/monitor.tsx';
import { RecordList } from './record-list.tsx';
import { RECORD_SECTIONS } from './record-sections.ts';

const PatientShape: z.ZodType<Patient> = z.custom<Patient>(
  (value) => z.object({ resourceType: z.literal('Patient') }).safeParse(value).success,
);

/** A patient's chart, one section at a time. Opening it is an entry that the patient sees. */
export function Chart({
  api,
  patientId,
  section,
  mayAcknowledge,
  onSection,
}: {
  readonly api: ApiClient;
  readonly patientId: string;
  readonly section: string;
  readonly mayAcknowledge: boolean;
  readonly onSection: (section: string) => void;
}): JSX.Element {
  const remote = useRemote(patientId, (signal) =>
    api.ask(`Patient/${patientId}`, PatientShape, { signal }),
  );
  const shown = RECORD_SECTIONS.find(({ key }) => key === section);
  const tabs = [{ key: 'vitals', label: TEXT.chart.sections.vitals }, ...RECORD_SECTIONS];
  return (
    <>
      {remote.value === undefined ? <h1>{TEXT.chart.title}</h1> : null}
      <Loaded remote={remote}>{(patient) => <Heading patient={patient} />}</Loaded>
      <nav class="tabs" aria-label={TEXT.nav.record}>
        {tabs.map(({ key, label }) => (
          <button
            key={key}
            type="button"
            aria-current={key === section ? 'true' : undefined}
            onClick={() => {
              onSection(key);
            }}
          >
            {label}
          </button>
        ))}
      </nav>
      {shown === undefined ? (
        <Monitor key={patientId} {...{ api, patientId, mayAcknowledge }} />
      ) : (
        <RecordList key={shown.key} api={api} patientId={patientId} section={shown} />
      )}
      <p class="fine">{TEXT.chart.opened}</p>
    </>
  );
}

function Heading({ patient }: { readonly patient: Patient }): JSX.Element {
  const [name] = patient.name ?? [];
  const born = patient.birthDate ?? '';
  const years = yearsSince(born, Date.now());
  return (
    <header class="patient">
      <h1>{[name?.family, name?.given?.join(' ')].filter(Boolean).join(', ')}</h1>
      <p>
        {TEXT.patients.born} {born}
        {years === undefined ? '' : ` (${String(years)})`} · {patient.gender ?? 'unknown'}
      </p>
    </header>
  );
}
