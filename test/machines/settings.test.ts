import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { newNoteKey } from '@pulseledger/ledger';
import type { FunctionName } from '../../chaincode/src/access/rules.ts';
import { agreedRelyingParty } from '../../chaincode/src/consent/relying-party.ts';
import { attest } from '../../chaincode/src/testing/attesting.ts';
import { type Identity, LedgerDouble } from '../../chaincode/src/testing/ledger-double.ts';
import {
  applySettings,
  type ContractCalls,
  type RecordSettings,
} from '../../infra/provision/record-settings.ts';

const PAGE = 'https://dev.pulseledger.example';
const PROVIDERS = ['HospitalMSP', 'ClinicMSP'] as const;

function randomId(): string {
  return randomBytes(16).toString('hex');
}

/** The contracts as a provider's administrator reaches them. */
function callsOf(ledger: LedgerDouble, mspId: string): ContractCalls {
  const identity: Identity = { mspId, role: 'administrator', subjectId: randomId() };
  const proposal = (input: string): { identity: Identity; input: object; nowMs: number } => ({
    ...{ identity, nowMs: Date.now() },
    input: Object(JSON.parse(input)) as object,
  });
  return {
    submit: async (name, input) => {
      await ledger.submit(name as FunctionName, proposal(input));
    },
    evaluate: async (name, input) =>
      JSON.stringify(await ledger.evaluate(name as FunctionName, proposal(input))),
  };
}

function settings(): RecordSettings {
  const { publicKey } = newNoteKey();
  return { pageOrigin: PAGE, noteGroup: { groupId: randomId(), keyId: randomId(), publicKey } };
}

async function applied(rounds: number): Promise<LedgerDouble> {
  const ledger = new LedgerDouble();
  const said = new Map(PROVIDERS.map((mspId) => [mspId, settings()]));
  for (let round = 0; round < rounds; round += 1) {
    for (const [mspId, one] of said) await applySettings(callsOf(ledger, mspId), mspId, one);
  }
  return ledger;
}

describe('what provisioning says on the ledger, to the contracts themselves', () => {
  test('is enough for a person to be attested a decision', async () => {
    const ledger = await applied(1);
    const doctor: Identity = { mspId: 'HospitalMSP', role: 'doctor', subjectId: randomId() };
    const wants = [{ action: 'read', recordClass: 'basics' }] as const;
    const attestation = await attest(ledger, doctor, { patientId: randomId(), wants }, Date.now());
    expect(Object.keys(attestation.signatures).toSorted()).toEqual(['ClinicMSP', 'HospitalMSP']);
  });

  test('lets both providers agree on the page', async () => {
    const ledger = await applied(1);
    const { stub } = await ledger.endorse('access:ListAttesters', {
      identity: { mspId: 'HospitalMSP', role: 'administrator', subjectId: randomId() },
      input: {},
      nowMs: Date.now(),
    });
    expect(await agreedRelyingParty(stub)).toEqual({
      id: 'dev.pulseledger.example',
      origins: [PAGE],
    });
  });

  test('said again leaves no further key to attest with', async () => {
    const ledger = await applied(2);
    const answer = await callsOf(ledger, 'ClinicMSP').evaluate('access:ListAttesters', '{}');
    expect(answer.match(/"keyId"/g)).toHaveLength(PROVIDERS.length);
  });
});
