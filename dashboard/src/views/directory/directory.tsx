import { DirectoryAnswer, type DirectoryHit } from '@pulseledger/domain';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { allPages } from '../../api/all-pages.ts';
import { askPublicly } from '../../api/public.ts';
import { type Field, given, type Values } from '../../form/field.ts';
import { Form } from '../../form/form.tsx';
import { TEXT } from '../../text/en.ts';
import { Loaded } from '../../ui/loaded.tsx';
import { useRemote } from '../../ui/use-remote.ts';
import { languageName, languages, SPECIALTIES } from './specialties.ts';

const { directory: words } = TEXT;
/** Who finds more has to ask more closely. */
const MAX_PAGES = 5;

const FIELDS: readonly Field[] = [
  { name: 'name', label: words.name, kind: 'text', maxLength: 100 },
  { name: 'place', label: words.place, kind: 'text', maxLength: 100 },
  {
    name: 'specialty',
    label: words.specialty,
    kind: 'choice',
    options: [['', words.anySpecialty], ...SPECIALTIES],
  },
  {
    name: 'language',
    label: words.language,
    kind: 'choice',
    options: [['', words.anyLanguage], ...languages()],
  },
  {
    name: 'accepting',
    label: words.accepting,
    kind: 'checks',
    options: [['true', words.acceptingOnly]],
  },
];

/** Who works where: for everybody, with and without login. */
export function Directory({
  onOpen,
}: {
  readonly onOpen: (practitionerId: string) => void;
}): JSX.Element {
  const [query, setQuery] = useState('');
  const search = (values: Values): Promise<void> => {
    const asked = FIELDS.flatMap(({ name }) => {
      const value = given(values, name);
      return value === undefined ? [] : [[name, value]];
    });
    setQuery(new URLSearchParams(asked).toString());
    return Promise.resolve();
  };
  return (
    <section aria-labelledby="directory-title">
      <h1 id="directory-title">{words.title}</h1>
      <p>{words.intro}</p>
      <Form
        title={words.search}
        fields={FIELDS}
        start={{}}
        submit={words.search}
        onSubmit={search}
        isQuestion
      />
      {/^(accepting=true)?$/.test(query) ? (
        <p class="empty">{words.nameSomething}</p>
      ) : (
        <Hits query={query} onOpen={onOpen} />
      )}
    </section>
  );
}

function Hits({
  query,
  onOpen,
}: {
  readonly query: string;
  readonly onOpen: (practitionerId: string) => void;
}): JSX.Element {
  const remote = useRemote(query, (signal) => allHits(query, signal));
  return (
    <Loaded remote={remote} empty={(hits) => (hits.length === 0 ? words.none : undefined)}>
      {(hits) => (
        <ul class="cards">
          {hits.map((hit, index) => (
            <li key={index}>
              <button
                type="button"
                class="card"
                onClick={() => {
                  onOpen(hit.practitionerId);
                }}
              >
                <strong>{hit.name}</strong>
                <Post hit={hit} />
              </button>
            </li>
          ))}
        </ul>
      )}
    </Loaded>
  );
}

function Post({ hit: { post, languages: spoken } }: { readonly hit: DirectoryHit }): JSX.Element {
  const { role, specialties, organization, places, acceptsPatients } = post;
  return (
    <>
      <span>
        {[...specialties, specialties.length === 0 ? role : ''].filter(Boolean).join(', ')}
      </span>
      <span>{[organization, ...places].filter(Boolean).join(', ')}</span>
      {spoken.length === 0 ? null : <span>{spoken.map(languageName).join(', ')}</span>}
      {acceptsPatients === null ? null : (
        <span class="go">{acceptsPatients ? words.accepts : words.full}</span>
      )}
    </>
  );
}

async function allHits(query: string, signal: AbortSignal): Promise<DirectoryHit[]> {
  const ask = (path: string): Promise<DirectoryAnswer> =>
    askPublicly(path, DirectoryAnswer, signal);
  const hits = await allPages(`directory?${query}`, ask, (answer) => answer.hits, MAX_PAGES);
  return hits.toSorted((a, b) => a.name.localeCompare(b.name));
}
