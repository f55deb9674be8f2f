import { AccessesAnswer, type AccessLine } from '@pulseledger/domain';
import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import { allPages } from '../../api/all-pages.ts';
import type { ApiClient } from '../../api/client.ts';
import { TEXT } from '../../text/en.ts';
import { Loaded } from '../../ui/loaded.tsx';
import { useEvery } from '../../ui/use-every.ts';
import { useRemote } from '../../ui/use-remote.ts';
import { momentText } from '../../ui/words.ts';

/** How soon somebody who looks is seen here. */
const REFRESH_MS = 4_000;
/** So many parts of a record are named in a line. */
const FEW = 4;
const { accesses: words } = TEXT;

/** The patient's accounting of disclosures: who, for whom, when, why, what; refused ones too. */
export function Accesses({
  api,
  patientId,
}: {
  readonly api: ApiClient;
  readonly patientId: string;
}): JSX.Element {
  const remote = useRemote(patientId, (signal) => allAccesses(api, patientId, signal));
  const known = useRef<number | undefined>(undefined);
  useEvery(REFRESH_MS, () => {
    if (!remote.isLoading) remote.reload();
  });
  if (remote.value !== undefined) known.current ??= newestMs(remote.value);
  return (
    <section aria-labelledby="accesses-title">
      <h1 id="accesses-title">{words.title}</h1>
      <p>{words.intro}</p>
      <Loaded remote={remote} empty={(lines) => (lines.length === 0 ? words.none : undefined)}>
        {(lines) => (
          <table>
            <thead>
              <tr>
                <th scope="col">{words.when}</th>
                <th scope="col">{words.who}</th>
                <th scope="col">{words.why}</th>
                <th scope="col">{words.what}</th>
                <th scope="col">{words.outcome}</th>
              </tr>
            </thead>
            <tbody>
              {lines.map((line, index) => (
                <Row
                  key={lines.length - index}
                  line={line}
                  patientId={patientId}
                  isNew={line.atMs > (known.current ?? line.atMs)}
                />
              ))}
            </tbody>
          </table>
        )}
      </Loaded>
    </section>
  );
}

function Row({
  line,
  patientId,
  isNew,
}: {
  readonly line: AccessLine;
  readonly patientId: string;
  /** Has it come while the patient was looking? */
  readonly isNew: boolean;
}): JSX.Element {
  const time = new Intl.DateTimeFormat(navigator.language, {
    dateStyle: 'medium',
    timeStyle: 'short',
  });
  const purposes: Readonly<Record<string, string>> = words.purposes;
  return (
    <tr class={[line.isEmergency ? 'emergency' : '', isNew ? 'arrived' : ''].join(' ').trim()}>
      <td>
        {time.format(line.atMs)}
        {isNew ? <span class="badge live">{words.new}</span> : null}
      </td>
      <td>{line.subjectId === patientId ? words.you : whoOf(line)}</td>
      <td>
        {purposes[line.purpose] ?? line.purpose}
        <Marks line={line} />
      </td>
      <td>
        <Parts names={[...line.permitted, ...line.refused].map(className)} />
      </td>
      <td>
        <span class={line.permitted.length === 0 ? 'badge danger' : 'badge'}>
          {outcomeOf(line)}
        </span>
      </td>
    </tr>
  );
}

/** What is unusual about a line. */
function Marks({ line }: { readonly line: AccessLine }): JSX.Element {
  return (
    <>
      {line.isEmergency ? <span class="badge danger">{words.emergency}</span> : null}
      {line.enteredLateAtMs === null ? null : (
        <span class="fine">
          {' '}
          {words.enteredLate} {momentText(line.enteredLateAtMs)}
        </span>
      )}
      {line.correction === undefined ? null : (
        <span class="badge">{words.corrections[line.correction]}</span>
      )}
      {line.verdict === null ? null : <span class="badge">{words.verdicts[line.verdict]}</span>}
    </>
  );
}

/** A few are named; of a whole chart only the number, until somebody wants to know. */
function Parts({ names }: { readonly names: readonly string[] }): JSX.Element {
  if (names.length <= FEW) return <>{names.join(', ')}</>;
  return (
    <details>
      <summary>
        {names.length} {words.parts}
      </summary>
      {names.join(', ')}
    </details>
  );
}

function newestMs(lines: readonly AccessLine[]): number {
  return Math.max(0, ...lines.map(({ atMs }) => atMs));
}

/** The name, where the directory has one; always for which organization and in which role. */
function whoOf({ name, role, organization }: AccessLine): string {
  const parts = [TEXT.roles[role], TEXT.organizations[organization]];
  return (name === null ? parts : [name, ...parts]).join(', ');
}

function className(recordClass: string): string {
  const names: Readonly<Record<string, string>> = TEXT.classes;
  return names[recordClass] ?? recordClass;
}

function outcomeOf({ permitted, refused }: AccessLine): string {
  if (permitted.length === 0) return words.refused;
  return refused.length === 0 ? words.permitted : words.partly;
}

function allAccesses(
  api: ApiClient,
  patientId: string,
  signal: AbortSignal,
): Promise<AccessLine[]> {
  const ask = (path: string): Promise<AccessesAnswer> => api.ask(path, AccessesAnswer, { signal });
  return allPages(`patients/${patientId}/accesses`, ask, ({ accesses }) => accesses);
}
