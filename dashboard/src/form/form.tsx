import type { ComponentChildren, JSX } from 'preact';
import { useId, useRef, useState } from 'preact/hooks';
import { Failure } from '../api/failure.ts';
import { TEXT } from '../text/en.ts';
import { useUnsaved } from '../ui/unsaved.ts';
import { Control } from './control.tsx';
import type { Field, Values } from './field.ts';

const { form: words } = TEXT;

export interface FormProps {
  readonly title: string;
  readonly intro?: string | undefined;
  readonly fields: readonly Field[];
  /** What the fields say at first. */
  readonly start: Values;
  readonly submit: string;
  /** Saves; its failure is shown and the text stays. */
  readonly onSubmit: (values: Values) => Promise<void>;
  readonly onCancel?: (() => void) | undefined;
  readonly onChange?: ((values: Values) => void) | undefined;
  /** A form that only asks loses nothing when it is left. */
  readonly isQuestion?: boolean;
  /** Shown between the fields and the button. */
  readonly children?: ComponentChildren;
}

/** Some fields and a button: what was typed stays until it is saved or given up knowingly. */
export function Form(props: FormProps): JSX.Element {
  const { title, fields, start, onChange, isQuestion = false } = props;
  const id = useId();
  const [values, setValues] = useState(start);
  const { state, run, forget } = useSaving();
  const isChanged = fields.some(({ name }) => (values[name] ?? '') !== (start[name] ?? ''));
  useUnsaved(isChanged && !isQuestion);
  const save = async (): Promise<void> => {
    const isSaved = await run(() => props.onSubmit(values));
    if (isSaved && !isQuestion) setValues(start);
  };
  return (
    <form
      class="panel"
      aria-labelledby={id}
      aria-busy={state.is === 'saving'}
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <h2 id={id}>{title}</h2>
      {props.intro === undefined ? null : <p>{props.intro}</p>}
      <div class="fields">
        {fields.map((field) => (
          <Control
            key={field.name}
            field={field}
            value={values[field.name] ?? ''}
            onInput={(value) => {
              const next = { ...values, [field.name]: value };
              setValues(next);
              forget();
              onChange?.(next);
            }}
          />
        ))}
      </div>
      {props.children}
      <Buttons {...props} isSaving={state.is === 'saving'} />
      <Outcome state={state} isQuestion={isQuestion} />
    </form>
  );
}

type Saving =
  | { readonly is: 'idle' | 'saving' | 'saved' }
  | { readonly is: 'failed'; readonly message: string };

/** Does one thing at a time and says how it went. */
function useSaving(): {
  readonly state: Saving;
  /** @returns whether it went well */
  readonly run: (work: () => Promise<void>) => Promise<boolean>;
  /** How the last time went is over when something else is typed. */
  readonly forget: () => void;
} {
  const [state, setState] = useState<Saving>({ is: 'idle' });
  const isBusy = useRef(false);
  const run = async (work: () => Promise<void>): Promise<boolean> => {
    if (isBusy.current) return false;
    isBusy.current = true;
    setState({ is: 'saving' });
    try {
      await work();
      setState({ is: 'saved' });
      return true;
    } catch (error) {
      setState({ is: 'failed', message: messageOf(error) });
      return false;
    } finally {
      isBusy.current = false;
    }
  };
  const forget = (): void => {
    if (!isBusy.current && state.is !== 'idle') setState({ is: 'idle' });
  };
  return { state, run, forget };
}

function messageOf(error: unknown): string {
  if (!(error instanceof Failure)) return words.failed;
  return error.isOffline ? words.offline : error.message;
}

function Buttons({
  submit,
  onCancel,
  isSaving,
}: Pick<FormProps, 'submit' | 'onCancel'> & { readonly isSaving: boolean }): JSX.Element {
  return (
    <p class="buttons">
      <button type="submit" class="primary" disabled={isSaving}>
        {isSaving ? words.saving : submit}
      </button>
      {onCancel === undefined ? null : (
        <button type="button" onClick={onCancel}>
          {words.cancel}
        </button>
      )}
    </p>
  );
}

function Outcome({
  state,
  isQuestion,
}: {
  readonly state: Saving;
  readonly isQuestion: boolean;
}): JSX.Element | null {
  if (state.is === 'failed') {
    return (
      <p class="notice error" role="alert">
        {state.message}
      </p>
    );
  }
  if (state.is !== 'saved' || isQuestion) return null;
  return (
    <p class="notice" role="status">
      {words.saved}
    </p>
  );
}
