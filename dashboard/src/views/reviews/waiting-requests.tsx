import {
  ChangeOutput,
  type ErasureAnswerRequest,
  REFUSAL_REASONS,
  WaitingErasures,
} from '@pulseledger/domain';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { ApiClient } from '../../api/client.ts';
import { type Field, given, type Values } from '../../form/field.ts';
import { Form } from '../../form/form.tsx';
import { TEXT } from '../../text/en.ts';
import { Loaded } from '../../ui/loaded.tsx';
import { useRemote } from '../../ui/use-remote.ts';
import { endOfDay, shortId } from '../../ui/words.ts';
import { options } from '../entries/care-forms.ts';

const { reviews: words, myData } = TEXT;
type Waiting = WaitingErasures['erasures'][number];

const FIELDS: readonly Field[] = [
  { name: 'answer', label: words.answer, kind: 'choice', options: options(words.answers) },
  {
    name: 'keptUntil',
    label: words.keptUntil,
    kind: 'date',
    required: true,
    hint: words.keptUntilHint,
  },
];

/** Requests for erasure that wait for the own organization's answer. */
export function WaitingRequests({ api }: { readonly api: ApiClient }): JSX.Element {
  const [chosen, setChosen] = useState<string>();
  const remote = useRemote('erasures', (signal) =>
    api.ask('erasures', WaitingErasures, { signal }),
  );
  const answer = async ({ patientId, requestId }: Waiting, values: Values): Promise<void> => {
    const body: ErasureAnswerRequest = {
      refusal: REFUSAL_REASONS.find((reason) => reason === values['answer']) ?? null,
      retainUntilMs: endOfDay(given(values, 'keptUntil')) ?? Date.now(),
    };
    const path = `patients/${patientId}/erasures/${requestId}/answer`;
    await api.ask(path, ChangeOutput, { method: 'POST', body });
    setChosen(undefined);
    remote.reload();
  };
  return (
    <section aria-labelledby="erasures-title">
      <h2 id="erasures-title">{words.erasures}</h2>
      <Loaded
        remote={remote}
        empty={({ erasures }) => (erasures.length === 0 ? words.erasuresNone : undefined)}
      >
        {({ erasures }) => (
          <ul class="lines">
            {erasures.map((erasure) => (
              <li key={erasure.requestId}>
                <span class="when">
                  {words.request} <code>{shortId(erasure.requestId)}</code>
                </span>
                <span class="what">
                  <strong>{myData.scopes[erasure.scope]}</strong>
                  {chosen === erasure.requestId ? (
                    <Form
                      title={words.giveAnswer}
                      fields={FIELDS}
                      start={{ answer: 'grant' }}
                      submit={words.giveAnswer}
                      onSubmit={(values) => answer(erasure, values)}
                      onCancel={() => {
                        setChosen(undefined);
                      }}
                    />
                  ) : null}
                </span>
                {chosen === erasure.requestId ? null : (
                  <button
                    type="button"
                    onClick={() => {
                      setChosen(erasure.requestId);
                    }}
                  >
                    {words.giveAnswer}
                  </button>
                )}
              </li>
            ))}
          </ul>
        )}
      </Loaded>
    </section>
  );
}
