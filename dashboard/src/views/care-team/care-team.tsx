import {
  ChangeOutput,
  TreatingAnswer,
  type TreatingLine,
  type TreatingRequest,
} from '@pulseledger/domain';
import type { JSX } from 'preact';
import type { ApiClient } from '../../api/client.ts';
import { type Field, given, idField, type Values } from '../../form/field.ts';
import { Form } from '../../form/form.tsx';
import type { Person } from '../../session/session.ts';
import { TEXT } from '../../text/en.ts';
import { ActionButton } from '../../ui/action-button.tsx';
import { Loaded } from '../../ui/loaded.tsx';
import { useRemote } from '../../ui/use-remote.ts';
import { dayText, endOfDay } from '../../ui/words.ts';

const { careTeam: words } = TEXT;

const FIELDS: readonly Field[] = [
  idField('who', words.who, words.whoHint),
  {
    name: 'organization',
    label: words.organization,
    kind: 'choice',
    options: [
      ['hospital', TEXT.organizations.hospital],
      ['clinic', TEXT.organizations.clinic],
    ],
  },
  { name: 'last', label: words.last, kind: 'date', hint: words.lastHint },
];

/** Who may open the record because they treat; the patient decides. */
export function CareTeam({
  api,
  person,
}: {
  readonly api: ApiClient;
  readonly person: Person;
}): JSX.Element {
  const { subjectId: patientId, organization } = person;
  const remote = useRemote(patientId, (signal) =>
    api.ask(`patients/${patientId}/treating`, TreatingAnswer, { signal }),
  );
  const enter = async (values: Values): Promise<void> => {
    const body: TreatingRequest = {
      organization: values['organization'] === 'clinic' ? 'clinic' : 'hospital',
      untilMs: endOfDay(given(values, 'last')),
    };
    const path = `patients/${patientId}/treating/${given(values, 'who') ?? ''}`;
    await api.ask(path, ChangeOutput, { method: 'PUT', body });
    remote.reload();
  };
  const end = async ({ practitionerId }: TreatingLine): Promise<void> => {
    const path = `patients/${patientId}/treating/${practitionerId}/end`;
    await api.ask(path, ChangeOutput, { method: 'POST' });
    remote.reload();
  };
  return (
    <section aria-labelledby="care-team-title">
      <h1 id="care-team-title">{words.title}</h1>
      <p>{words.intro}</p>
      <Loaded
        remote={remote}
        empty={({ relations }) => (relations.length === 0 ? words.none : undefined)}
      >
        {({ relations }) => (
          <ul class="lines">
            {relations.map((line) => (
              <Line key={line.practitionerId} line={line} onEnd={() => end(line)} />
            ))}
          </ul>
        )}
      </Loaded>
      <Form
        title={words.add}
        fields={FIELDS}
        start={{ organization }}
        submit={words.enter}
        onSubmit={enter}
      />
    </section>
  );
}

function Line({
  line: { name, organization, fromMs, untilMs },
  onEnd,
}: {
  readonly line: TreatingLine;
  readonly onEnd: () => Promise<void>;
}): JSX.Element {
  const isOver = untilMs !== null && untilMs <= Date.now();
  return (
    <li>
      <span class="when">
        {words.since} {dayText(fromMs)}
      </span>
      <span class="what">
        <strong>{name ?? words.unknown}</strong>
        <span>
          {TEXT.organizations[organization]}
          {untilMs === null || isOver ? '' : `, ${words.until} ${dayText(untilMs)}`}
        </span>
      </span>
      {isOver ? (
        <span class="badge">{words.over}</span>
      ) : (
        <ActionButton label={words.end} onPress={onEnd} />
      )}
    </li>
  );
}
