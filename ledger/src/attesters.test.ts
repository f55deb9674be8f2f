import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type AttesterKey, PublishAttesterInput, PutAttesterKeyInput } from '@pulseledger/domain';
import { AccessClient } from './access-client.ts';
import { provideAttesters, renewAttester } from './attesters.ts';
import { LedgerConnection } from './connection.ts';
import { createSignatory, fixedSignatory, type Signatory } from './signatory.ts';
import { hospitalKeys, PROFILE } from './testing/identities.ts';
import { ScriptedGateway } from './testing/scripted-gateway.ts';

const NOW_MS = 1_700_000_000_000;
const MSP_ID = 'HospitalMSP';

let signatory: Signatory;
beforeAll(async () => {
  signatory = createSignatory((await hospitalKeys()).ingest);
});

let gateway: ScriptedGateway;
let connection: LedgerConnection;
let published: AttesterKey[];
beforeEach(async () => {
  gateway = new ScriptedGateway();
  await gateway.start();
  published = [];
  gateway.evaluating = () => ({ attesters: { [MSP_ID]: published } });
  connection = new LedgerConnection({
    ...{ profile: PROFILE, organization: 'hospital' },
    newClient: () => gateway.newClient(),
  });
});

afterEach(() => {
  connection.close();
  gateway.stop();
});

function administrator(of: Signatory = signatory) {
  const access = new AccessClient({ connection, signatories: fixedSignatory(of) });
  return { mspId: MSP_ID, access };
}

function submitted(name: string): string[] {
  const seen = gateway.endorsed.filter((proposal) => proposal.name === name);
  return seen.map(({ transient }) => transient.get('input') ?? '');
}

describe('the key with which an organization attests', () => {
  it('is made once: the private half for the own organization alone, the other for all', async () => {
    await provideAttesters([administrator()], NOW_MS);
    const [put, publish] = gateway.endorsed;
    expect(put).toMatchObject({ name: 'access:PutAttesterKey', organizations: [MSP_ID] });
    expect(publish).toMatchObject({
      name: 'access:PublishAttester',
      organizations: [MSP_ID, 'ClinicMSP'],
    });
    const [secret = ''] = submitted('access:PutAttesterKey');
    const { keyId } = PutAttesterKeyInput.parse(JSON.parse(secret));
    const [open = ''] = submitted('access:PublishAttester');
    const key = PublishAttesterInput.parse(JSON.parse(open));
    expect(key).toMatchObject({ keyId, untilMs: null });
    expect(open).not.toContain('privateKey');
    published = [key];
    await provideAttesters([administrator()], NOW_MS);
    expect(gateway.endorsed).toHaveLength(2);
  });

  it('is renewed with an overlap', async () => {
    await provideAttesters([administrator()], NOW_MS);
    const [open = ''] = submitted('access:PublishAttester');
    const old = PublishAttesterInput.parse(JSON.parse(open));
    published = [old];
    await renewAttester(administrator(), NOW_MS);
    const [, ended = '', next = ''] = submitted('access:PublishAttester');
    expect(JSON.parse(ended)).toEqual({ ...old, untilMs: NOW_MS + 3_600_000 });
    expect(PublishAttesterInput.parse(JSON.parse(next)).keyId).not.toBe(old.keyId);
  });

  it('is not sent over another organization’s peer', async () => {
    const foreign = { ...signatory, mspId: 'ClinicMSP' };
    const call = provideAttesters([administrator(foreign)], NOW_MS);
    await expect(call).rejects.toMatchObject({ code: 'access_denied' });
    expect(gateway.endorsed).toEqual([]);
  });
});
