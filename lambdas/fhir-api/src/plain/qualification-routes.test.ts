import { beforeEach, describe, expect, it } from '@jest/globals';
import { type DirectoryWrite, MSP_IDS, ProfileAnswer } from '@pulseledger/domain';
import type { Caller } from '../smart/token.ts';
import { codeIn, type Received, type TestApi, testApi } from '../testing/api.ts';
import { administrator, amina, doctor, emptyRecord, NOBODY, NOON } from '../testing/story.ts';

const DAY_MS = 86_400_000;
const ILONA = '77'.repeat(16);
const BOARD = 'urn:board|C1';
const NARROW: Caller = { ...administrator, subject: 'administrator-who-may-read-only' };
const ELSEWHERE: Caller = { ...administrator, subject: 'of the clinic', organization: 'clinic' };
const PERSON: DirectoryWrite = {
  ...{ kind: 'Practitioner', id: ILONA, ifVersion: null, saltHex: '5a'.repeat(16) },
  resource: {
    resourceType: 'Practitioner',
    name: [{ family: 'Varga' }],
    qualification: [
      { code: { text: 'MD' } },
      { code: { coding: [{ system: 'urn:board', code: 'C1' }] } },
    ],
  },
};
const VERIFIED = { qualification: BOARD, outcome: 'verified', source: 'Register of the board' };

let nowMs: number;
let api: TestApi;
beforeEach(() => {
  nowMs = NOON;
  api = testApi(emptyRecord(), [administrator, NARROW, ELSEWHERE, doctor, amina], {
    people: [PERSON],
    now: () => nowMs,
    scopes: new Map([[NARROW.subject, 'user/Practitioner.rs']]),
  });
});

function attest(
  caller: Caller | undefined,
  body: object = VERIFIED,
  practitionerId = ILONA,
): Promise<Received> {
  const sending = { method: 'POST', body: JSON.stringify(body) };
  return api.send(caller, `directory/${practitionerId}/attestations`, sending);
}

async function board(): Promise<ProfileAnswer['qualifications'][number] | undefined> {
  const { text } = await api.send(undefined, `directory/${ILONA}`);
  const { qualifications } = ProfileAnswer.parse(JSON.parse(text));
  return qualifications.find(({ key }) => key === BOARD);
}

describe('attesting a qualification', () => {
  it('is shown to everybody, with who checked it where and when, until it is stale', async () => {
    const answer = await attest(administrator);
    expect([answer.status, JSON.parse(answer.text)]).toEqual([200, { status: 'changed' }]);
    expect(await board()).toMatchObject({
      status: 'verified',
      dueMs: NOON + 90 * DAY_MS,
      attestations: [
        {
          mspId: MSP_IDS.hospital,
          source: VERIFIED.source,
          outcome: 'verified',
          atMs: NOON,
        },
      ],
    });
    nowMs += 90 * DAY_MS;
    expect(await board()).toMatchObject({ status: 'stale' });
  });

  it('has the word of each organization, and one that failed stands', async () => {
    await attest(administrator);
    await attest(ELSEWHERE, { ...VERIFIED, outcome: 'failed' });
    const checked = await board();
    expect(checked?.status).toBe('failed');
    expect(checked?.attestations.map(({ mspId, outcome }) => [mspId, outcome])).toEqual([
      [MSP_IDS.hospital, 'verified'],
      [MSP_IDS.clinic, 'failed'],
    ]);
  });

  it('is for administrators whose token covers it', async () => {
    for (const caller of [doctor, amina, NARROW]) {
      const refused = await attest(caller);
      expect([refused.status, codeIn(refused)]).toEqual([403, 'access_denied']);
    }
    expect((await attest(undefined)).status).toBe(401);
    expect(await board()).toMatchObject({ status: 'claimed', attestations: [] });
  });

  it('is of somebody who is in the directory and says to have it', async () => {
    expect((await attest(administrator, VERIFIED, NOBODY)).status).toBe(404);
    expect((await attest(administrator, VERIFIED, 'nonsense')).status).toBe(404);
    const other = { ...VERIFIED, qualification: 'PhD' };
    expect((await attest(administrator, other)).status).toBe(404);
  });

  it.each([
    ['no source', { source: '' }],
    ['another outcome', { outcome: 'maybe' }],
    ['more than is asked', { mspId: MSP_IDS.clinic }],
  ])('is refused with %s', async (_, change) => {
    const refused = await attest(administrator, { ...VERIFIED, ...change });
    expect([refused.status, codeIn(refused)]).toEqual([400, 'invalid_input']);
  });
});
