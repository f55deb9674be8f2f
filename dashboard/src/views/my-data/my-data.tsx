import type { JSX } from 'preact';
import type { ApiClient } from '../../api/client.ts';
import { TEXT } from '../../text/en.ts';
import { Download } from './download.tsx';
import { Erasures } from './erasures.tsx';
import { Representatives } from './representatives.tsx';

const { myData: words } = TEXT;

/** What somebody may demand of their record: a copy, a correction, erasure, and somebody who acts for them. */
export function MyData({
  api,
  patientId,
}: {
  readonly api: ApiClient;
  readonly patientId: string;
}): JSX.Element {
  return (
    <section aria-labelledby="my-data-title">
      <h1 id="my-data-title">{words.title}</h1>
      <Download {...{ api, patientId }} />
      <section class="panel" aria-labelledby="correction-title">
        <h2 id="correction-title">{words.correction}</h2>
        <p>{words.correctionWhy}</p>
      </section>
      <Representatives {...{ api, patientId }} />
      <Erasures {...{ api, patientId }} />
    </section>
  );
}
