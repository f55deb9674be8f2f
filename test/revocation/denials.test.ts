/** What the contract itself refuses, asked straight through the Gateway, with nothing of ours between. */
import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  ConsentAttestOutput,
  type ConsentTerms,
  type ConsentUse,
  ceremonyChallenge,
  type PasskeyAssertion,
  parseContractError,
  type SharedDocument,
} from '@pulseledger/domain';
import { SoftwareAuthenticator } from '@pulseledger/domain/software-authenticator';
import { randomId, wordsOf } from '../negative/support/ledger-world.ts';
import type { NetworkKind } from '../negative/support/system.ts';
import {
  ConsentWorld,
  grant,
  insurerTerms,
  newSecret,
  type PatientWithPasskey,
  type Person,
  readVisits,
  revoke,
  visitOf,
} from './consent-world.ts';

const LIMIT_MS = 240_000;
const PAUSE_MS = 100;
const TRIES = 300;

function sha256(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest();
}

interface Story {
  readonly world: ConsentWorld;
  readonly doctor: Person;
  readonly patient: PatientWithPasskey;
  readonly agent: Person;
}

async function begin(kind: NetworkKind): Promise<Story> {
  const world = await ConsentWorld.start(kind);
  const doctor = await world.person('hospital', 'doctor');
  const patient = await world.patient(doctor);
  const { subjectId: patientId } = patient;
  const visit = visitOf(patientId, doctor, newSecret());
  await doctor.clinical.writeRecords({ patientId, writes: [visit] });
  return { world, doctor, patient, agent: await world.person('insurer', 'insurance-agent') };
}

/** What both organizations attest to this person, as the client would be told. */
async function attested(
  { calls }: Person,
  patientId: string,
  use: ConsentUse,
): Promise<{ readonly attestation: string; readonly copies: readonly SharedDocument[] }> {
  const question = { patientId, use };
  const { attestation, answer } = await calls.attestor.attest(
    'consent:Attest',
    question,
    ConsentAttestOutput,
  );
  return { attestation: JSON.stringify(attestation), copies: answer.copies };
}

/** Endorses a grant with exactly this in it; the contract's answer. */
async function attempt(
  { world, patient }: Story,
  change: {
    readonly by?: Person;
    readonly terms?: ConsentTerms;
    readonly granted?: ConsentTerms;
    readonly assertion?: PasskeyAssertion | undefined;
  },
): Promise<string> {
  const { by = patient, terms = insurerTerms(patient.subjectId) } = change;
  const { attestation, copies } = await attested(by, terms.patientId, { kind: 'grant', terms });
  const assertion =
    'assertion' in change
      ? change.assertion
      : patient.phone.assert(ceremonyChallenge('grant', terms, sha256));
  const input = JSON.stringify({
    terms: change.granted ?? terms,
    ...{ assertion, shareSaltHex: randomId(), copies, purges: [] },
  });
  const transient = { input, attestation };
  return world.ledger.endorsed(by.signatory, 'consent:Grant', { transient, at: by.organization });
}

/** Evaluates at the person's own organization; `answered` or the contract's code. */
function evaluated({ world }: Story, by: Person, name: string, input: object): Promise<string> {
  const transient = { input: JSON.stringify(input) };
  return world.ledger.evaluated(by.signatory, name, { transient, at: by.organization });
}

function twin(phone: SoftwareAuthenticator, change: { origin?: string; counter: number }) {
  const device = new SoftwareAuthenticator({
    relyingPartyId: 'pulse.test',
    origin: change.origin ?? 'https://app.pulse.test',
    kept: phone.keep(),
  });
  device.setCounter(change.counter);
  return device;
}

function denialsOn(kind: NetworkKind): void {
  let story: Story;
  beforeAll(async () => {
    story = await begin(kind);
  }, LIMIT_MS);
  afterAll(() => story.world.end(), LIMIT_MS);

  const challenge = (terms: ConsentTerms) => ceremonyChallenge('grant', terms, sha256);
  const terms = () => insurerTerms(story.patient.subjectId);

  it('F2 endorses a consent with the patient’s own assertion, so that what follows is told from it', async () => {
    expect(await attempt(story, {})).toBe('answered');
  });

  it('F2 refuses a consent without an assertion', async () => {
    expect(await attempt(story, { assertion: undefined })).toBe('invalid_input');
  });

  it('F2 refuses a stolen assertion: for other terms, on another page, by another key, with an old counter', async () => {
    const { phone } = story.patient;
    const asked = terms();
    const stranger = new SoftwareAuthenticator({
      relyingPartyId: 'pulse.test',
      origin: 'https://app.pulse.test',
      kept: {
        ...new SoftwareAuthenticator({ relyingPartyId: 'pulse.test', origin: '' }).keep(),
        credentialId: phone.credentialId,
      },
    });
    const stolen: PasskeyAssertion[] = [
      phone.assert(challenge(terms())),
      twin(phone, { origin: 'https://evil.test', counter: 1_000 }).assert(challenge(asked)),
      stranger.assert(challenge(asked)),
      twin(phone, { counter: 0 }).assert(challenge(asked)),
    ];
    for (const assertion of stolen) {
      expect(await attempt(story, { terms: asked, assertion })).toBe('bad_assertion');
    }
  });

  it('F2 refuses terms that were widened after they were attested and agreed to', async () => {
    const asked = terms();
    const granted = { ...asked, classes: 'all' as const };
    expect(await attempt(story, { terms: asked, granted })).toBe('bad_attestation');
  });

  it('F2 refuses a consent by anybody else, whatever assertion they hold', async () => {
    const other = await story.world.patient(story.doctor);
    const asked = terms();
    const assertion = story.patient.phone.assert(challenge(asked));
    expect(await attempt(story, { by: other, terms: asked, assertion })).toBe('access_denied');
    const transient = { input: JSON.stringify({ terms: asked }) };
    const { ledger } = story.world;
    for (const by of [story.doctor, await story.world.person('hospital', 'administrator')]) {
      const outcome = await ledger.endorsed(by.signatory, 'consent:Grant', { transient });
      expect(outcome).toBe('access_denied');
    }
  });

  it('F2 refuses an insurer’s agent without a consent, and the insurer’s administrator with one', async () => {
    const { agent, patient } = story;
    const nothing = { shareId: randomId(), permitId: randomId(), recordClass: 'encounter' };
    const page = { ...nothing, pageSize: 5 };
    expect(await evaluated(story, agent, 'consent:ReadShared', page)).toBe('access_denied');
    const given = terms();
    await grant(patient, given);
    const chief = await story.world.person('insurer', 'administrator');
    const shareId = given.share?.shareId ?? '';
    const share = { ...page, shareId };
    expect(await evaluated(story, chief, 'consent:ReadShared', share)).toBe('access_denied');
    expect(await evaluated(story, chief, 'consent:Worklist', { pageSize: 5 })).toBe(
      'access_denied',
    );
    const doctor = await story.world.ledger.person({ organization: 'insurer', role: 'doctor' });
    const asDoctor = { ...agent, signatory: doctor };
    expect(await evaluated(story, asDoctor, 'consent:ReadShared', share)).toBe(
      'wrong_organization_for_role',
    );
    // With the consent, but without having opened the chart: there is no entry, so there is no reading.
    const outcome = await eventually(
      () => evaluated(story, agent, 'consent:ReadShared', share),
      'chart_closed',
    );
    expect(outcome).toBe('chart_closed');
  });

  it('F2 refuses what was just revoked: the reading, a copy on its way, and a second revoke', async () => {
    const { agent, patient, world } = story;
    const given = terms();
    await grant(patient, given);
    expect(await eventually(() => read(agent, given), 'answered')).toBe('answered');
    const { consentId, patientId } = given;
    const late = await attested(patient, patientId, { kind: 'copy', consentId });
    await revoke(patient, given);
    expect(await eventually(() => read(agent, given), 'access_denied')).toBe('access_denied');
    const input = JSON.stringify({ patientId, consentId, copies: [], places: [] });
    const transient = { input, attestation: late.attestation };
    const copy = await world.ledger.endorsed(patient.signatory, 'consent:Copy', { transient });
    expect(copy).toBe('conflict');
    const again = revoke(patient, given);
    await expect(again).rejects.toMatchObject({ code: 'conflict' });
  });

  it('F2 refuses what has expired, to the millisecond of the transaction’s time', async () => {
    const { agent, patient } = story;
    const untilMs = Date.now() + 12_000;
    const given = { ...terms(), untilMs };
    await grant(patient, given);
    expect(await eventually(() => read(agent, given), 'answered')).toBe('answered');
    await delay(Math.max(0, untilMs - Date.now()));
    expect(await read(agent, given)).toBe('access_denied');
  });
}

async function read(agent: Person, terms: ConsentTerms): Promise<string> {
  return readVisits(agent, terms).then(
    () => 'answered',
    (error: unknown) => {
      if (typeof error === 'object' && error !== null && 'code' in error) return String(error.code);
      return parseContractError(wordsOf(error))?.code ?? 'other';
    },
  );
}

/** The insurer's peer may be a block behind. */
async function eventually(ask: () => Promise<string>, wanted: string): Promise<string> {
  for (let tries = 0; ; tries += 1) {
    const outcome = await ask();
    if (outcome === wanted || tries === TRIES) return outcome;
    await delay(PAUSE_MS);
  }
}

describe('consents on the devnet', () => {
  denialsOn('devnet');
});

const onFabric = process.env['FABRIC_BIN'] === undefined ? describe.skip : describe;

onFabric('consents on native Fabric (skipped: FABRIC_BIN is not set)', () => {
  denialsOn('fabric');
});
