/** What somebody typed or chose, by field. Several choices are separated by spaces. */
export type Values = Readonly<Record<string, string>>;

export type Option = readonly [value: string, label: string];

/** One question of a form. */
export interface Field {
  readonly name: string;
  readonly label: string;
  /** `moment` is a date with its time, in the zone of the browser. */
  readonly kind: 'text' | 'long' | 'choice' | 'checks' | 'date' | 'moment' | 'number';
  readonly required?: boolean;
  /** Of `choice` and `checks`. */
  readonly options?: readonly Option[];
  readonly hint?: string;
  /** Of `checks`: folded away until somebody wants it. */
  readonly isFolded?: boolean;
  /** Of `text`: what it must look like, as a regular expression of HTML. */
  readonly pattern?: string;
  /** Characters. */
  readonly maxLength?: number;
}

/** A field for the id of somebody: 32 hexadecimal digits. */
export function idField(name: string, label: string, hint?: string): Field {
  const field: Field = { name, label, kind: 'text', required: true, pattern: '[0-9a-f]{32}' };
  return hint === undefined ? field : { ...field, hint };
}

const MINUTE_MS = 60_000;

/** A time as a field of kind `moment` shows it. */
export function localMoment(time: number | string | undefined): string {
  const atMs = typeof time === 'string' ? Date.parse(time) : time;
  if (atMs === undefined || Number.isNaN(atMs)) return '';
  const offsetMs = new Date(atMs).getTimezoneOffset() * MINUTE_MS;
  return new Date(atMs - offsetMs).toISOString().slice(0, 'yyyy-mm-ddThh:mm'.length);
}

/** What a field of kind `moment` says, as a FHIR dateTime; undefined when it is empty. */
export function momentOf(text: string | undefined): string | undefined {
  const atMs = Date.parse(text ?? '');
  return Number.isNaN(atMs) ? undefined : new Date(atMs).toISOString();
}

/** The text of a field without the blanks around it; undefined when nothing is left. */
export function given(values: Values, name: string): string | undefined {
  const text = (values[name] ?? '').trim();
  return text === '' ? undefined : text;
}
