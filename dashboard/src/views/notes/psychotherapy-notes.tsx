import { NotesAnswer, PsychotherapyNote, WrittenNote } from '@pulseledger/domain';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { ApiClient } from '../../api/client.ts';
import { Failure } from '../../api/failure.ts';
import { type Field, given, type Values } from '../../form/field.ts';
import { Form } from '../../form/form.tsx';
import { TEXT } from '../../text/en.ts';
import { Loaded } from '../../ui/loaded.tsx';
import { useRemote } from '../../ui/use-remote.ts';
import { momentText } from '../../ui/words.ts';

const { psychotherapy: words, form } = TEXT;
const CHANGED_SINCE = 412;
const FIELDS: readonly Field[] = [
  { name: 'text', label: words.text, kind: 'long', required: true, maxLength: 20_000 },
];

/** Notes that are sealed for their authors; who belongs to no group of authors sees nothing here, not even that. */
export function PsychotherapyNotes({
  api,
  patientId,
}: {
  readonly api: ApiClient;
  readonly patientId: string;
}): JSX.Element | null {
  const [editing, setEditing] = useState<{ readonly note?: PsychotherapyNote }>();
  const path = `patients/${patientId}/notes`;
  const remote = useRemote(path, (signal) => api.ask(path, NotesAnswer, { signal }));
  const { value } = remote;
  if (value === undefined || value.groups.length === 0) return null;
  const close = (): void => {
    setEditing(undefined);
    remote.reload();
  };
  return (
    <section class="sealed" aria-labelledby="psychotherapy-title">
      <h2 id="psychotherapy-title">{words.title}</h2>
      <p>{words.intro}</p>
      {editing === undefined ? (
        <button
          type="button"
          onClick={() => {
            setEditing({});
          }}
        >
          {words.write}
        </button>
      ) : (
        <Editor {...{ api, path, ...editing }} groupId={value.groups[0] ?? ''} onDone={close} />
      )}
      <Loaded remote={remote} empty={({ notes }) => (notes.length === 0 ? words.none : undefined)}>
        {({ notes }) => (
          <ul class="lines">
            {notes.map((note) => (
              <li key={note.noteId}>
                <span class="when">{momentText(note.writtenAtMs)}</span>
                <span class="what detail">{note.text}</span>
                <button
                  type="button"
                  onClick={() => {
                    setEditing({ note });
                  }}
                >
                  {form.amend}
                </button>
              </li>
            ))}
          </ul>
        )}
      </Loaded>
    </section>
  );
}

function Editor({
  api,
  path,
  groupId,
  note,
  onDone,
}: {
  readonly api: ApiClient;
  readonly path: string;
  readonly groupId: string;
  readonly note?: PsychotherapyNote;
  readonly onDone: () => void;
}): JSX.Element {
  const [base, setBase] = useState(note);
  const [theirs, setTheirs] = useState<PsychotherapyNote>();
  const save = async (values: Values): Promise<void> => {
    const text = given(values, 'text') ?? '';
    try {
      await write(text);
    } catch (error) {
      if (error instanceof Failure && error.status === CHANGED_SINCE && base !== undefined) {
        const now = await api.ask(`${path}/${base.noteId}`, PsychotherapyNote);
        setTheirs(now);
        setBase(now);
      }
      throw error;
    }
    onDone();
  };
  const write = (text: string): Promise<WrittenNote> => {
    if (base === undefined) {
      return api.ask(path, WrittenNote, { method: 'POST', body: { text, groupId } });
    }
    const { noteId, version } = base;
    const body = { text, version };
    return api.ask(`${path}/${noteId}`, WrittenNote, { method: 'PUT', body });
  };
  return (
    <Form
      title={note === undefined ? words.write : form.amend}
      fields={FIELDS}
      start={{ text: note?.text ?? '' }}
      submit={form.save}
      onSubmit={save}
      onCancel={onDone}
    >
      {theirs === undefined ? null : (
        <div class="notice" role="group" aria-label={form.theirs}>
          <p>
            <strong>{form.changedSince}</strong>
          </p>
          <p class="detail">{theirs.text}</p>
        </div>
      )}
    </Form>
  );
}
