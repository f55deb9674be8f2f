import {
  ChangeOutput,
  type EmergencyReviewRequest,
  EmergencyReviewsAnswer,
} from '@pulseledger/domain';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { ApiClient } from '../../api/client.ts';
import { type Field, given, type Values } from '../../form/field.ts';
import { Form } from '../../form/form.tsx';
import { TEXT } from '../../text/en.ts';
import { Loaded } from '../../ui/loaded.tsx';
import { useRemote } from '../../ui/use-remote.ts';
import { momentText, shortId } from '../../ui/words.ts';
import { oneOf, options } from '../entries/care-forms.ts';

const { reviews: words, emergency } = TEXT;
type Review = EmergencyReviewsAnswer['reviews'][number];

const FIELDS: readonly Field[] = [
  { name: 'verdict', label: words.verdict, kind: 'choice', options: options(words.verdicts) },
  { name: 'text', label: words.text, kind: 'long', required: true, maxLength: 1_000 },
];

/** Emergency accesses of the own medics: those without a verdict first. */
export function EmergencyReviews({ api }: { readonly api: ApiClient }): JSX.Element {
  const [chosen, setChosen] = useState<string>();
  const remote = useRemote('emergency reviews', (signal) =>
    api.ask('emergency/reviews', EmergencyReviewsAnswer, { signal }),
  );
  const judge = async (permitId: string, values: Values): Promise<void> => {
    const body: EmergencyReviewRequest = {
      verdict: oneOf(words.verdicts, values['verdict'], 'unclear'),
      text: given(values, 'text') ?? '',
    };
    await api.ask(`emergency/reviews/${permitId}`, ChangeOutput, { method: 'POST', body });
    setChosen(undefined);
    remote.reload();
  };
  return (
    <section aria-labelledby="emergency-reviews-title">
      <h2 id="emergency-reviews-title">{words.emergency}</h2>
      <p>{words.emergencyWhy}</p>
      <Loaded
        remote={remote}
        empty={({ reviews }) => (reviews.length === 0 ? words.none : undefined)}
      >
        {({ reviews, isWhole }) => (
          <>
            <ul class="lines">
              {reviews.map((review) => (
                <Line
                  key={review.permitId}
                  review={review}
                  onJudge={() => {
                    setChosen(review.permitId);
                  }}
                >
                  {chosen === review.permitId ? (
                    <Form
                      title={words.give}
                      fields={FIELDS}
                      start={{ verdict: 'justified' }}
                      submit={words.give}
                      onSubmit={(values) => judge(review.permitId, values)}
                      onCancel={() => {
                        setChosen(undefined);
                      }}
                    />
                  ) : null}
                </Line>
              ))}
            </ul>
            {isWhole ? null : <p class="fine">{words.notWhole}</p>}
          </>
        )}
      </Loaded>
    </section>
  );
}

function Line({
  review: { medicId, atMs, emergency: claim, committedLateAtMs, verdict },
  onJudge,
  children,
}: {
  readonly review: Review;
  readonly onJudge: () => void;
  readonly children: JSX.Element | null;
}): JSX.Element {
  return (
    <li>
      <span class="when">{momentText(atMs)}</span>
      <span class="what">
        <strong>
          {words.medic} <code>{shortId(medicId)}</code>: {emergency.reasons[claim.reasonCode]}
        </strong>
        <span>{claim.text}</span>
        {committedLateAtMs === null ? null : (
          <span class="badge warn">
            {words.late}: {momentText(committedLateAtMs)}
          </span>
        )}
        {children}
      </span>
      {verdict === null ? (
        <span class="action">
          <span class="badge warn">{words.waiting}</span>
          {children === null ? (
            <button type="button" onClick={onJudge}>
              {words.give}
            </button>
          ) : null}
        </span>
      ) : (
        <span class={verdict === 'justified' ? 'badge live' : 'badge danger'}>
          {words.verdicts[verdict]}
        </span>
      )}
    </li>
  );
}
