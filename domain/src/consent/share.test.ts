import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { RECORD_CLASSES } from '../access/vocabulary.ts';
import { PulseError } from '../errors.ts';
import { aliasOf, coversRecord, rewriteIds, shareDocument, sharedDocument } from './share.ts';
import { type ConsentTerms, MAX_SHARE_MS, requireSoundTerms } from './terms.ts';

const sha256 = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest();
const SALT = 'a1'.repeat(16);
const NOW_MS = Date.UTC(2026, 10, 22, 12);
const DAY_MS = 86_400_000;

const hexId = fc.stringMatching(/^[0-9a-f]{32}$/);

function dashed(id: string): string {
  return id.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

const TERMS: ConsentTerms = {
  v: 1,
  consentId: '01'.repeat(16),
  patientId: '02'.repeat(16),
  effect: 'permit',
  grantee: { mspId: 'InsurerMSP', subjectId: null },
  classes: ['encounter'],
  labels: [],
  purposes: ['HPAYMT'],
  fromMs: NOW_MS,
  untilMs: NOW_MS + DAY_MS,
  share: { shareId: '03'.repeat(16), aliasSaltHex: SALT },
  saltHex: '04'.repeat(16),
};

describe('ids in a copy', () => {
  it('are replaced wherever they stand, in any of their forms', () => {
    const forms = fc.constantFrom(
      (id: string) => id,
      (id: string) => id.toUpperCase(),
      dashed,
      (id: string) => `Patient/${id}`,
      (id: string) => `urn:uuid:${dashed(id)}`,
      (id: string) => `<div>see ${id}, please</div>`,
    );
    fc.assert(
      fc.property(hexId, forms, fc.jsonValue(), (id, form, other) => {
        const text = form(id);
        const resource = { a: [{ b: text }, other], [text]: { c: text } };
        const rewritten = JSON.stringify(rewriteIds(resource, SALT, sha256)).toLowerCase();
        expect(rewritten).not.toContain(id);
        expect(rewritten).not.toContain(dashed(id));
        const alias = aliasOf(SALT, id, sha256);
        expect(rewritten.includes(alias) || rewritten.includes(dashed(alias))).toBe(true);
      }),
    );
  });

  it('keep references together within a share, and apart between shares', () => {
    const id = 'ab'.repeat(16);
    const inShare = (salt: string) =>
      rewriteIds({ id, subject: { reference: `Patient/${id}` } }, salt, sha256);
    const alias = aliasOf(SALT, id, sha256);
    expect(inShare(SALT)).toEqual({ id: alias, subject: { reference: `Patient/${alias}` } });
    expect(inShare('b2'.repeat(16))).not.toEqual(inShare(SALT));
  });

  it('leave everything else as it was', () => {
    const resource = {
      code: { coding: [{ system: 'http://loinc.org', code: '8867-4' }] },
      value: 1.5,
      flag: true,
      none: null,
      text: 'cafe babe 1234-5678',
    };
    expect(rewriteIds(resource, SALT, sha256)).toEqual(resource);
  });

  it('replace object identifiers made from UUIDs by ones of the same form', () => {
    const uid = 'urn:oid:2.25.329800735698586629295641978511506172918';
    const rewritten = String(rewriteIds(uid, SALT, sha256));
    expect(rewritten).not.toBe(uid);
    expect(rewritten).toMatch(/^urn:oid:2\.25\.[1-9]\d{38}$/);
  });
});

describe('a copy', () => {
  const record = {
    recordClass: 'encounter' as const,
    recordId: 'cd'.repeat(16),
    version: 2,
    resource: { resourceType: 'Encounter', id: 'cd'.repeat(16) },
    mspId: 'HospitalMSP',
  };

  it('is the same on every endorser, salted, and another for each share and version', () => {
    const share = { shareId: '03'.repeat(16), aliasSaltHex: SALT };
    const copy = sharedDocument(share, record, sha256);
    expect(sharedDocument(share, record, sha256)).toEqual(copy);
    expect(JSON.stringify(copy)).not.toContain(record.recordId);
    expect(copy.resource['id']).toBe(copy.alias);
    const later = sharedDocument(share, { ...record, version: 3 }, sha256);
    expect(later.alias).toBe(copy.alias);
    expect(later.saltHex).not.toBe(copy.saltHex);
    const other = sharedDocument({ ...share, aliasSaltHex: '00'.repeat(16) }, record, sha256);
    expect([other.alias, other.saltHex]).not.toEqual([copy.alias, copy.saltHex]);
  });
});

describe('what a share covers', () => {
  const cells: [string, 'all' | readonly string[], readonly string[], string, string[], boolean][] =
    [
      ['a named class', ['encounter'], [], 'encounter', [], true],
      ['another class', ['encounter'], [], 'condition', [], false],
      ['any clinical class', 'all', [], 'condition', [], true],
      ['what must be named', 'all', [], 'other', [], false],
      ['what is named', ['other'], [], 'other', [], true],
      ['a sensitive record', 'all', [], 'condition', ['HIV'], false],
      ['a sensitive record that is named', 'all', ['HIV'], 'condition', ['HIV'], true],
      ['one of two labels', 'all', ['HIV'], 'condition', ['HIV', 'SUD'], false],
      ['a label that changes nothing', 'all', [], 'condition', ['N'], true],
      ['a very restricted record', 'all', ['HIV'], 'condition', ['V'], false],
      ['psychotherapy notes by all', 'all', ['PSYTHPN'], 'psychotherapy-note', [], false],
      ['psychotherapy notes by name', ['psychotherapy-note'], [], 'psychotherapy-note', [], false],
    ];
  it.each(cells)('%s', (_what, classes, labels, recordClass, recordLabels, expected) => {
    const known = RECORD_CLASSES.find((one) => one === recordClass) ?? 'other';
    const scope = {
      classes: classes === 'all' ? classes : RECORD_CLASSES.filter((one) => classes.includes(one)),
      labels,
    };
    expect(coversRecord(scope, known, recordLabels)).toBe(expected);
  });

  it('is told to the insurer without any id of the patient', () => {
    const document = shareDocument(TERMS, '05'.repeat(16));
    expect(document).toMatchObject({ shareId: TERMS.share?.shareId, untilMs: TERMS.untilMs });
    const text = JSON.stringify(document);
    for (const secret of [TERMS.patientId, TERMS.consentId, SALT, TERMS.saltHex]) {
      expect(text).not.toContain(secret);
    }
  });
});

describe('terms', () => {
  const towardsDoctor = { mspId: 'ClinicMSP', subjectId: '09'.repeat(16) };
  const sound: [string, Partial<ConsentTerms>][] = [
    ['towards an insurer', {}],
    ['towards a person', { grantee: towardsDoctor, share: null, purposes: 'all', untilMs: null }],
    [
      'that deny everybody',
      { effect: 'deny', grantee: { mspId: null, subjectId: null }, share: null },
    ],
    ['that deny an insurer', { effect: 'deny', share: null }],
  ];
  it.each(sound)('are sound %s', (_what, change) => {
    expect(() => {
      requireSoundTerms({ ...TERMS, ...change }, NOW_MS);
    }).not.toThrow();
  });

  const unsound: [string, Partial<ConsentTerms>][] = [
    ['without an end', { untilMs: null }],
    ['of more than a year', { untilMs: NOW_MS + MAX_SHARE_MS + 1 }],
    ['that start later', { fromMs: NOW_MS + 1 }],
    ['that are over', { fromMs: NOW_MS - 2 * DAY_MS, untilMs: NOW_MS - DAY_MS }],
    ['that end before they start', { untilMs: NOW_MS }],
    ['for treatment', { purposes: ['TREAT'] }],
    ['for any purpose', { purposes: 'all' }],
    ['over psychotherapy notes', { classes: ['psychotherapy-note'] }],
    ['without a share', { share: null }],
    ['that deny with a share', { effect: 'deny' }],
    ['towards a provider with a share', { grantee: towardsDoctor }],
  ];
  it.each(unsound)('are refused towards an insurer %s', (_what, change) => {
    expect(() => {
      requireSoundTerms({ ...TERMS, ...change }, NOW_MS);
    }).toThrow(PulseError);
  });
});
