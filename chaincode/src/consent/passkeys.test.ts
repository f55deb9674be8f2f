import { beforeEach, describe, expect, it } from '@jest/globals';
import { ceremonyChallenge, ListPasskeysOutput } from '@pulseledger/domain';
import type { SoftwareAuthenticator } from '@pulseledger/domain/software-authenticator';
import { sha256 } from '../crypto.ts';
import {
  attestationOf,
  attestConsent,
  firstPasskey,
  grant,
  invite,
  newId,
  passkey,
  RELYING_PARTY,
  registerPasskey,
  setRelyingParty,
  termsWith,
} from '../testing/consents.ts';
import type { Identity, LedgerDouble } from '../testing/ledger-double.ts';
import {
  CLINIC,
  HOUR_MS,
  idOf,
  ledgerWith,
  MINUTE_MS,
  NOON_MS,
  PEOPLE,
  SALT_HEX,
} from '../testing/story.ts';

const { patient, administrator, clinicAdministrator } = PEOPLE;
const CHANGED = { status: 'changed' };

let ledger: LedgerDouble;
beforeEach(async () => {
  ledger = await ledgerWith();
  await setRelyingParty(ledger);
});

async function passkeysOf(identity: Identity): Promise<ListPasskeysOutput> {
  const call = { identity, input: {}, nowMs: NOON_MS };
  return ListPasskeysOutput.parse(await ledger.evaluate('consent:ListPasskeys', call));
}

/** Adds a second device by an assertion of the first. */
async function addByPasskey(
  known: SoftwareAuthenticator,
  added: SoftwareAuthenticator,
  nonceHex: string = newId(),
): Promise<unknown> {
  const identity = patient;
  const { subjectId } = identity;
  const use = { kind: 'passkey' } as const;
  const attested = await attestConsent(ledger, identity, use, { patientId: subjectId });
  const challenge = ceremonyChallenge('passkey', { subjectId, nonceHex }, sha256);
  const registration = added.register(challenge);
  const publicKeySpkiBase64 = added.publicKeySpkiBase64;
  const vouch = { subjectId, nonceHex, credentialId: added.credentialId, publicKeySpkiBase64 };
  const assertion = known.assert(ceremonyChallenge('passkey-request', vouch, sha256));
  const input = {
    nonceHex,
    registration,
    proof: { kind: 'passkey', assertion },
    saltHex: SALT_HEX,
  };
  const attestation = attestationOf(attested);
  return ledger.submit('consent:RegisterPasskey', { identity, input, attestation, nowMs: NOON_MS });
}

describe('where passkeys are used', () => {
  it('is what both organizations list', async () => {
    const evil = { id: 'pulse.test', origins: [...RELYING_PARTY.origins, 'https://evil.test'] };
    const call = { identity: administrator, input: evil, nowMs: NOON_MS };
    expect(await ledger.submit('consent:SetRelyingParty', call)).toEqual(CHANGED);
    expect((await passkeysOf(patient)).relyingParty).toEqual(RELYING_PARTY);
    const other = { id: 'evil.test', origins: ['https://evil.test'] };
    await ledger.submit('consent:SetRelyingParty', { ...call, input: other });
    expect((await passkeysOf(patient)).relyingParty).toBeNull();
    await expect(firstPasskey(ledger, patient)).rejects.toThrow('precondition_failed: ');
  });
});

describe('the first passkey', () => {
  it('is registered by the person whom an administrator of their organization has seen', async () => {
    const invitation = await invite(ledger, administrator, patient.subjectId);
    const proof = { kind: 'in-person', invitation } as const;
    expect(await registerPasskey(ledger, patient, passkey(), proof)).toEqual(CHANGED);
    expect((await passkeysOf(patient)).passkeys).toMatchObject([{ approval: 'in-person' }]);
  });

  it('may be a representative’s own', async () => {
    await firstPasskey(ledger, PEOPLE.guardian);
    expect((await passkeysOf(PEOPLE.guardian)).passkeys).toHaveLength(1);
    expect((await passkeysOf(patient)).passkeys).toEqual([]);
  });

  type Proof = { invitationId: string; code: string };
  const refusals: [string, () => Promise<Proof>, { nowMs?: number }][] = [
    ['with another code', async () => ({ ...(await seen()), code: newId() }), {}],
    ['without an invitation', () => Promise.resolve({ invitationId: newId(), code: newId() }), {}],
    ["with another person's", () => seen(administrator, PEOPLE.otherPatient.subjectId), {}],
    ["with another organization's", () => seen(clinicAdministrator), {}],
    ['with one for a lost phone', () => seen(administrator, patient.subjectId, 'recovery'), {}],
    ['too late', () => seen(), { nowMs: NOON_MS + 30 * MINUTE_MS }],
  ];
  function seen(by: Identity = administrator, who?: string, kind?: 'recovery'): Promise<Proof> {
    const more = kind === undefined ? {} : { kind };
    return invite(ledger, by, who ?? patient.subjectId, more);
  }
  it.each(refusals)('is refused %s', async (_what, proof, more) => {
    const kind = 'in-person' as const;
    const call = registerPasskey(
      ledger,
      patient,
      passkey(),
      { kind, invitation: await proof() },
      more,
    );
    await expect(call).rejects.toThrow('access_denied: ');
    expect((await passkeysOf(patient)).passkeys).toEqual([]);
  });

  it('spends the invitation', async () => {
    const invitation = await seen();
    const proof = { kind: 'in-person', invitation } as const;
    await registerPasskey(ledger, patient, passkey(), proof);
    await expect(registerPasskey(ledger, patient, passkey(), proof)).rejects.toThrow();
    expect([...ledger.privateData.keys()].join()).not.toContain(invitation.invitationId);
  });

  it('is the first only once: an administrator cannot add one to those that are there', async () => {
    await firstPasskey(ledger, patient);
    const call = firstPasskey(ledger, patient);
    await expect(call).rejects.toThrow('conflict: There is a passkey already');
  });

  it('is not registered by the administrator, who knows the code', async () => {
    const invitation = await seen();
    const self = { ...administrator, role: 'patient' } as const;
    const call = registerPasskey(ledger, self, passkey(), { kind: 'in-person', invitation });
    await expect(call).rejects.toThrow('access_denied: ');
    await expect(invite(ledger, administrator, administrator.subjectId)).rejects.toThrow(
      'access_denied: Nobody invites themselves.',
    );
  });
});

describe('a second device', () => {
  it('is added by a known one, and then agrees as well', async () => {
    const phone = await firstPasskey(ledger, patient);
    const tablet = passkey();
    expect(await addByPasskey(phone, tablet)).toEqual(CHANGED);
    expect((await passkeysOf(patient)).passkeys).toHaveLength(2);
    expect(await grant(ledger, patient, tablet, termsWith())).toEqual(CHANGED);
  });

  it('is not added by itself, by a stranger or by an assertion for another device', async () => {
    const phone = await firstPasskey(ledger, patient);
    const tablet = passkey();
    await expect(addByPasskey(tablet, tablet)).rejects.toThrow('bad_assertion: ');
    await expect(addByPasskey(passkey(), tablet)).rejects.toThrow('bad_assertion: ');
    const stranger = passkey();
    const lure = Object.assign(passkey(), { publicKeySpkiBase64: stranger.publicKeySpkiBase64 });
    await expect(addByPasskey(phone, lure)).rejects.toThrow('bad_assertion: ');
  });
});

describe('a lost phone', () => {
  async function recover(
    by: readonly Identity[],
    device: SoftwareAuthenticator,
    nowMs: number = NOON_MS + HOUR_MS,
  ): Promise<unknown> {
    const invitations: { invitationId: string; code: string }[] = [];
    for (const one of by) {
      const more = { kind: 'recovery', nowMs } as const;
      invitations.push(await invite(ledger, one, patient.subjectId, more));
    }
    const proof = { kind: 'recovery', invitations } as const;
    return registerPasskey(ledger, patient, device, proof, { nowMs });
  }

  it('is replaced when two organizations say so, and agrees to nothing any more', async () => {
    const phone = await firstPasskey(ledger, patient);
    const found = passkey();
    expect(await recover([administrator, clinicAdministrator], found)).toEqual(CHANGED);
    const nowMs = NOON_MS + HOUR_MS;
    await expect(grant(ledger, patient, phone, termsWith(), { nowMs })).rejects.toThrow(
      'bad_assertion: ',
    );
    expect(await grant(ledger, patient, found, termsWith(), { nowMs })).toEqual(CHANGED);
  });

  it('is not replaced by one organization, not even by two of its administrators', async () => {
    const phone = await firstPasskey(ledger, patient);
    const second = { ...administrator, subjectId: idOf('Second Administrator') };
    await expect(recover([administrator, second], passkey())).rejects.toThrow('access_denied: ');
    const twice = { ...clinicAdministrator, mspId: CLINIC };
    await expect(recover([twice, clinicAdministrator], passkey())).rejects.toThrow(
      'access_denied: ',
    );
    expect(await grant(ledger, patient, phone, termsWith())).toEqual(CHANGED);
  });
});
