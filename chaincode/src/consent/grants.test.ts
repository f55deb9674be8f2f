import { beforeEach, describe, expect, it } from '@jest/globals';
import {
  aliasOf,
  type ConsentTerms,
  ceremonyChallenge,
  ListConsentsOutput,
  ListEndedOutput,
  PURPOSES,
  type RecordWrite,
  type SharedDocument,
  SharedPage,
  WorklistOutput,
} from '@pulseledger/domain';
import { SoftwareAuthenticator } from '@pulseledger/domain/software-authenticator';
import { sha256 } from '../crypto.ts';
import { openChart } from '../testing/attesting.ts';
import {
  attestConsent,
  copyRest,
  DAY_MS,
  firstPasskey,
  grant,
  newId,
  ORIGIN,
  passkey,
  revoke,
  setRelyingParty,
  type Tampering,
  termsWith,
} from '../testing/consents.ts';
import type { Identity, LedgerDouble } from '../testing/ledger-double.ts';
import {
  HOUR_MS,
  INSURER,
  idOf,
  ledgerWith,
  MINUTE_MS,
  NOON_MS,
  OTHER_PATIENT_ID,
  PATIENT_ID,
  PEOPLE,
  setTreating,
} from '../testing/story.ts';
import { writeOf, writeRecords } from '../testing/writing.ts';

const { patient, otherPatient, doctor, agent, administrator } = PEOPLE;
const CHANGED = { status: 'changed' };
const DENIED = 'access_denied: ';

let ledger: LedgerDouble;
let phone: SoftwareAuthenticator;
let visit: RecordWrite;
beforeEach(async () => {
  ledger = await ledgerWith();
  await setRelyingParty(ledger);
  await setTreating(ledger, doctor);
  phone = await firstPasskey(ledger, patient);
  visit = encounter('Sprained ankle');
  await writeRecords(ledger, doctor, [visit, condition('Asthma'), condition('HIV', ['HIV'])]);
});

function encounter(text: string): RecordWrite {
  const id = newId();
  const resource = {
    resourceType: 'Encounter',
    id,
    subject: { reference: `Patient/${PATIENT_ID}` },
    participant: [{ individual: { reference: `Practitioner/${doctor.subjectId}` } }],
    reasonCode: [{ text }],
  };
  return writeOf({ recordClass: 'encounter', recordId: id, resource });
}

function condition(text: string, labels: readonly string[] = []): RecordWrite {
  const id = newId();
  const subject = { reference: `Patient/${PATIENT_ID}` };
  const resource = { resourceType: 'Condition', id, subject, code: { text } };
  return writeOf({ recordClass: 'condition', recordId: id, resource, labels });
}

function amended(write: RecordWrite, change: Partial<RecordWrite>): RecordWrite {
  return { ...write, ifVersion: 1, ...change };
}

/** What the extract holds of a share, as its texts. */
function extracted({ share }: ConsentTerms): string[] {
  const of = share?.shareId ?? 'none';
  return [...ledger.privateData]
    .filter(([place]) => place.startsWith('extract/') && place.includes(of))
    .filter(([place]) => place.includes('shared') || place.includes('\u0000share\u0000'))
    .map(([place, { value }]) => `${place} ${Buffer.from(value).toString()}`);
}

async function worklist(identity: Identity, nowMs = NOON_MS): Promise<string[]> {
  const call = { identity, input: { pageSize: 50 }, nowMs };
  const { shares } = WorklistOutput.parse(await ledger.evaluate('consent:Worklist', call));
  return shares.map(({ shareId }) => shareId);
}

async function readShared(
  identity: Identity,
  { share }: ConsentTerms,
  permitId: string,
  more: { nowMs?: number; recordClass?: string } = {},
): Promise<readonly SharedDocument[]> {
  const { nowMs = NOON_MS, recordClass = 'encounter' } = more;
  const input = { shareId: share?.shareId, permitId, recordClass, pageSize: 50 };
  const answer = await ledger.evaluate('consent:ReadShared', { identity, input, nowMs });
  return SharedPage.parse(answer).records;
}

function open(identity: Identity, { share }: ConsentTerms, nowMs = NOON_MS): Promise<string> {
  return openChart(ledger, identity, { shareId: share?.shareId ?? '' }, nowMs);
}

describe('a consent towards an insurer', () => {
  it('shows the insurer exactly what it covers, until when, and nothing without opening', async () => {
    const terms = termsWith();
    expect(await worklist(agent)).toEqual([]);
    expect(await grant(ledger, patient, phone, terms)).toEqual(CHANGED);
    expect(await worklist(agent)).toEqual([terms.share?.shareId]);
    await expect(readShared(agent, terms, newId())).rejects.toThrow('chart_closed: ');
    const permitId = await open(agent, terms);
    const [encounters, conditions, basics] = await Promise.all(
      ['encounter', 'condition', 'basics'].map((recordClass) =>
        readShared(agent, terms, permitId, { recordClass }),
      ),
    );
    expect(encounters).toMatchObject([{ resource: { reasonCode: [{ text: 'Sprained ankle' }] } }]);
    expect(conditions).toMatchObject([{ resource: { code: { text: 'Asthma' } } }]);
    expect(basics).toMatchObject([{ resource: { name: [{ family: 'Mejía' }] } }]);
    await expect(readShared(agent, terms, permitId, { recordClass: 'medication' })).rejects.toThrow(
      DENIED,
    );
  });

  it('lets no id of the record into the extract', async () => {
    const terms = termsWith();
    await grant(ledger, patient, phone, terms);
    const text = extracted(terms).join('\n');
    expect(text).toContain('Sprained ankle');
    for (const secret of [
      PATIENT_ID,
      doctor.subjectId,
      visit.recordId,
      terms.consentId,
      terms.share?.aliasSaltHex ?? '',
      terms.saltHex,
    ]) {
      expect(text).not.toContain(secret);
    }
    const alias = aliasOf(terms.share?.aliasSaltHex ?? '', PATIENT_ID, sha256);
    expect(text).toContain(`Patient/${alias}`);
  });

  it('is previewed in the very words that the insurer will read', async () => {
    const terms = termsWith();
    const records: SharedDocument[] = [];
    let bookmark: string | undefined;
    do {
      const input = { terms, pageSize: 1, bookmark };
      const call = { identity: patient, input, nowMs: NOON_MS };
      const page = SharedPage.parse(await ledger.evaluate('consent:Preview', call));
      records.push(...page.records);
      bookmark = page.bookmark;
    } while (bookmark !== undefined);
    expect(records).toHaveLength(3);
    await grant(ledger, patient, phone, terms);
    const permitId = await open(agent, terms);
    expect(await readShared(agent, terms, permitId)).toEqual(
      records.filter(({ recordClass }) => recordClass === 'encounter'),
    );
  });

  it('copies what does not fit into one transaction in further ones', async () => {
    const many = Array.from({ length: 220 }, (_, number) => condition(`No. ${number}`));
    await writeRecords(ledger, doctor, many);
    const terms = termsWith();
    await grant(ledger, patient, phone, terms);
    expect(await copyRest(ledger, patient, terms)).toBe(1);
    // The share, 220 + 1 conditions, a visit and the name.
    expect(extracted(terms)).toHaveLength(1 + 220 + 1 + 1 + 1);
    expect(await copyRest(ledger, patient, terms)).toBe(0);
  });

  it('is followed by later records: new, amended, deleted, made sensitive', async () => {
    const terms = termsWith();
    await grant(ledger, patient, phone, terms);
    const later = condition('Migraine');
    const hidden = condition('Depression', ['PSY']);
    await writeRecords(ledger, doctor, [later, hidden]);
    expect(extracted(terms).join()).toContain('Migraine');
    expect(extracted(terms).join()).not.toContain('Depression');
    const resource = { ...later.resource, resourceType: 'Condition', code: { text: 'Cluster' } };
    await writeRecords(ledger, doctor, [amended(later, { resource })]);
    expect(extracted(terms).join()).toContain('Cluster');
    expect(extracted(terms).join()).not.toContain('Migraine');
    await writeRecords(ledger, doctor, [
      amended(later, { resource, labels: ['PSY'], ifVersion: 2 }),
    ]);
    expect(extracted(terms).join()).not.toContain('Cluster');
    await writeRecords(ledger, doctor, [amended(visit, { resource: null })]);
    expect(extracted(terms).join()).not.toContain('Sprained');
    expect(await copyRest(ledger, patient, terms)).toBe(0);
  });

  it('is read by the person it names only, when it names one', async () => {
    const terms = termsWith({ grantee: { mspId: INSURER, subjectId: agent.subjectId } });
    await grant(ledger, patient, phone, terms);
    const colleague = { ...agent, subjectId: idOf('Other Agent') };
    expect(await worklist(colleague)).toEqual([]);
    expect(await worklist(agent)).toHaveLength(1);
    await expect(readShared(colleague, terms, await open(colleague, terms))).rejects.toThrow(
      DENIED,
    );
  });
});

describe('the end of a consent', () => {
  it('takes everything from the extract at once when it is revoked', async () => {
    const terms = termsWith();
    await grant(ledger, patient, phone, terms);
    const permitId = await open(agent, terms);
    expect(await readShared(agent, terms, permitId)).toHaveLength(1);
    expect(await revoke(ledger, patient, phone, terms)).toEqual(CHANGED);
    expect(extracted(terms)).toEqual([]);
    expect(await worklist(agent)).toEqual([]);
    await expect(readShared(agent, terms, permitId)).rejects.toThrow(DENIED);
    await expect(revoke(ledger, patient, phone, terms)).rejects.toThrow('conflict: ');
    const call = {
      identity: patient,
      input: { patientId: PATIENT_ID, pageSize: 5 },
      nowMs: NOON_MS,
    };
    const { consents } = ListConsentsOutput.parse(await ledger.evaluate('consent:List', call));
    expect(consents).toMatchObject([{ terms, revoked: { subjectId: PATIENT_ID } }]);
  });

  it('ends reading by time, whatever is still there, and then it is swept away', async () => {
    const terms = termsWith({ untilMs: NOON_MS + HOUR_MS });
    await grant(ledger, patient, phone, terms);
    const end = NOON_MS + HOUR_MS;
    const permitId = await open(agent, terms, end - MINUTE_MS);
    expect(await readShared(agent, terms, permitId, { nowMs: end - 1 })).toHaveLength(1);
    await expect(readShared(agent, terms, permitId, { nowMs: end })).rejects.toThrow(DENIED);
    expect(await worklist(agent, end)).toEqual([]);
    const sweep = { identity: PEOPLE.ingest, input: { pageSize: 100 } };
    const ended = async (nowMs: number) =>
      ListEndedOutput.parse(await ledger.evaluate('consent:ListEnded', { ...sweep, nowMs })).ended;
    expect(await ended(end)).toEqual([]);
    const later = end + 6 * MINUTE_MS;
    for (const input of await ended(later)) {
      await ledger.submit('consent:Purge', { identity: PEOPLE.ingest, input, nowMs: later });
    }
    expect(extracted(terms)).toEqual([]);
    expect(await ended(later)).toEqual([]);
  });

  it('is not brought forward by a purge', async () => {
    const terms = termsWith();
    await grant(ledger, patient, phone, terms);
    const input = { shareId: terms.share?.shareId, places: [] };
    const call = { identity: administrator, input, nowMs: NOON_MS };
    await expect(ledger.submit('consent:Purge', call)).rejects.toThrow('conflict: ');
  });

  it('wins over a copy that is on its way', async () => {
    const terms = termsWith();
    await grant(ledger, patient, phone, terms);
    await writeRecords(ledger, doctor, [condition('First')]);
    const { consentId, patientId } = terms;
    ledger.privateData.delete(
      [...ledger.privateData.keys()].find((key) => key.includes('shared')) ?? '',
    );
    const attested = await attestConsent(ledger, patient, { kind: 'copy', consentId });
    const input = { patientId, consentId, copies: attested.copies, places: [] };
    const { claims, signatures } = attested;
    const attestation = { claims, signatures };
    const late = await ledger.endorse('consent:Copy', {
      ...{ identity: patient, input, attestation, nowMs: NOON_MS },
    });
    await revoke(ledger, patient, phone, terms);
    expect(ledger.commit(late)).toBe('MVCC_READ_CONFLICT');
    await expect(
      ledger.submit('consent:Copy', { identity: patient, input, attestation, nowMs: NOON_MS }),
    ).rejects.toThrow('conflict: The consent has ended.');
  });

  it('leaves what was not listed to a further purge, unreadable until then', async () => {
    const terms = termsWith();
    await grant(ledger, patient, phone, terms);
    const permitId = await open(agent, terms);
    await revoke(ledger, patient, phone, terms, { input: { places: [] } });
    expect(extracted(terms)).toHaveLength(3);
    await expect(readShared(agent, terms, permitId)).rejects.toThrow(DENIED);
    const call = { identity: administrator, input: { pageSize: 2 }, nowMs: NOON_MS };
    for (;;) {
      const { ended } = ListEndedOutput.parse(await ledger.evaluate('consent:ListEnded', call));
      if (ended.length === 0) break;
      for (const input of ended) await ledger.submit('consent:Purge', { ...call, input });
    }
    expect(extracted(terms)).toEqual([]);
  });
});

describe('a consent is not given', () => {
  const twin = (origin: string, kept?: { credentialId: string; privateKeyPem: string }) => {
    const device = new SoftwareAuthenticator({
      relyingPartyId: 'pulse.test',
      origin,
      ...(kept === undefined ? {} : { kept }),
    });
    device.setCounter(100);
    return device;
  };

  async function refusal(
    change: {
      readonly terms?: ConsentTerms;
      readonly device?: SoftwareAuthenticator;
      readonly identity?: Identity;
    } & Tampering,
  ): Promise<string> {
    const { terms = termsWith(), device = phone, identity = patient, ...tampering } = change;
    const code = await grant(ledger, identity, device, terms, tampering).then(
      () => 'granted',
      (error: unknown) => (error instanceof Error ? (error.message.split(': ')[0] ?? '') : ''),
    );
    expect(extracted(terms)).toEqual([]);
    return code;
  }

  it('without an assertion', async () => {
    expect(await refusal({ input: { assertion: undefined } })).toBe('invalid_input');
  });

  it('with a stolen assertion: for other terms, page or key, or used before', async () => {
    const other = ceremonyChallenge('grant', termsWith(), sha256);
    expect(await refusal({ challenge: other })).toBe('bad_assertion');
    expect(await refusal({ device: twin('https://evil.test', phone.keep()) })).toBe(
      'bad_assertion',
    );
    expect(await refusal({ device: passkey() })).toBe('bad_assertion');
    const { credentialId } = phone;
    const { privateKeyPem } = passkey().keep();
    const forged = twin(ORIGIN, { credentialId, privateKeyPem });
    expect(await refusal({ device: forged })).toBe('bad_assertion');
    const back = twin(ORIGIN, phone.keep());
    back.setCounter(0);
    expect(await refusal({ device: back })).toBe('bad_assertion');
  });

  it('twice: the same assertion again, or the same counter at the same time', async () => {
    const terms = termsWith();
    const before = await attestConsent(ledger, patient, { kind: 'grant', terms });
    const copied = twin(ORIGIN, phone.keep());
    phone.setCounter(100);
    expect(await grant(ledger, patient, phone, terms, { attested: before })).toEqual(CHANGED);
    const again = grant(ledger, patient, copied, terms, { attested: before });
    await expect(again).rejects.toThrow('conflict: ');
    const others = termsWith();
    copied.setCounter(100);
    const stale = await attestConsent(ledger, patient, { kind: 'grant', terms: others });
    await expect(grant(ledger, patient, copied, others, { attested: stale })).rejects.toThrow(
      'bad_assertion: ',
    );
  });

  it('by anybody but the patient: a doctor, another patient, an agent, an administrator', async () => {
    for (const identity of [doctor, agent, administrator, PEOPLE.medic]) {
      expect(await refusal({ identity })).toBe('access_denied');
    }
    const theirs = await firstPasskey(ledger, otherPatient);
    expect(await refusal({ identity: otherPatient, device: theirs })).toBe('access_denied');
    expect(await refusal({ identity: PEOPLE.guardian })).toBe('access_denied');
  });

  it('with an attestation that is old, of another person, for other terms, or tampered with', async () => {
    const terms = termsWith();
    const use = { kind: 'grant', terms } as const;
    const attested = await attestConsent(ledger, patient, use);
    const nowMs = NOON_MS + 61_000;
    expect(await refusal({ terms, attested, nowMs })).toBe('attestation_stale');
    const narrow = { ...terms, classes: ['encounter'] as const };
    expect(await refusal({ terms: narrow, attested })).toBe('bad_attestation');
    const tampered = {
      ...attested,
      claims: attested.claims.replace('"passkeys":[{', '"passkeys": [{'),
    };
    expect(await refusal({ terms, attested: tampered })).toBe('bad_attestation');
    const { HospitalMSP } = attested.signatures;
    const alone = { ...attested, signatures: { HospitalMSP, ClinicMSP: HospitalMSP } };
    expect(await refusal({ terms, attested: alone })).toBe('bad_attestation');
    const revoking = await attestConsent(ledger, patient, { kind: 'passkey' });
    expect(await refusal({ terms, attested: revoking })).toBe('bad_attestation');
  });

  it('with copies that nobody attested', async () => {
    const terms = termsWith();
    const attested = await attestConsent(ledger, patient, { kind: 'grant', terms });
    const [copy] = attested.copies;
    if (copy === undefined) throw new Error('nothing to copy');
    const forged = { ...copy, resource: { resourceType: 'Condition', code: { text: 'forged' } } };
    expect(await refusal({ terms, attested, input: { copies: [forged] } })).toBe('access_denied');
    const elsewhere = { ...copy, shareId: newId() };
    expect(await refusal({ terms, attested, input: { copies: [elsewhere] } })).toBe(
      'access_denied',
    );
  });

  it('on terms that make no sense', async () => {
    expect(await refusal({ terms: termsWith({ untilMs: null }) })).toBe('invalid_input');
    expect(await refusal({ terms: termsWith({ purposes: [...PURPOSES] }) })).toBe('invalid_input');
    expect(await refusal({ terms: termsWith({ untilMs: NOON_MS - DAY_MS }) })).toBe(
      'invalid_input',
    );
  });
});

describe('nobody reads without a consent', () => {
  it('not the agent with an id by chance, not the insurer’s administrator, not another insurer', async () => {
    const terms = termsWith();
    const permitId = await open(agent, terms);
    await expect(readShared(agent, terms, permitId)).rejects.toThrow(DENIED);
    await grant(ledger, patient, phone, terms);
    await expect(readShared(agent, terms, permitId)).rejects.toThrow(DENIED);
    const chief: Identity = { ...administrator, mspId: INSURER };
    await expect(worklist(chief)).rejects.toThrow(DENIED);
    await expect(readShared(chief, terms, permitId)).rejects.toThrow(DENIED);
    const rival: Identity = { ...agent, mspId: 'RivalMSP' };
    await expect(worklist(rival)).rejects.toThrow('wrong_organization_for_role: ');
    await expect(readShared(doctor, terms, permitId)).rejects.toThrow(DENIED);
  });

  it('not with the permit of a colleague', async () => {
    const terms = termsWith();
    await grant(ledger, patient, phone, terms);
    const permitId = await open(agent, terms);
    const colleague = { ...agent, subjectId: idOf('Other Agent') };
    await expect(readShared(colleague, terms, permitId)).rejects.toThrow('chart_closed: ');
  });

  it('not what the patient denies besides, from that moment on and until the deny ends', async () => {
    const terms = termsWith({ labels: ['HIV'] });
    await grant(ledger, patient, phone, terms);
    const permitId = await open(agent, terms);
    const deny = { effect: 'deny', share: null, purposes: 'all', untilMs: null } as const;
    const noHiv = termsWith({ ...deny, classes: 'all', labels: ['HIV'] });
    const noVisits = termsWith({ ...deny, classes: ['encounter'] });
    expect(extracted(terms).join()).toContain('"text":"HIV"');
    await grant(ledger, patient, phone, noHiv);
    expect(extracted(terms).join()).not.toContain('"text":"HIV"');
    await grant(ledger, patient, phone, noVisits);
    expect(await readShared(agent, terms, permitId)).toEqual([]);
    await writeRecords(ledger, doctor, [encounter('Denied visit'), condition('New', ['HIV'])]);
    expect(extracted(terms).join()).not.toMatch(/Denied|New/);
    expect(await copyRest(ledger, patient, terms)).toBe(0);
    await revoke(ledger, patient, phone, noVisits);
    expect(await copyRest(ledger, patient, terms)).toBe(1);
    expect(await readShared(agent, terms, permitId)).toHaveLength(2);
  });
});

describe('what a revoke needs', () => {
  it('is the patient’s own assertion for exactly this consent', async () => {
    const terms = termsWith();
    await grant(ledger, patient, phone, terms);
    const { consentId, patientId } = terms;
    const asGrant = ceremonyChallenge('grant', { consentId, patientId }, sha256);
    await expect(revoke(ledger, patient, phone, terms, { challenge: asGrant })).rejects.toThrow(
      'bad_assertion: ',
    );
    await expect(revoke(ledger, patient, passkey(), terms)).rejects.toThrow('bad_assertion: ');
    await expect(revoke(ledger, doctor, phone, terms)).rejects.toThrow(DENIED);
    const theirs = await firstPasskey(ledger, otherPatient);
    await expect(revoke(ledger, otherPatient, theirs, terms)).rejects.toThrow(DENIED);
    const unknown = { ...terms, consentId: newId() };
    await expect(revoke(ledger, patient, phone, unknown)).rejects.toThrow('not_found: ');
    const elsewhere = { ...terms, patientId: OTHER_PATIENT_ID };
    await expect(revoke(ledger, patient, phone, elsewhere)).rejects.toThrow();
    expect(extracted(terms)).toHaveLength(4);
    expect(await revoke(ledger, patient, phone, terms)).toEqual(CHANGED);
  });

  it('purges copies of its own share only', async () => {
    const [terms, kept] = [termsWith(), termsWith()];
    await grant(ledger, patient, phone, terms);
    await grant(ledger, patient, phone, kept);
    const use = { kind: 'revoke', consentId: kept.consentId } as const;
    const { purges } = await attestConsent(ledger, patient, use);
    const places = purges.flatMap((purge) => purge.places);
    expect(places).toHaveLength(3);
    await revoke(ledger, patient, phone, terms, { input: { places } });
    expect(extracted(kept)).toHaveLength(4);
  });
});

describe('what the insurer sees in the transactions', () => {
  it('has no key in common between two consents of one patient', async () => {
    const commit = ledger.commit.bind(ledger);
    let seen = new Set<string>();
    ledger.commit = (endorsement) => {
      const { reads, privateWrites, privateDeletes } = endorsement.stub;
      for (const keys of [reads.keys(), privateWrites.keys(), privateDeletes]) {
        for (const key of keys) seen.add(key);
      }
      return commit(endorsement);
    };
    const keysOf = async (work: () => Promise<unknown>): Promise<Set<string>> => {
      seen = new Set();
      await work();
      expect(seen.size).toBeGreaterThan(0);
      return seen;
    };
    const [first, second] = [termsWith(), termsWith()];
    const granted = await keysOf(() => grant(ledger, patient, phone, first));
    const other = await keysOf(() => grant(ledger, patient, phone, second));
    const written = await keysOf(() => writeRecords(ledger, doctor, [encounter('Second')]));
    const revoked = await keysOf(() => revoke(ledger, patient, phone, second));
    expect(granted.intersection(other)).toEqual(new Set());
    expect(granted.intersection(revoked)).toEqual(new Set());
    // A write that is copied reads the shares it is copied for, and nothing else of theirs.
    expect([...written].filter((key) => !key.includes('\u0000share'))).not.toContain(PATIENT_ID);
  });
});
