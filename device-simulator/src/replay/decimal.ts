const DECIMAL = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?$/;

/** The number that a decimal text means; undefined when it is none (`1,5`, `0x10`, `NaN`, empty). */
export function parseDecimal(text: string): number | undefined {
  const trimmed = text.trim();
  if (!DECIMAL.test(trimmed)) return undefined;
  const value = Number(trimmed);
  return Number.isFinite(value) ? value : undefined;
}

/** A decimal text times a hundred, exactly: the point moves, no product is rounded. */
export function parseFractionAsPercent(text: string): number | undefined {
  const trimmed = text.trim();
  if (!DECIMAL.test(trimmed)) return undefined;
  const [mantissa = '', exponent = '0'] = trimmed.toLowerCase().split('e');
  return parseDecimal(`${mantissa}e${Number(exponent) + 2}`);
}
