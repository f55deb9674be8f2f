import { type DirectoryPost, ProfileAnswer, type ProfileQualification } from '@pulseledger/domain';
import type { JSX } from 'preact';
import { askPublicly } from '../../api/public.ts';
import { TEXT } from '../../text/en.ts';
import { Loaded } from '../../ui/loaded.tsx';
import { useRemote } from '../../ui/use-remote.ts';
import { dayText, organizationName } from '../../ui/words.ts';
import { languageName } from './specialties.ts';

const { directory: words } = TEXT;

/** Somebody's career, and what was checked of it by whom. */
export function Profile({
  practitionerId,
  onBack,
}: {
  readonly practitionerId: string;
  readonly onBack: () => void;
}): JSX.Element {
  const remote = useRemote(practitionerId, (signal) =>
    askPublicly(`directory/${practitionerId}`, ProfileAnswer, signal),
  );
  return (
    <section aria-label={words.title}>
      <button type="button" onClick={onBack}>
        {TEXT.back}
      </button>
      <Loaded remote={remote}>{(profile) => <Shown profile={profile} />}</Loaded>
    </section>
  );
}

function Shown({ profile }: { readonly profile: ProfileAnswer }): JSX.Element {
  const { name, posts, qualifications, disputed, custodian, updatedAtMs } = profile;
  return (
    <>
      <h1>{name}</h1>
      <Facts profile={profile} />
      {disputed.length === 0 ? null : (
        <p class="notice error">
          {words.disputed} {disputed.join(', ')}
        </p>
      )}
      <h2>{words.career}</h2>
      <ul class="lines timeline">
        {posts.map((post, index) => (
          <Post key={index} post={post} />
        ))}
      </ul>
      <h2>{words.qualifications}</h2>
      {qualifications.length === 0 ? <p class="empty">{words.noQualification}</p> : null}
      <ul class="lines">
        {qualifications.map((qualification, index) => (
          <Qualification key={index} qualification={qualification} />
        ))}
      </ul>
      <p class="fine">
        {words.answersFor} {organizationName(custodian)}, {dayText(updatedAtMs)}
      </p>
    </>
  );
}

function Facts({ profile }: { readonly profile: ProfileAnswer }): JSX.Element {
  const { practitionerId, languages, phones, npis } = profile;
  const facts: readonly (readonly [string, string])[] = [
    [words.languages, languages.map(languageName).join(', ')],
    [words.phone, phones.join(', ')],
    [
      words.npi,
      npis.map(({ value, status }) => `${value} (${words.npiStatuses[status]})`).join(', '),
    ],
    [TEXT.ids.label, practitionerId],
  ];
  return (
    <dl class="facts">
      {facts.map(([label, value]) =>
        value === '' ? null : (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{label === TEXT.ids.label ? <code>{value}</code> : value}</dd>
          </div>
        ),
      )}
    </dl>
  );
}

function Post({ post }: { readonly post: DirectoryPost }): JSX.Element {
  const { role, specialties, organization, places, start, end, acceptsPatients, isCurrent } = post;
  return (
    <li>
      <span class="when">
        {start ?? ''} – {end ?? ''}
      </span>
      <span class="what">
        <strong>{[role, organization].filter(Boolean).join(', ')}</strong>
        <span>{[...specialties, ...places].join(', ')}</span>
      </span>
      {isCurrent && acceptsPatients !== null ? (
        <span class="badge">{acceptsPatients ? words.accepts : words.full}</span>
      ) : null}
    </li>
  );
}

function Qualification({
  qualification: { text, start, end, status, dueMs, attestations },
}: {
  readonly qualification: ProfileQualification;
}): JSX.Element {
  return (
    <li>
      <span class="when">{[start, end].filter(Boolean).join(' – ')}</span>
      <span class="what">
        <strong>{text}</strong>
        {attestations.map(({ mspId, source, atMs }) => (
          <span key={mspId}>
            {words.checkedBy} {organizationName(mspId)}, {dayText(atMs)}, {words.at} {source}
          </span>
        ))}
        {status === 'verified' && dueMs !== null ? (
          <span>
            {words.due} {dayText(dueMs)}
          </span>
        ) : null}
      </span>
      <span class={status === 'verified' ? 'badge live' : 'badge warn'}>
        {words.statuses[status]}
      </span>
    </li>
  );
}
