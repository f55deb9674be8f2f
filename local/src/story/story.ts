import { join } from 'node:path';
import { backfill, enrolmentAt, readSystemFile } from '@pulseledger/device-simulator';
import type { DataFolder } from '../supervisor/data-folder.ts';
import type { System } from '../supervisor/system.ts';
import { CAST, WARD } from './cast.ts';
import { Deeds, type Member } from './deeds.ts';
import {
  CHAPTERS,
  type Chapter,
  readStoryState,
  type StoryState,
  writeStoryState,
} from './story-state.ts';
import { type Part, secondsLeft } from './time-left.ts';

const DAYS = 7;
const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const EVERY_MS = 5 * 60_000;
const PATIENCE_MS = 300_000;
const SAY_MS = 4_000;
const ZONE = 'Europe/Paris';

export interface StoryOptions {
  readonly system: System;
  readonly folder: DataFolder;
  readonly seed: number;
  readonly say: (text: string) => void;
  readonly signal: AbortSignal;
}

/**
 * A week of two dozen patients, brought onto the ledger by the same ways as everything else: devices publish what
 * they have kept, people write, share and break the glass through the API. Told again, it finds itself there.
 */
export class Story {
  readonly #options: StoryOptions;
  readonly #file: string;
  readonly #startedMs = performance.now();
  #vitals: Part = { done: 0, all: 0 };
  #records: Part = { done: 0, all: 0 };
  #readings = 0;
  #state: StoryState | undefined;
  #saving: Promise<void> = Promise.resolve();

  constructor(options: StoryOptions) {
    this.#options = options;
    this.#file = join(options.folder.root, 'story.json');
  }

  /** @throws Error when something of it is refused; what is there stays, and the next start goes on */
  async tell(): Promise<void> {
    const { seed, say } = this.#options;
    const state = await readStoryState(this.#file, seed);
    this.#state = state;
    if (CHAPTERS.every((chapter) => state.done.includes(chapter))) {
      const told = new Date(state.toldAtMs).toISOString().slice(0, 16).replace('T', ' ');
      say(`The story is there: the week before ${told} UTC, seed ${String(state.seed)}.`);
      return;
    }
    const patients = String(CAST.length);
    say(`A week of ${patients} patients comes to the ledger, by devices and API.`);
    const timer = setInterval(() => {
      this.#sayProgress();
    }, SAY_MS);
    try {
      await Promise.all([this.#chapter('vitals', () => this.#tellVitals()), this.#people()]);
      await this.#saving;
    } finally {
      clearInterval(timer);
    }
    if (this.#isEnding()) return;
    const seconds = Math.round((performance.now() - this.#startedMs) / 1_000);
    say(
      `The story is told: ${count(this.#readings)} readings and ${count(this.#records.all)} visits in ${String(seconds)} s.`,
    );
  }

  async #people(): Promise<void> {
    const members = this.#members();
    const deeds = this.#deeds();
    const [first] = members;
    const sharing = members.filter(({ login }) => login !== undefined && login !== 'patient-ben');
    await Promise.all([
      this.#chapter('records', () => this.#tellRecords(deeds, members)),
      this.#told.done.includes('consents') ? undefined : deeds.providePhones(sharing),
    ]);
    await Promise.all([
      this.#chapter('emergency', async () => {
        if (first === undefined) return;
        await deeds.breakGlass(first);
        await deeds.look(first);
      }),
      this.#chapter('consents', () => deeds.share(sharing, Date.now())),
    ]);
  }

  async #chapter(chapter: Chapter, tell: () => Promise<void>): Promise<void> {
    if (this.#told.done.includes(chapter) || this.#isEnding()) return;
    await tell();
    if (this.#isEnding()) return;
    const state = { ...this.#told, done: [...this.#told.done, chapter] };
    this.#state = state;
    this.#saving = this.#saving.then(() => writeStoryState(this.#file, state));
    await this.#saving;
  }

  async #tellVitals(): Promise<void> {
    const { folder, signal } = this.#options;
    const system = await readSystemFile(folder.systemFile);
    const known = new Map(this.#members().map(({ patientId, index }) => [index, patientId]));
    const { pending, quarantined, committed } = await backfill({
      devices: CAST.length,
      seed: this.#told.seed,
      days: DAYS,
      everyMs: EVERY_MS,
      zone: ZONE,
      patients: [...known.values()],
      onTheWard: WARD,
      unwell: new Map([
        [1, 'tachycardia'],
        [3, 'desaturation'],
        [9, 'fever'],
      ]),
      enrol: enrolmentAt(system),
      folder: folder.storyFleet,
      patienceMs: PATIENCE_MS,
      signal,
      onProgress: ({ committed: so, handedOver, resumed }) => {
        this.#vitals = { done: so.chunks, all: handedOver.chunks + resumed.chunks };
      },
    });
    this.#readings = committed.readings;
    if (!signal.aborted && pending.chunks + quarantined.chunks > 0) {
      throw new Error(
        `${count(pending.chunks)} hours of vital signs are not on the ledger yet, and ${count(quarantined.chunks)} are quarantined.`,
      );
    }
  }

  async #tellRecords(deeds: Deeds, members: readonly Member[]): Promise<void> {
    const { toldAtMs, seed } = this.#told;
    await deeds.writeRecords(members, {
      seed,
      weekStartMs: Math.floor(toldAtMs / HOUR_MS) * HOUR_MS - DAYS * DAY_MS,
      signal: this.#options.signal,
      onProgress: (done, all) => {
        this.#records = { done, all };
      },
    });
  }

  #members(): Member[] {
    const { patients } = this.#options.system.people;
    return CAST.flatMap((one, index) => {
      const { family, given } = one.basics;
      const person = patients.find(
        ({ basics }) => basics.family === family && basics.given[0] === given[0],
      );
      return person === undefined ? [] : [{ ...one, patientId: person.patientId, index }];
    });
  }

  #deeds(): Deeds {
    const { system, folder } = this.#options;
    const { apiUrl, issuerUrl, pageUrl } = system.addresses;
    const caPem = system.installation.tlsCaPem;
    return new Deeds({ apiUrl, issuerUrl, caPem }, system.people.logins, {
      folder: folder.passkeys,
      pageUrl,
      caPem,
    });
  }

  #isEnding(): boolean {
    return this.#options.signal.aborted;
  }

  get #told(): StoryState {
    if (this.#state === undefined) throw new Error('The story has not begun.');
    return this.#state;
  }

  #sayProgress(): void {
    const seconds = (performance.now() - this.#startedMs) / 1_000;
    const left = secondsLeft([this.#vitals, this.#records], seconds);
    const [vitals, records] = [this.#vitals, this.#records].map(
      ({ done, all }) => `${count(done)} of ${all === 0 ? '…' : count(all)}`,
    );
    const time = left === undefined ? '' : `; about ${String(left)} s left`;
    this.#options.say(
      `${seconds.toFixed(1).padStart(6)} s  ${vitals ?? ''} hours of vital signs, ${records ?? ''} visits${time}`,
    );
  }
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}
