import { CHART_CLASSES, type RecordClass, SharedAnswer, SharesAnswer } from '@pulseledger/domain';
import type { JSX } from 'preact';
import type { ApiClient } from '../../api/client.ts';
import { TEXT } from '../../text/en.ts';
import { Loaded } from '../../ui/loaded.tsx';
import { UnfoldingList } from '../../ui/unfolding-list.tsx';
import { useEvery } from '../../ui/use-every.ts';
import { useRemote } from '../../ui/use-remote.ts';
import { linesOf } from '../chart/record-sections.ts';

const { shares: words } = TEXT;
/** How soon what was taken back is gone from an open page. */
const REFRESH_MS = 4_000;
type Share = SharesAnswer['shares'][number];

/** What is shared with the insurer, and until when; a revoked share is gone with the next look. */
export function Shares({ api }: { readonly api: ApiClient }): JSX.Element {
  const remote = useRemote('shares', (signal) => api.ask('shares', SharesAnswer, { signal }));
  useEvery(REFRESH_MS, () => {
    if (!remote.isLoading) remote.reload();
  });
  const date = new Intl.DateTimeFormat(navigator.language, { dateStyle: 'medium' });
  return (
    <section aria-labelledby="shares-title">
      <h1 id="shares-title">{words.title}</h1>
      <p>{words.intro}</p>
      <button type="button" onClick={remote.reload}>
        {words.look}
      </button>
      <Loaded
        remote={remote}
        empty={({ shares }) => (shares.length === 0 ? words.none : undefined)}
      >
        {({ shares }) => (
          <UnfoldingList
            open={words.open}
            lines={shares.map((share) => ({
              key: share.shareId,
              when: `${words.until} ${date.format(share.untilMs)}`,
              what: <ShareLine share={share} />,
              unfolded: () => <SharedRecords api={api} share={share} />,
            }))}
          />
        )}
      </Loaded>
    </section>
  );
}

function ShareLine({ share }: { readonly share: Share }): JSX.Element {
  return (
    <>
      <strong>
        {words.share} {share.shareId.slice(0, 8)}
      </strong>
      <span>
        {classesOf(share)
          .map((one) => TEXT.classes[one])
          .join(', ')}
      </span>
    </>
  );
}

function classesOf({ classes }: Share): readonly RecordClass[] {
  // Of what is covered by "all", as the contract has it: the rest is shared by its name only.
  return classes === 'all' ? CHART_CLASSES.filter((one) => one !== 'other') : classes;
}

function SharedRecords({
  api,
  share,
}: {
  readonly api: ApiClient;
  readonly share: Share;
}): JSX.Element {
  const remote = useRemote(share.shareId, async (signal) => {
    const pages = await Promise.all(
      classesOf(share).map((recordClass) =>
        api.ask(`shares/${share.shareId}/records?class=${recordClass}`, SharedAnswer, { signal }),
      ),
    );
    return pages.flatMap(({ records }) => records);
  });
  return (
    <Loaded
      remote={remote}
      empty={(records) => (records.length === 0 ? words.noRecords : undefined)}
    >
      {(records) => (
        <ul class="plain">
          {linesOf(records.map(({ resource }) => resource)).map((line) => (
            <li key={line.id}>
              {line.when.slice(0, 10)} {line.title} {line.detail}
            </li>
          ))}
        </ul>
      )}
    </Loaded>
  );
}
