import {
  ChangeOutput,
  ConsentsAnswer,
  type ConsentTerms,
  EmergencyFindAnswer,
  EmergencyOpenAnswer,
  type RecordClass,
} from '@pulseledger/domain';
import { z } from 'zod';
import type { Login } from '../identity-services/logins.ts';
import { inParallel } from '../supervisor/seeding.ts';
import type { StoryPatient } from './cast.ts';
import { Phone, type PhoneShop, randomHex } from './phone.ts';
import { type StoryBundle, storyBundles } from './records.ts';
import { type ApiPlace, StoryApi } from './story-api.ts';

/** Visits that are written at once: what they wait for is mostly the next block. */
const AT_ONCE = 8;
const DAY_MS = 86_400_000;
/** The contract judges by the time of the transaction, which may be a little earlier. */
const EARLIER_MS = 60_000;
const SHARED_DAYS = 90;
const Stored = z.object({ resourceType: z.literal('Bundle') });
const Opened = z.object({ resourceType: z.string() });

/** Somebody of the cast as they live in this installation. */
export interface Member extends StoryPatient {
  readonly patientId: string;
  readonly index: number;
}

/** What those who can share share with the insurer. */
const SHARED: readonly (readonly RecordClass[])[] = [
  ['encounter', 'condition', 'medication', 'report'],
  ['encounter', 'procedure'],
  ['condition', 'medication'],
  ['encounter', 'report', 'result'],
];

/** What people do in the story, each thing through the API and as somebody who may. */
export class Deeds {
  readonly #apis = new Map<string, StoryApi>();
  readonly #phones = new Map<string, Promise<Phone>>();
  readonly #place: ApiPlace;
  readonly #logins: readonly Login[];
  readonly #shop: PhoneShop;

  constructor(place: ApiPlace, logins: readonly Login[], shop: PhoneShop) {
    this.#place = place;
    this.#logins = logins;
    this.#shop = shop;
  }

  /** Visits, problems, medications, allergies and results. Done again, it adds nothing. */
  async writeRecords(
    members: readonly Member[],
    { seed, weekStartMs, onProgress, signal }: RecordOptions,
  ): Promise<void> {
    const visits = members.flatMap((patient) => {
      const { patientId, index } = patient;
      const bundles = storyBundles({ patient, patientId, index, seed, weekStartMs });
      return bundles.map((one, place) => ({ ...one, index, place }));
    });
    // First everybody's first visit: two of one patient at once would be in each other's way.
    const work = visits.toSorted((a, b) => a.place - b.place);
    let done = 0;
    await inParallel(work, AT_ONCE, async (one) => {
      if (signal.aborted) return;
      await this.#write(one, `story:${String(seed)}:${String(one.index)}:${one.facility}`);
      done += 1;
      onProgress(done, work.length);
    });
  }

  /** A nurse looks at somebody's chart, as she does every morning. */
  async look({ patientId }: Member): Promise<void> {
    await this.#as('hospital-nurse').ask(`Patient/${patientId}`, Opened);
  }

  /** Each gets a passkey, or has one: it needs nothing of the record. */
  async providePhones(members: readonly Member[]): Promise<void> {
    await Promise.all(members.map(({ login = '' }) => this.#phoneOf(login)));
  }

  /** Patients share with the insurer, each by a passkey. What is shared already stays as it is. */
  async share(members: readonly Member[], nowMs: number): Promise<void> {
    const work = members.map(async ({ patientId, login = '' }, number) => {
      const patient = this.#as(login);
      const phone = await this.#phoneOf(login);
      const path = `patients/${patientId}/consents`;
      const { consents } = await patient.ask(path, ConsentsAnswer);
      if (consents.some(({ revoked }) => revoked === null)) return;
      const terms = insurerTerms(patientId, SHARED[number % SHARED.length] ?? [], nowMs);
      const body = { terms, assertion: phone.agree('grant', terms) };
      await patient.ask(path, ChangeOutput, { body });
    });
    await Promise.all(work);
  }

  /** Somebody is found unconscious; the ambulance opens the summary, and nobody has judged it yet. */
  async breakGlass({ basics: { family, birthDate }, patientId }: Member): Promise<void> {
    const medic = this.#as('ambulance-medic');
    const who = { family, birthDate };
    const { patients } = await medic.ask('emergency/find', EmergencyFindAnswer, { body: who });
    if (!patients.some((found) => found.patientId === patientId)) {
      throw new Error('The ambulance does not find the patient.');
    }
    const body = { patientId, reasonCode: 'unconscious', text: 'Found unconscious in the street' };
    await medic.ask('emergency/open', EmergencyOpenAnswer, { body });
  }

  async #write({ facility, bundle }: StoryBundle, key: string): Promise<void> {
    const doctor = this.#as(`${facility}-doctor`);
    const headers = { 'content-type': 'application/fhir+json', 'idempotency-key': key };
    await doctor.ask('', Stored, { body: bundle, headers });
  }

  #phoneOf(login: string): Promise<Phone> {
    const known = this.#phones.get(login);
    if (known !== undefined) return known;
    const phone = Phone.provide(this.#shop, this.#as(login), this.#administratorFor(login));
    this.#phones.set(login, phone);
    return phone;
  }

  #as(user: string): StoryApi {
    const known = this.#apis.get(user);
    if (known !== undefined) return known;
    const login = this.#logins.find((one) => one.user === user);
    if (login === undefined) throw new Error(`There is no test login ${user}.`);
    const api = new StoryApi(this.#place, login);
    this.#apis.set(user, api);
    return api;
  }

  /** Each organization invites its own people. */
  #administratorFor(user: string): StoryApi {
    const organization = this.#logins.find((one) => one.user === user)?.organization;
    return this.#as(organization === 'clinic' ? 'clinic-administrator' : 'administrator');
  }
}

export interface RecordOptions {
  readonly seed: number;
  readonly weekStartMs: number;
  readonly onProgress: (done: number, all: number) => void;
  readonly signal: AbortSignal;
}

function insurerTerms(
  patientId: string,
  classes: readonly RecordClass[],
  nowMs: number,
): ConsentTerms {
  return {
    ...{ v: 1, consentId: randomHex(), patientId, effect: 'permit' },
    grantee: { mspId: 'InsurerMSP', subjectId: null },
    ...{ classes: [...classes], labels: [], purposes: ['HPAYMT', 'COVAUTH'] },
    ...{ fromMs: nowMs - EARLIER_MS, untilMs: nowMs + SHARED_DAYS * DAY_MS },
    share: { shareId: randomHex(), aliasSaltHex: randomHex() },
    saltHex: randomHex(),
  };
}
