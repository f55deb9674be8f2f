import { LedgerAnswer, type PeerHeight } from '@pulseledger/domain';
import type { JSX } from 'preact';
import type { ApiClient } from '../../api/client.ts';
import { TEXT } from '../../text/en.ts';
import { Loaded } from '../../ui/loaded.tsx';
import { usePolled } from '../../ui/use-polled.ts';
import { useRemote } from '../../ui/use-remote.ts';
import { Hash } from './shown.tsx';

const { ledger: words } = TEXT;
const POLL_MS = 5_000;

/** How far the peer of each organization has come. */
export function Peers({ api }: { readonly api: ApiClient }): JSX.Element {
  const remote = useRemote('ledger', (signal) => api.ask('ledger', LedgerAnswer, { signal }));
  usePolled(remote.reload, POLL_MS, true);
  return (
    <section class="panel" aria-labelledby="peers-title">
      <h2 id="peers-title">{words.peers}</h2>
      <Loaded remote={remote}>
        {({ peers }) => {
          const highest = Math.max(...peers.map(({ height }) => height ?? 0));
          return (
            <div class="scroll">
              <table>
                <thead>
                  <tr>
                    <th scope="col">{words.peers}</th>
                    <th scope="col">{words.height}</th>
                    <th scope="col">{words.hash}</th>
                    <th scope="col">{words.state}</th>
                  </tr>
                </thead>
                <tbody>
                  {peers.map((peer) => (
                    <tr key={peer.mspId}>
                      <th scope="row">{TEXT.organizations[peer.organization]}</th>
                      <td>{peer.height?.toLocaleString(navigator.language) ?? '–'}</td>
                      <td>
                        <Hash hex={peer.lastHash ?? ''} />
                      </td>
                      <td>
                        <State peer={peer} highest={highest} />
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          );
        }}
      </Loaded>
    </section>
  );
}

function State({
  peer: { height },
  highest,
}: {
  readonly peer: PeerHeight;
  readonly highest: number;
}): JSX.Element {
  if (height === null) return <span class="badge danger">{words.away}</span>;
  if (height === highest) return <span class="badge live">{words.level}</span>;
  return <span class="badge warn">{`${words.behind} ${String(highest - height)}`}</span>;
}
