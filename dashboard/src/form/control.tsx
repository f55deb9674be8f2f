import type { JSX } from 'preact';
import type { Field } from './field.ts';

export interface ControlProps {
  readonly field: Field;
  readonly value: string;
  readonly onInput: (value: string) => void;
}

const MAX_LENGTH = 1_000;

/** A field with its label. */
export function Control({ field, value, onInput }: ControlProps): JSX.Element {
  if (field.kind === 'checks') return <Checks {...{ field, value, onInput }} />;
  return (
    <label class={field.kind === 'long' ? 'field wide' : 'field'}>
      {field.label}
      <Input {...{ field, value, onInput }} />
      {field.hint === undefined ? null : <span class="hint">{field.hint}</span>}
    </label>
  );
}

function Input({ field, value, onInput }: ControlProps): JSX.Element {
  const { kind, required = false, maxLength = MAX_LENGTH, options = [] } = field;
  const typed = (event: { readonly currentTarget: { readonly value: string } }): void => {
    onInput(event.currentTarget.value);
  };
  switch (kind) {
    case 'long':
      return <textarea {...{ required, maxLength, value }} onInput={typed} />;
    case 'choice':
      return (
        <select required={required} value={value} onInput={typed}>
          {options.map(([option, label]) => (
            <option key={option} value={option}>
              {label}
            </option>
          ))}
        </select>
      );
    case 'number':
      return <input type="number" step="any" {...{ required, value }} onInput={typed} />;
    case 'date':
      return <input type="date" {...{ required, value }} onInput={typed} />;
    case 'moment':
      return <input type="datetime-local" {...{ required, value }} onInput={typed} />;
    default:
      return <input autocomplete="off" {...{ required, maxLength, value }} onInput={typed} />;
  }
}

function Checks({ field, value, onInput }: ControlProps): JSX.Element {
  const chosen = value.split(' ').filter(Boolean);
  return (
    <fieldset class="choices">
      <legend>{field.label}</legend>
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
