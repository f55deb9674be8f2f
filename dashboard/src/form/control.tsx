import type { JSX } from 'preact';
import { useId } from 'preact/hooks';
import type { Field, Option } from './field.ts';

export interface ControlProps {
  readonly field: Field;
  readonly value: string;
  readonly onInput: (value: string) => void;
}

const MAX_LENGTH = 1_000;

/** A field with its label. */
export function Control({ field, value, onInput }: ControlProps): JSX.Element {
  const id = useId();
  if (field.kind === 'checks') {
    const checks = <Checks {...{ field, value, onInput }} />;
    if (field.isFolded !== true) return checks;
    return (
      <details class="wide" open={value !== ''}>
        <summary>{field.label}</summary>
        {checks}
      </details>
    );
  }
  const hintId = field.hint === undefined ? undefined : `${id}-hint`;
  return (
    <div class={field.kind === 'long' ? 'field wide' : 'field'}>
      <label for={id}>{field.label}</label>
      <Input {...{ id, hintId, field, value, onInput }} />
      {hintId === undefined ? null : (
        <span id={hintId} class="hint">
          {field.hint}
        </span>
      )}
    </div>
  );
}

function Input({
  id,
  hintId,
  field,
  value,
  onInput,
}: ControlProps & { readonly id: string; readonly hintId: string | undefined }): JSX.Element {
  const { kind, required = false, maxLength = MAX_LENGTH } = field;
  const typed = (event: { readonly currentTarget: { readonly value: string } }): void => {
    onInput(event.currentTarget.value);
  };
  const common = { id, required, value, 'aria-describedby': hintId };
  switch (kind) {
    case 'long':
      return <textarea {...common} maxLength={maxLength} onInput={typed} />;
    case 'choice':
      return (
        <select {...common} onInput={typed}>
          <Options options={field.options} />
        </select>
      );
    case 'number':
      return <input type="number" step="any" {...common} onInput={typed} />;
    case 'date':
      return <input type="date" {...common} onInput={typed} />;
    case 'moment':
      return <input type="datetime-local" {...common} onInput={typed} />;
    case 'text':
    case 'checks':
      return (
        <input
          autocomplete="off"
          spellcheck={field.pattern === undefined}
          pattern={field.pattern}
          {...common}
          maxLength={maxLength}
          onInput={typed}
        />
      );
  }
}

function Options({
  options = [],
}: {
  readonly options: readonly Option[] | undefined;
}): JSX.Element {
  return (
    <>
      {options.map(([option, label]) => (
        <option key={option} value={option}>
          {label}
        </option>
      ))}
    </>
  );
}

function Checks({ field, value, onInput }: ControlProps): JSX.Element {
  const chosen = value.split(' ').filter(Boolean);
  return (
    <fieldset class="choices">
      <legend class={field.isFolded === true ? 'hidden' : undefined}>{field.label}</legend>
      {field.hint === undefined ? null : <p class="hint">{field.hint}</p>}
      {(field.options ?? []).map(([option, label]) => (
        <label key={option}>
          <input
            type="checkbox"
            checked={chosen.includes(option)}
            onChange={() => {
              const others = chosen.filter((one) => one !== option);
              onInput((chosen.includes(option) ? others : [...others, option]).join(' '));
            }}
          />
          {label}
        </label>
      ))}
    </fieldset>
  );
}
