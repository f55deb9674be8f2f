/** A patient, a doctor and an insurer's agent on a network of their own, with a consent between them. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ConsentAttestOutput,
  type ConsentTerms,
  ceremonyChallenge,
  type Organization,
  type RecordWrite,
  type RevokeTerms,
  type Role,
} from '@pulseledger/domain';
import { SoftwareAuthenticator } from '@pulseledger/domain/software-authenticator';
import {
  AccessClient,
  ClinicalClient,
  ConsentClient,
  fixedSignatory,
  LedgerCalls,
  provideAttesters,
  type Signatory,
} from '@pulseledger/ledger';
import { startNetwork } from '../bench/start-network.ts';
import { LedgerWorld, randomId } from '../negative/support/ledger-world.ts';
import type { NetworkKind } from '../negative/support/system.ts';
import { startEmbeddedNetwork } from '../record-port/embedded-network.ts';

const RELYING_PARTY = { id: 'pulse.test', origins: ['https://app.pulse.test'] };
const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

function sha256(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest();
}

/** Somebody who is logged in. */
export interface Person {
  readonly organization: Organization;
  readonly role: Role;
  readonly subjectId: string;
  readonly signatory: Signatory;
  readonly calls: LedgerCalls;
  readonly consent: ConsentClient;
  readonly clinical: ClinicalClient;
}

/** A patient with a passkey. */
export interface PatientWithPasskey extends Person {
  readonly phone: SoftwareAuthenticator;
}

/** A network that can be stopped, looked at and started again. */
export class ConsentWorld {
  readonly kind: NetworkKind;
  readonly folder: string;
  #world: LedgerWorld | undefined;

  constructor(kind: NetworkKind, folder: string) {
    this.kind = kind;
    this.folder = folder;
  }

  /** A new network on which both providers attest and say where passkeys are used. */
  static async start(kind: NetworkKind): Promise<ConsentWorld> {
    const folder = await mkdtemp(join(tmpdir(), 'pulse-consent-'));
    const world = new ConsentWorld(kind, folder);
    await world.resume();
    for (const organization of ['hospital', 'clinic'] as const) {
      const { calls, consent, signatory } = await world.person(organization, 'administrator');
      const { mspId } = signatory;
      await provideAttesters([{ mspId, access: new AccessClient(calls) }], Date.now());
      await consent.setRelyingParty(RELYING_PARTY);
    }
    return world;
  }

  get ledger(): LedgerWorld {
    if (this.#world === undefined) throw new Error('the network is not running');
    return this.#world;
  }

  /** Starts the network on what its folder holds. */
  async resume(): Promise<void> {
    const network =
      this.kind === 'devnet'
        ? await startEmbeddedNetwork(this.folder)
        : await startNetwork(this.kind, this.folder);
    this.#world = new LedgerWorld(this.kind, this.folder, network);
  }

  /** Stops the network; its files stay. */
  async pause(): Promise<void> {
    const world = this.#world;
    this.#world = undefined;
    world?.close();
    await world?.network.stop();
  }

  async end(): Promise<void> {
    await this.pause();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** A login: a new certificate for the same or a new person. */
  async person(organization: Organization, role: Role, subjectId = randomId()): Promise<Person> {
    const signatory = await this.ledger.person({ organization, role, subjectId });
    const connection = this.ledger.connection(organization);
    const calls = new LedgerCalls({ connection, signatories: fixedSignatory(signatory) });
    const consent = new ConsentClient(calls);
    return {
      organization,
      role,
      subjectId,
      signatory,
      calls,
      consent,
      clinical: new ClinicalClient(calls),
    };
  }

  /** The same person with a new certificate, after the network was away. */
  async login<P extends Person>(person: P): Promise<P> {
    const { organization, subjectId, role } = person;
    return { ...person, ...(await this.person(organization, role, subjectId)) };
  }

  /** A patient of the hospital, treated by this doctor, with a passkey registered in person. */
  async patient(doctor: Person): Promise<PatientWithPasskey> {
    const patientId = randomId();
    const administrator = await this.person('hospital', 'administrator');
    const basics = {
      family: 'Tanaka',
      given: ['Yui'],
      birthDate: '1971',
      gender: 'female',
    } as const;
    const record = this.ledger.client(administrator.signatory);
    await record.registerPatient({ patientId, basics, saltHex: randomId() });
    const patient = await this.person('hospital', 'patient', patientId);
    await this.ledger.client(patient.signatory).setTreating({
      patientId,
      practitionerId: doctor.subjectId,
      mspId: doctor.signatory.mspId,
      fromMs: Date.now() - HOUR_MS,
      untilMs: null,
      saltHex: randomId(),
    });
    const phone = new SoftwareAuthenticator({
      relyingPartyId: RELYING_PARTY.id,
      origin: RELYING_PARTY.origins[0] ?? '',
    });
    await registerFirst(administrator, patient, phone);
    return { ...patient, phone };
  }
}

async function registerFirst(
  administrator: Person,
  { subjectId, consent }: Person,
  phone: SoftwareAuthenticator,
): Promise<void> {
  const [invitationId, code, nonceHex] = [randomId(), randomId(), randomId()];
  const codeDigestHex = createHash('sha256').update(code).digest('hex');
  await administrator.consent.invitePasskey({
    ...{ invitationId, subjectId, kind: 'in-person', codeDigestHex },
    saltHex: randomId(),
  });
  const registration = phone.register(
    ceremonyChallenge('passkey', { subjectId, nonceHex }, sha256),
  );
  const proof = { kind: 'in-person', invitation: { invitationId, code } } as const;
  await consent.registerPasskey(subjectId, { nonceHex, registration, proof, saltHex: randomId() });
}

/** Words that stand nowhere else. */
export function newSecret(): string {
  return `Sprained ankle ${randomBytes(15).toString('base64')}`;
}

/** A visit of a patient, as FHIR Encounter. */
export function visitOf(patientId: string, doctor: Person, text: string): RecordWrite {
  const recordId = randomId();
  const resource = {
    resourceType: 'Encounter',
    id: recordId,
    status: 'finished',
    class: { code: 'AMB' },
    subject: { reference: `Patient/${patientId}` },
    participant: [{ individual: { reference: `Practitioner/${doctor.subjectId}` } }],
    reasonCode: [{ text }],
  };
  const write = { recordClass: 'encounter', recordId, ifVersion: null, resource } as const;
  return { ...write, labels: [], saltHex: randomId() };
}

/** Terms with the insurer over visits, for a day from now. */
export function insurerTerms(patientId: string, change: Partial<ConsentTerms> = {}): ConsentTerms {
  // A clock that is a little ahead must not make the consent start later than its transaction.
  const fromMs = Date.now() - HOUR_MS;
  return {
    v: 1,
    consentId: randomId(),
    patientId,
    effect: 'permit',
    grantee: { mspId: 'InsurerMSP', subjectId: null },
    classes: ['encounter'],
    labels: [],
    purposes: ['HPAYMT'],
    fromMs,
    untilMs: fromMs + DAY_MS,
    share: { shareId: randomId(), aliasSaltHex: randomId() },
    saltHex: randomId(),
    ...change,
  };
}

/** The patient agrees to the terms. */
export async function grant(
  { phone, consent }: PatientWithPasskey,
  terms: ConsentTerms,
): Promise<void> {
  await consent.grant(terms, phone.assert(ceremonyChallenge('grant', terms, sha256)));
}

/** Both providers endorse the grant, and then it is given up: nothing is ordered. @returns their answer. */
export async function endorseOnly(
  { ledger }: ConsentWorld,
  { calls, phone, signatory }: PatientWithPasskey,
  terms: ConsentTerms,
): Promise<string> {
  const question = { patientId: terms.patientId, use: { kind: 'grant', terms } };
  const { attestation, answer } = await calls.attestor.attest(
    'consent:Attest',
    question,
    ConsentAttestOutput,
  );
  const assertion = phone.assert(ceremonyChallenge('grant', terms, sha256));
  const { copies, purges } = answer;
  const input = { terms, assertion, shareSaltHex: randomId(), copies, purges };
  const transient = { input: JSON.stringify(input), attestation: JSON.stringify(attestation) };
  return ledger.endorsed(signatory, 'consent:Grant', { transient });
}

/** The patient ends the consent. */
export async function revoke(
  { phone, consent }: PatientWithPasskey,
  { patientId, consentId }: ConsentTerms,
): Promise<void> {
  const content: RevokeTerms = { patientId, consentId };
  await consent.revoke(content, phone.assert(ceremonyChallenge('revoke', content, sha256)));
}

/** Texts of the visits that the agent reads. */
export async function readVisits({ consent }: Person, { share }: ConsentTerms): Promise<string> {
  const shareId = share?.shareId ?? '';
  const page = await consent.readShared({ shareId, recordClass: 'encounter', pageSize: 50 });
  return JSON.stringify(page.records.map(({ resource }) => resource));
}
