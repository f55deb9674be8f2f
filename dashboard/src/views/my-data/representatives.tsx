import {
  ChangeOutput,
  RECORD_CLASSES,
  type RecordClass,
  type RepresentativeDocument,
  type RepresentativeRequest,
  RepresentativesAnswer,
} from '@pulseledger/domain';
import type { JSX } from 'preact';
import type { ApiClient } from '../../api/client.ts';
import { type Field, given, idField, type Values } from '../../form/field.ts';
import { Form } from '../../form/form.tsx';
import { TEXT } from '../../text/en.ts';
import { ActionButton } from '../../ui/action-button.tsx';
import { Loaded } from '../../ui/loaded.tsx';
import { useRemote } from '../../ui/use-remote.ts';
import { dayText, endOfDay, shortId } from '../../ui/words.ts';
import { SHAREABLE } from '../sharing/new-terms.ts';

const { representatives: words, careTeam } = TEXT;

const FIELDS: readonly Field[] = [
  idField('who', words.who),
  {
    name: 'may',
    label: words.may,
    kind: 'choice',
    options: [
      ['read', words.mays.read],
      ['all', words.mays.all],
    ],
  },
  { name: 'last', label: words.last, kind: 'date', hint: words.lastHint },
  {
    name: 'classes',
    label: words.classes,
    kind: 'checks',
    hint: words.classesHint,
    options: SHAREABLE.map((one) => [one, TEXT.classes[one]] as const),
  },
];

/** Who acts for the patient, and as far as the patient says. */
export function Representatives({
  api,
  patientId,
}: {
  readonly api: ApiClient;
  readonly patientId: string;
}): JSX.Element {
  const path = `patients/${patientId}/representatives`;
  const remote = useRemote(path, (signal) => api.ask(path, RepresentativesAnswer, { signal }));
  const name = async (values: Values): Promise<void> => {
    const body = requestOf(values);
    const one = `${path}/${given(values, 'who') ?? ''}`;
    await api.ask(one, ChangeOutput, { method: 'PUT', body });
    remote.reload();
  };
  const end = async (representativeId: string): Promise<void> => {
    await api.ask(`${path}/${representativeId}/end`, ChangeOutput, { method: 'POST' });
    remote.reload();
  };
  return (
    <section aria-labelledby="representatives-title">
      <h2 id="representatives-title">{words.title}</h2>
      <p>{words.intro}</p>
      <Loaded
        remote={remote}
        empty={({ representatives }) => (representatives.length === 0 ? words.none : undefined)}
      >
        {({ representatives }) => (
          <ul class="lines">
            {representatives.map((one) => (
              <Line
                key={one.representativeId}
                document={one}
                onEnd={() => end(one.representativeId)}
              />
            ))}
          </ul>
        )}
      </Loaded>
      <Form
        title={words.add}
        fields={FIELDS}
        start={{ may: 'read' }}
        submit={words.name}
        onSubmit={name}
      />
    </section>
  );
}

function requestOf(values: Values): RepresentativeRequest {
  const chosen = (values['classes'] ?? '').split(' ');
  const classes: readonly RecordClass[] = RECORD_CLASSES.filter((one) => chosen.includes(one));
  return {
    kind: 'proxy',
    scope: {
      classes: classes.length === 0 ? 'all' : classes,
      actions: values['may'] === 'all' ? 'all' : ['read'],
    },
    untilMs: endOfDay(given(values, 'last')),
  };
}

function Line({
  document: { representativeId, kind, scope, untilMs },
  onEnd,
}: {
  readonly document: RepresentativeDocument;
  readonly onEnd: () => Promise<void>;
}): JSX.Element {
  const isOver = untilMs !== null && untilMs <= Date.now();
  const what =
    scope.classes === 'all'
      ? words.everything
      : scope.classes.map((one) => TEXT.classes[one]).join(', ');
  return (
    <li>
      <span class="when">
        {untilMs === null || isOver ? '' : `${careTeam.until} ${dayText(untilMs)}`}
      </span>
      <span class="what">
        <strong>
          <code>{shortId(representativeId)}</code> {words.kinds[kind]}
        </strong>
        <span>
          {scope.actions === 'all' ? words.mays.all : words.mays.read}: {what}
        </span>
      </span>
      {isOver ? (
        <span class="badge">{careTeam.over}</span>
      ) : (
        <ActionButton label={careTeam.end} onPress={onEnd} />
      )}
    </li>
  );
}
