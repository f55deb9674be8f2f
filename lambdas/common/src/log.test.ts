import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { allowedFields, LOG_FIELD_NAMES, type LogFields, logLine } from './log.ts';

const PATIENT_ID = '3f0c1b5a9d8e7f60112233445566778a';
const JWT = 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl';
const PEM = '-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMG\n-----END PRIVATE KEY-----';
const SECRETS = [PATIENT_ID, JWT, PEM, 'Ada Lovelace', 'heart rate 72', `for ${PATIENT_ID}`];

describe('a log line', () => {
  it('holds what is in the list', () => {
    const fields: LogFields = {
      code: 'ERR_HTTP2_STREAM_ERROR',
      count: 3,
      durationMs: 12.5,
      quarantined: { bad_signature: 2 },
      transactionIds: ['ab'.repeat(32)],
      requestId: 'JKJaXmPLvHcESHA=',
      method: 'GET',
      route: 'Observation/:id',
      role: 'doctor',
      frames: ['TypeError', 'at read (file:///project/x.ts:10:3)'],
    };
    expect(JSON.parse(logLine('answered', fields))).toEqual({ message: 'answered', ...fields });
  });

  it('has no room for another field, by type and at run time', () => {
    // @ts-expect-error: there is no such field
    const line = logLine('answered', { count: 1, patient: 'Ada', deviceId: PATIENT_ID });
    expect(line).toBe('{"message":"answered","count":1}');
    // @ts-expect-error: nor such a message
    logLine('Ada was here', {});
  });

  it('drops from the fields of the list what could be an id, a key, a name or a text', () => {
    for (const name of LOG_FIELD_NAMES) {
      for (const secret of SECRETS) {
        for (const value of [secret, [secret], { [secret]: 1 }, { code: secret }]) {
          const text = JSON.stringify(allowedFields({ [name]: value }));
          expect(text.includes(secret) || text.includes(secret.slice(0, 12))).toBe(false);
        }
      }
    }
  });

  it('never holds an id, in whatever field it is put', () => {
    const id = fc
      .array(fc.integer({ min: 0, max: 15 }), { minLength: 32, maxLength: 32 })
      .map((digits) => digits.map((digit) => digit.toString(16)).join(''));
    fc.assert(
      fc.property(id, fc.constantFrom(...LOG_FIELD_NAMES), (text, name) => {
        const fields = { [name]: text };
        expect(allowedFields(fields)).toEqual({});
        expect(allowedFields({ [name]: { [text]: 1 } })).toEqual({});
      }),
    );
  });
});
