/**
 * JSON with sorted keys and no white space, so that every endorser writes, and hashes, the same
 * bytes. Keys are sorted by UTF-16 code units as in RFC 8785; undefined members are left out.
 *
 * @throws TypeError for what JSON cannot carry: NaN, infinities, functions, undefined and the like.
 */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') {
    return JSON.stringify(value);
  }
  if (typeof value === 'number' && Number.isFinite(value)) return JSON.stringify(value);
  if (Array.isArray(value)) {
    return `[${value.map((item: unknown) => canonicalJson(item)).join(',')}]`;
  }
  if (typeof value !== 'object') throw new TypeError(`JSON cannot carry this ${typeof value}`);
  const members: string[] = [];
  for (const [key, member] of Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (member !== undefined) members.push(`${JSON.stringify(key)}:${canonicalJson(member)}`);
  }
  return `{${members.join(',')}}`;
}
