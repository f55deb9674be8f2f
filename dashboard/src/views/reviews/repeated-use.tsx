import { EmergencyReportAnswer } from '@pulseledger/domain';
import type { JSX } from 'preact';
import type { ApiClient } from '../../api/client.ts';
import { TEXT } from '../../text/en.ts';
import { Loaded } from '../../ui/loaded.tsx';
import { useRemote } from '../../ui/use-remote.ts';
import { shortId } from '../../ui/words.ts';

const { reviews: words } = TEXT;

/** Who breaks the glass again and again. */
export function RepeatedUse({ api }: { readonly api: ApiClient }): JSX.Element {
  const remote = useRemote('emergency report', (signal) =>
    api.ask('emergency/report', EmergencyReportAnswer, { signal }),
  );
  return (
    <section aria-labelledby="report-title">
      <h2 id="report-title">{words.report}</h2>
      <Loaded
        remote={remote}
        empty={({ medics }) => (medics.length === 0 ? words.none : undefined)}
      >
        {({ medics }) => (
          <table>
            <thead>
              <tr>
                <th scope="col">{words.medic}</th>
                <th scope="col">{words.accesses}</th>
                <th scope="col">{words.unreviewed}</th>
                <th scope="col">{words.unjustified}</th>
              </tr>
            </thead>
            <tbody>
              {medics.map(({ medicId, accesses, unreviewed, unjustified, isRepeated }) => (
                <tr key={medicId}>
                  <th scope="row">
                    <code>{shortId(medicId)}</code>{' '}
                    {isRepeated ? <span class="badge danger">{words.repeated}</span> : null}
                  </th>
                  <td>{accesses}</td>
                  <td>{unreviewed}</td>
                  <td>{unjustified}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </Loaded>
    </section>
  );
}
