import { describe, expect, test } from '@jest/globals';
import { ListAttestersOutput } from '@pulseledger/domain';
import { applySettings, type ContractCalls, settingsHash } from './record-settings.ts';

const SETTINGS = {
  pageOrigin: 'https://dev.pulseledger.example',
  noteGroup: {
    groupId: 'aa'.repeat(16),
    keyId: 'bb'.repeat(16),
    publicKey: Buffer.alloc(32, 7).toString('base64'),
  },
};

interface Submitted {
  readonly name: string;
  readonly input: unknown;
  readonly endorsers: string;
}

/** A ledger that knows the published keys and keeps what is submitted. */
function ledger(attesters: ListAttestersOutput['attesters'] = {}): {
  readonly calls: ContractCalls;
  readonly submitted: Submitted[];
} {
  const submitted: Submitted[] = [];
  return {
    submitted,
    calls: {
      submit: (name, input, endorsers) => {
        submitted.push({ name, input: JSON.parse(input), endorsers });
        return Promise.resolve();
      },
      evaluate: () => Promise.resolve(JSON.stringify(ListAttestersOutput.parse({ attesters }))),
    },
  };
}

describe("what a provider's administrator says on the ledger", () => {
  test('is first a key to attest with, whose private half only the own peers see', async () => {
    const { calls, submitted } = ledger();
    await applySettings(calls, 'ClinicMSP', SETTINGS);
    expect(submitted.map(({ name, endorsers }) => `${name} ${endorsers}`)).toEqual([
      'access:PutAttesterKey own',
      'access:PublishAttester all',
      'consent:SetRelyingParty all',
      'record:SetIndexSecret all',
      'record:SetAuthorGroup all',
    ]);
  });

  test('leaves a key alone that it attests with already', async () => {
    const publicKeySpkiBase64 = Buffer.alloc(44, 1).toString('base64');
    const key = { keyId: 'cc'.repeat(16), publicKeySpkiBase64, fromMs: 1, untilMs: null };
    const { calls, submitted } = ledger({ ClinicMSP: [key] });
    await applySettings(calls, 'ClinicMSP', SETTINGS);
    expect(submitted.map(({ name }) => name)).not.toContain('access:PutAttesterKey');
  });

  test("names the environment's page, and the group of authors without touching its members", async () => {
    const { calls, submitted } = ledger();
    await applySettings(calls, 'HospitalMSP', SETTINGS);
    const inputOf = (name: string): unknown => submitted.find((one) => one.name === name)?.input;
    expect(inputOf('consent:SetRelyingParty')).toEqual({
      id: 'dev.pulseledger.example',
      origins: ['https://dev.pulseledger.example'],
    });
    expect(inputOf('record:SetAuthorGroup')).toMatchObject({
      ...SETTINGS.noteGroup,
      add: [],
      remove: [],
    });
  });

  test('says who joins and leaves the group of authors, where that was asked for', async () => {
    const { calls, submitted } = ledger();
    const authors = { add: ['0a'.repeat(16)], remove: ['0b'.repeat(16)] };
    await applySettings(calls, 'HospitalMSP', { ...SETTINGS, authors });
    expect(submitted.at(-1)?.input).toMatchObject(authors);
  });

  test('is said anew when the page or the key of notes is another one', () => {
    const hash = settingsHash(SETTINGS);
    expect(settingsHash({ ...SETTINGS })).toBe(hash);
    const other = { ...SETTINGS.noteGroup, keyId: 'dd'.repeat(16) };
    expect(settingsHash({ ...SETTINGS, noteGroup: other })).not.toBe(hash);
    expect(settingsHash({ ...SETTINGS, pageOrigin: 'https://other.example' })).not.toBe(hash);
  });
});
