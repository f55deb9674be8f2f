import type { JSX } from 'preact';
import type { ApiClient } from '../../api/client.ts';
import { TEXT } from '../../text/en.ts';
import { EmergencyReviews } from './emergency-reviews.tsx';
import { RepeatedUse } from './repeated-use.tsx';
import { WaitingRequests } from './waiting-requests.tsx';

/** What waits for an administrator's word: emergency accesses, and requests for erasure. */
export function Reviews({ api }: { readonly api: ApiClient }): JSX.Element {
  return (
    <section aria-labelledby="reviews-title">
      <h1 id="reviews-title">{TEXT.reviews.title}</h1>
      <EmergencyReviews api={api} />
      <RepeatedUse api={api} />
      <WaitingRequests api={api} />
    </section>
  );
}
