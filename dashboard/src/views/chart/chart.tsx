import type { Patient } from 'fhir/r4.js';
import type { JSX } from 'preact';
import { z } from 'zod';
import type { ApiClient } from '../../api/client.ts';
import type { Person } from '../../session/session.ts';
import { TEXT } from '../../text/en.ts';
import { yearsSince } from '../../ui/age.ts';
import { Loaded } from '../../ui/loaded.tsx';
import { useRemote } from '../../ui/use-remote.ts';
import { Handover } from '../handover/handover.tsx';
import { Orders } from '../orders/orders.tsx';
import { Results } from '../results/results.tsx';
import { Monitor } from '../vitals/monitor.tsx';
import { RecordList } from './record-list.tsx';
import { RECORD_SECTIONS } from './record-sections.ts';

const PatientShape: z.ZodType<Patient> = z.custom<Patient>(
  (value) => z.object({ resourceType: z.literal('Patient') }).safeParse(value).success,
);

const { sections } = TEXT.chart;

export interface ChartProps {
  readonly api: ApiClient;
  readonly person: Person;
  readonly patientId: string;
  readonly section: string;
  readonly onSection: (section: string) => void;
}

/** A patient's chart, one section at a time. Opening it is an entry that the patient sees. */
export function Chart(props: ChartProps): JSX.Element {
  const { api, person, patientId, section, onSection } = props;
  const remote = useRemote(patientId, (signal) =>
    api.ask(`Patient/${patientId}`, PatientShape, { signal }),
  );
  return (
    <>
      {remote.value === undefined ? <h1>{TEXT.chart.title}</h1> : null}
      <Loaded remote={remote}>{(patient) => <Heading patient={patient} />}</Loaded>
      <nav class="tabs" aria-label={TEXT.nav.record}>
        {tabsFor(person).map(({ key, label }) => (
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
      <Section key={`${patientId} ${section}`} {...props} />
      <p class="fine">{TEXT.chart.opened}</p>
    </>
  );
}

/** In the order in which a chart is read. */
const ORDER = [
  'vitals',
  'visits',
  'problems',
  'medications',
  'allergies',
  'results',
  'orders',
  'notes',
  'procedures',
  'immunizations',
] as const;

function tabsFor(person: Person): { readonly key: string; readonly label: string }[] {
  const keys = isClinician(person) ? ([...ORDER, 'handover'] as const) : ORDER;
  return keys.map((key) => ({ key, label: sections[key] }));
}

function isClinician({ role }: Person): boolean {
  return role === 'doctor' || role === 'nurse';
}

function Section({ api, person, patientId, section }: ChartProps): JSX.Element {
  switch (section) {
    case 'results':
      return <Results {...{ api, person, patientId }} />;
    case 'orders':
      return <Orders {...{ api, person, patientId }} />;
    case 'handover':
      return <Handover {...{ api, person, patientId }} />;
    default: {
      const shown = RECORD_SECTIONS.find(({ key }) => key === section);
      if (shown !== undefined)
        return <RecordList {...{ api, person, patientId }} section={shown} />;
      return <Monitor {...{ api, patientId }} mayAcknowledge={isClinician(person)} />;
    }
  }
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
