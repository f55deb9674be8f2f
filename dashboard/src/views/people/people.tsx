import {
  ChangeOutput,
  type RepresentativeRequest,
  type TreatingRequest,
} from '@pulseledger/domain';
import type { JSX } from 'preact';
import type { ApiClient } from '../../api/client.ts';
import { type Field, given, idField, type Values } from '../../form/field.ts';
import { Form } from '../../form/form.tsx';
import type { Person } from '../../session/session.ts';
import { TEXT } from '../../text/en.ts';
import { endOfDay } from '../../ui/words.ts';
import { Invite } from './invite.tsx';

const { treating, guardian, careTeam, nav } = TEXT;

const TREATING_FIELDS: readonly Field[] = [
  idField('practitioner', treating.practitioner, careTeam.whoHint),
  idField('patient', treating.patient),
  {
    name: 'what',
    label: treating.what,
    kind: 'choice',
    options: [
      ['treats', treating.enter],
      ['ends', treating.end],
    ],
  },
  { name: 'last', label: careTeam.last, kind: 'date', hint: careTeam.lastHint },
];
const GUARDIAN_FIELDS: readonly Field[] = [
  idField('guardian', guardian.guardian),
  idField('patient', treating.patient),
  { name: 'last', label: careTeam.last, kind: 'date', hint: careTeam.lastHint },
];

/** What an administrator enters about people: first passkeys, who treats whom, who is guardian of whom. */
export function People({
  api,
  person: { organization },
}: {
  readonly api: ApiClient;
  readonly person: Person;
}): JSX.Element {
  const treat = async (values: Values): Promise<void> => {
    const path = `patients/${given(values, 'patient') ?? ''}/treating/${given(values, 'practitioner') ?? ''}`;
    if (values['what'] === 'ends') {
      await api.ask(`${path}/end`, ChangeOutput, { method: 'POST' });
      return;
    }
    const body: TreatingRequest = { organization, untilMs: endOfDay(given(values, 'last')) };
    await api.ask(path, ChangeOutput, { method: 'PUT', body });
  };
  const enterGuardian = async (values: Values): Promise<void> => {
    const path = `patients/${given(values, 'patient') ?? ''}/representatives/${given(values, 'guardian') ?? ''}`;
    const body: RepresentativeRequest = {
      kind: 'guardian',
      scope: { classes: 'all', actions: 'all' },
      untilMs: endOfDay(given(values, 'last')),
    };
    await api.ask(path, ChangeOutput, { method: 'PUT', body });
  };
  return (
    <section aria-labelledby="people-title">
      <h1 id="people-title">{nav.people}</h1>
      <Invite api={api} />
      {organization === 'insurer' ? null : (
        <>
          <Form
            title={treating.title}
            intro={treating.intro}
            fields={TREATING_FIELDS}
            start={{ what: 'treats' }}
            submit={careTeam.enter}
            onSubmit={treat}
          />
          <Form
            title={guardian.title}
            intro={guardian.intro}
            fields={GUARDIAN_FIELDS}
            start={{}}
            submit={guardian.enter}
            onSubmit={enterGuardian}
          />
        </>
      )}
    </section>
  );
}
