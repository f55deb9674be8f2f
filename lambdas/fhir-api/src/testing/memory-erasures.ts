/** Requests for erasure in memory, with the contract's state machine in short. */
import { randomBytes } from 'node:crypto';
import { type Erasure, MSP_IDS, PulseError } from '@pulseledger/domain';
import type { ErasurePort } from '../record/erasure-port.ts';
import type { Caller } from '../smart/token.ts';
import type { MemoryClinical } from './memory-clinical.ts';

export class MemoryErasures {
  readonly #clinical: MemoryClinical;
  readonly #now: () => number;
  readonly #requests = new Map<string, Erasure & { readonly patientId: string }>();

  constructor(clinical: MemoryClinical, now: () => number) {
    this.#clinical = clinical;
    this.#now = now;
  }

  #one(patientId: string, requestId: string): Erasure & { readonly patientId: string } {
    const erasure = this.#requests.get(requestId);
    if (erasure?.patientId !== patientId) throw new PulseError('not_found');
    return erasure;
  }

  as(caller: Caller): ErasurePort {
    const isSelf = (patientId: string): boolean =>
      caller.role === 'patient' && caller.subjectId === patientId;
    const require = (isAllowed: boolean): void => {
      if (!isAllowed) throw new PulseError('access_denied');
    };
    const isAdministrator = caller.role === 'administrator';
    return {
      requestErasure: async (patientId, scope) => {
        require(isSelf(patientId));
        const requestId = randomBytes(16).toString('hex');
        const asked = { requestedBy: caller.subjectId, requestedAtMs: this.#now() };
        const nothing = { purgedKeys: 0, digestHex: '0'.repeat(64), destroyedAtMs: null };
        this.#requests.set(requestId, {
          ...{ patientId, requestId, scope, state: 'requested', answers: [] },
          ...{ ...asked, ...nothing },
        });
        return Promise.resolve(requestId);
      },
      answerErasure: async ({ patientId, requestId, refusal, retainUntilMs }) => {
        require(isAdministrator);
        const erasure = this.#one(patientId, requestId);
        if (erasure.state !== 'requested') throw new PulseError('conflict');
        const by = { mspId: MSP_IDS[caller.organization], answeredBy: caller.subjectId };
        const answers = [{ ...by, atMs: this.#now(), refusal, retainUntilMs }];
        const state = refusal === null ? 'restricted' : 'refused';
        this.#requests.set(requestId, { ...erasure, answers, state });
        return Promise.resolve({ status: 'changed' });
      },
      readErasures: async (patientId) => {
        if (!isSelf(patientId) && !isAdministrator) throw new PulseError('not_found');
        const all = [...this.#requests.values()].filter((one) => one.patientId === patientId);
        return Promise.resolve({ erasures: all });
      },
      listErasures: async () => {
        require(isAdministrator);
        const waiting = [...this.#requests.values()].filter(({ state }) => state === 'requested');
        return Promise.resolve({ erasures: waiting });
      },
      eraseStep: async ({ patientId, requestId }) => {
        const erasure = this.#one(patientId, requestId);
        require(isAdministrator || (isSelf(patientId) && erasure.scope === 'wearable'));
        const ends = erasure.answers.map(({ retainUntilMs }) => retainUntilMs);
        const isDue = erasure.scope === 'wearable' || Math.max(...ends) <= this.#now();
        if (!isDue || erasure.state === 'refused') throw new PulseError('conflict');
        const keys = this.#clinical.eraseRecords(patientId);
        const done = keys === 0 ? { destroyedAtMs: this.#now(), state: 'destroyed' as const } : {};
        const purgedKeys = erasure.purgedKeys + keys;
        this.#requests.set(requestId, { ...erasure, purgedKeys, ...done });
        return Promise.resolve(keys);
      },
    };
  }
}
