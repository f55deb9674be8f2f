import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import {
  type Attestation,
  type AttestInput,
  AttestOutput,
  Claims,
  MSP_IDS,
  PulseError,
  parseJsonInput,
} from '@pulseledger/domain';
import type { z } from 'zod';
import { decode } from './coding.ts';
import type { Evaluator } from './evaluator.ts';
import { waitMs } from './retry.ts';

/** Tries until both organizations agree: one of them may be a block behind. */
const TRIES = 5;

const NONCE_BYTES = 16;

/** What one organization answers at least. */
export interface SignedClaims {
  readonly claims: string;
  readonly signature: string;
}

/** The same claims signed by both providers, with what each answered besides. */
export interface Attested<Answer> {
  readonly attestation: Attestation;
  /** The hospital's answer; the clinic's has the same claims. */
  readonly answer: Answer;
}

/** What is asked, without the moment and the nonce, which the attestor adds. */
export type AccessRequest = Omit<AttestInput, 'atMs' | 'nonceHex'>;

/** A decision about access, and its proof for a submitted function. */
export interface AttestedAccess {
  readonly attestation: Attestation;
  readonly claims: Claims;
}

/** Options of {@link Attestor}. */
export interface AttestorOptions {
  readonly evaluator: Evaluator;
  readonly now?: (() => number) | undefined;
  readonly sleep?: ((ms: number) => Promise<void>) | undefined;
}

/**
 * Asks both providers, side by side and about the same moment, to decide from their own state and to sign the decision.
 * A submitted function then verifies the two signatures instead of reading keys that would tell whom it is about.
 */
export class Attestor {
  readonly #evaluator: Evaluator;
  readonly #now: () => number;
  readonly #sleep: (ms: number) => Promise<void>;

  constructor({ evaluator, now, sleep }: AttestorOptions) {
    this.#evaluator = evaluator;
    this.#now = now ?? Date.now;
    this.#sleep = sleep ?? delay;
  }

  /**
   * `access:Attest`.
   *
   * @throws PulseError `conflict` when the two go on deciding differently; what either of them throws.
   */
  async access(request: AccessRequest): Promise<AttestedAccess> {
    const { attestation } = await this.attest('access:Attest', request, AttestOutput);
    return { attestation, claims: parseJsonInput(Claims, attestation.claims) };
  }

  /**
   * Any evaluated function that signs claims: its input is `{attesterMspId, question}`.
   *
   * @param question - gets `atMs` and `nonceHex`.
   */
  async attest<Answer extends SignedClaims>(
    name: string,
    question: object,
    schema: z.ZodType<Answer>,
  ): Promise<Attested<Answer>> {
    for (let tries = 1; ; tries += 1) {
      const nonceHex = randomBytes(NONCE_BYTES).toString('hex');
      const asked = { ...question, atMs: this.#now(), nonceHex };
      const [hospital, clinic] = await Promise.all([
        this.#ask(name, MSP_IDS.hospital, asked, schema),
        this.#ask(name, MSP_IDS.clinic, asked, schema),
      ]);
      if (hospital.claims === clinic.claims) {
        const signatures = { HospitalMSP: hospital.signature, ClinicMSP: clinic.signature };
        return { attestation: { claims: hospital.claims, signatures }, answer: hospital };
      }
      if (tries === TRIES) {
        throw new PulseError('conflict', 'The organizations do not decide alike.');
      }
      await this.#sleep(waitMs(tries, 1));
    }
  }

  async #ask<Answer>(
    name: string,
    attesterMspId: string,
    question: object,
    schema: z.ZodType<Answer>,
  ): Promise<Answer> {
    const input = JSON.stringify({ attesterMspId, question });
    const transaction = { name, transient: { input } };
    return decode(schema, await this.#evaluator.evaluate(transaction, attesterMspId));
  }
}
