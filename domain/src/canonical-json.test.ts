import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { canonicalJson, type JsonValue } from './canonical-json.ts';

describe('canonical JSON', () => {
  it('says the same as JSON, whatever order the keys came in', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        const text = canonicalJson(value);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
        expect(canonicalJson(JSON.parse(text) as JsonValue)).toBe(text);
      }),
    );
    expect(canonicalJson({ b: 1, a: { d: [2, null], c: 'é' } })).toBe(
      '{"a":{"c":"é","d":[2,null]},"b":1}',
    );
    expect(canonicalJson({ a: undefined })).toBe('{}');
  });

  it('refuses what JSON cannot carry', () => {
    expect(() => canonicalJson({ a: Number.NaN })).toThrow(TypeError);
  });
});
