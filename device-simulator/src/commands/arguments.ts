import { InvalidArgumentError } from 'commander';
import { IANAZone } from 'luxon';

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;

/** A duration such as `500ms`, `20s`, `5m`, `2h`; a bare number means seconds. Milliseconds. */
export function durationArgument(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text.trim());
  const unit = match?.[2];
  if (match?.[1] === undefined)
    throw new InvalidArgumentError('expected e.g. 500ms, 20s, 5m or 2h');
  const factor = unit === 'ms' || unit === 'm' || unit === 'h' ? UNIT_MS[unit] : UNIT_MS.s;
  return Number(match[1]) * factor;
}

/** A whole number from `low` to `high`. */
export function wholeArgument(low: number, high: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== '' && Number.isInteger(value) && value >= low && value <= high)
      return value;
    throw new InvalidArgumentError(`expected a whole number from ${low} to ${high}`);
  };
}

/** A number from `low` to `high`. */
export function numberArgument(low: number, high: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== '' && value >= low && value <= high) return value;
    throw new InvalidArgumentError(`expected a number from ${low} to ${high}`);
  };
}

/** An IANA time zone name. */
export function zoneArgument(text: string): string {
  if (IANAZone.isValidZone(text)) return text;
  throw new InvalidArgumentError('expected an IANA time zone name, e.g. Europe/Paris or UTC');
}

/** Some of these names, separated by commas; `all`, or `none`. */
export function namesArgument<T extends string>(
  names: readonly T[],
): (text: string) => ReadonlySet<T> {
  return (text) => {
    if (text === 'all') return new Set(names);
    if (text === 'none') return new Set();
    const asked = text.split(',').map((part) => part.trim());
    const known = names.filter((name) => asked.includes(name));
    if (known.length === new Set(asked).size) return new Set(known);
    throw new InvalidArgumentError(`expected all, none, or some of: ${names.join(', ')}`);
  };
}
