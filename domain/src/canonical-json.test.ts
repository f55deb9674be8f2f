import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { canonicalJson } from './canonical-json.ts';

describe('canonical JSON', () => {
  it('says the same as JSON, whatever order the keys came in', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        const text = canonicalJson(value);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
        expect(canonicalJson(JSON.parse(text))).toBe(text);
      }),
    );
    expect(canonicalJson({ b: 1, a: { d: [2, null], c: 'é' } })).toBe(
      '{"a":{"c":"é","d":[2,null]},"b":1}',
    );
    expect(canonicalJson({ a: undefined })).toBe('{}');
  });

  it.each([Number.NaN, Infinity, undefined, 1n, [undefined], { a: () => 1 }])(
    'refuses what JSON cannot carry: %p',
    (value) => {
      expect(() => canonicalJson(value)).toThrow(TypeError);
    },
  );
});
