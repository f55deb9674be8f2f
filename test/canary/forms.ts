import { createHash } from 'node:crypto';

/** One way in which a secret could stand in a file: as text, base64, hex, raw bytes or a hash of these. */
export interface Form {
  readonly name: string;
  readonly bytes: Buffer;
}

/**
 * base64 of a text in the middle of other bytes depends on where it starts modulo 3. This gives the
 * characters that are the same whatever stands around it, for each of the three starts.
 */
function base64Forms(name: string, value: Buffer): Form[] {
  return [0, 1, 2].flatMap((shift) => {
    const encoded = Buffer.concat([Buffer.alloc(shift), value]).toString('base64');
    const first = Math.ceil((shift * 8) / 6);
    const last = Math.floor(((shift + value.length) * 8) / 6);
    const inner = encoded.slice(first, last);
    const url = inner.replaceAll('+', '-').replaceAll('/', '_');
    const forms = [{ name: `${name}, base64 at ${shift}`, bytes: Buffer.from(inner) }];
    if (url !== inner)
      forms.push({ name: `${name}, base64url at ${shift}`, bytes: Buffer.from(url) });
    return forms;
  });
}

function encodings(name: string, value: Buffer): Form[] {
  return [
    { name, bytes: value },
    { name: `${name}, hex`, bytes: Buffer.from(value.toString('hex')) },
    { name: `${name}, upper-case hex`, bytes: Buffer.from(value.toString('hex').toUpperCase()) },
    ...base64Forms(name, value),
  ];
}

function hashes(name: string, value: Buffer): Form[] {
  const digest = createHash('sha256').update(value).digest();
  return encodings(`${name}, unsalted SHA-256`, digest);
}

/** Every form in which a text is looked for; DER strings hold the text itself, PEM its base64. */
export function formsOf(secret: string): readonly Form[] {
  const text = Buffer.from(secret, 'utf8');
  const forms = [
    ...encodings('text', text),
    { name: 'UTF-16', bytes: Buffer.from(secret, 'utf16le') },
    ...hashes('text', text),
  ];
  if (/^([0-9a-f]{2}){8,}$/.test(secret)) {
    const raw = Buffer.from(secret, 'hex');
    forms.push(...encodings('bytes', raw), ...hashes('bytes', raw));
  }
  return forms;
}

/** The names of the forms that occur in `content`. */
export function found(content: Buffer, forms: readonly Form[]): readonly string[] {
  return forms.filter((form) => content.includes(form.bytes)).map((form) => form.name);
}

/** How a program could have written a number before it hashed it. */
export function spellingsOf(value: number): readonly (readonly [string, Buffer])[] {
  const double = Buffer.alloc(8);
  const [bigEndian, littleEndian] = [Buffer.from(double), Buffer.from(double)];
  bigEndian.writeDoubleBE(value);
  littleEndian.writeDoubleLE(value);
  const short = Buffer.alloc(2);
  short.writeUInt16BE(value);
  const texts = [`${value}`, `${value}.0`, `"${value}"`, `{"value":${value}}`, `8867-4=${value}`];
  return [
    ...texts.map((text): [string, Buffer] => [text, Buffer.from(text)]),
    [`${value} as double`, bigEndian],
    [`${value} as double, little-endian`, littleEndian],
    [`${value} as 16 bits`, short],
    [`${value} as a byte`, Buffer.from([value & 0xff])],
  ];
}
