import { randomBytes } from 'node:crypto';
import {
  ChangeOutput,
  ConsentAttestOutput,
  type ConsentTerms,
  type ConsentUse,
  CopyInput,
  GrantInput,
  InvitePasskeyInput,
  ListConsentsInput,
  ListConsentsOutput,
  ListCopiesInput,
  ListCopiesOutput,
  ListEndedInput,
  ListEndedOutput,
  ListPasskeysInput,
  ListPasskeysOutput,
  MAX_PURGED,
  type PasskeyAssertion,
  PreviewInput,
  PulseError,
  PurgeInput,
  ReadSharedInput,
  RegisterPasskeyInput,
  RelyingParty,
  RevokeInput,
  type RevokeTerms,
  SharedPage,
  WorklistInput,
  WorklistOutput,
} from '@pulseledger/domain';
import type { z } from 'zod';
import { decode, encode } from './coding.ts';
import { LedgerCalls, type LedgerCallsOptions } from './ledger-calls.ts';

/** Tries of a change whose attestation grew stale on the way. */
const TRIES = 3;
/** Transactions that copy or purge for one consent; beyond that something is wrong. */
const MAX_STEPS = 1_000;
const SALT_BYTES = 16;

/** A submitted function that goes by an attestation. */
interface Change<In> {
  readonly name: string;
  readonly schema: z.ZodType<In>;
  readonly input: In;
}

function saltHex(): string {
  return randomBytes(SALT_BYTES).toString('hex');
}

/** Passkeys, consents and what they share: contract `consent`. Every method throws PulseError only. */
export class ConsentClient {
  readonly calls: LedgerCalls;

  constructor(options: LedgerCallsOptions | LedgerCalls) {
    this.calls = options instanceof LedgerCalls ? options : new LedgerCalls(options);
  }

  /** `consent:SetRelyingParty`, by an administrator of each provider. */
  setRelyingParty(input: RelyingParty): Promise<ChangeOutput> {
    return this.calls.change('consent:SetRelyingParty', RelyingParty, input);
  }

  /** `consent:InvitePasskey`, by an administrator who has seen the person. */
  invitePasskey(input: InvitePasskeyInput): Promise<ChangeOutput> {
    return this.calls.change('consent:InvitePasskey', InvitePasskeyInput, input);
  }

  /** `consent:RegisterPasskey`, by the person. */
  registerPasskey(subjectId: string, input: RegisterPasskeyInput): Promise<ChangeOutput> {
    return this.#attested(subjectId, { kind: 'passkey' }, () => ({
      ...{ name: 'consent:RegisterPasskey', schema: RegisterPasskeyInput, input },
    }));
  }

  /** `consent:ListPasskeys`: the caller's own, and where they are used. */
  listPasskeys(): Promise<ListPasskeysOutput> {
    return this.calls.read('consent:ListPasskeys', ListPasskeysInput, {}, ListPasskeysOutput);
  }

  /**
   * `consent:Grant`, and as many `consent:Copy` as it takes.
   *
   * @param assertion - over the terms, ceremony `grant`.
   */
  async grant(terms: ConsentTerms, assertion: PasskeyAssertion): Promise<ChangeOutput> {
    const { patientId } = terms;
    const shareSaltHex = saltHex();
    const changed = await this.#attested(patientId, { kind: 'grant', terms }, (answer) => ({
      ...{ name: 'consent:Grant', schema: GrantInput },
      input: {
        ...{ terms, assertion, shareSaltHex },
        ...{ copies: answer.copies, purges: answer.purges },
      },
    }));
    if (terms.share !== null) await this.copy(terms);
    return changed;
  }

  /**
   * `consent:Copy` until `extract` has what the consent covers and nothing else: after a grant, and
   * after a deny has ended.
   */
  async copy({ patientId, consentId }: RevokeTerms): Promise<void> {
    for (let step = 0; step < MAX_STEPS; step += 1) {
      const changed = await this.#attested(patientId, { kind: 'copy', consentId }, (answer) => {
        const { copies, purges } = answer;
        const places = purges.flatMap((purge) => purge.places);
        if (copies.length + places.length === 0) return undefined;
        const input = { patientId, consentId, copies, places };
        return { name: 'consent:Copy', schema: CopyInput, input };
      });
      if (changed.status === 'unchanged') return;
    }
    throw new PulseError('too_costly', 'There is too much to copy.');
  }

  /**
   * `consent:Revoke`, and as many `consent:Purge` as it takes.
   *
   * @param assertion - over {@link RevokeTerms}, ceremony `revoke`.
   */
  async revoke(terms: RevokeTerms, assertion: PasskeyAssertion): Promise<ChangeOutput> {
    const { patientId, consentId } = terms;
    const changed = await this.#attested(patientId, { kind: 'revoke', consentId }, (answer) => ({
      ...{ name: 'consent:Revoke', schema: RevokeInput },
      input: {
        ...{ patientId, consentId, assertion },
        places: answer.purges.flatMap((purge) => purge.places),
      },
    }));
    for (let step = 0; step < MAX_STEPS; step += 1) {
      const { purge } = await this.listCopies({ patientId, consentId });
      if (purge === null || purge.places.length === 0) return changed;
      await this.purge(purge);
    }
    throw new PulseError('too_costly', 'There is too much to purge.');
  }

  /** `consent:Purge`: copies of a share that has ended. */
  purge(input: PurgeInput): Promise<ChangeOutput> {
    return this.calls.change('consent:Purge', PurgeInput, input);
  }

  /** `consent:ListEnded`, by a provider's administrator or service: what is to be purged. */
  listEnded(input: ListEndedInput): Promise<ListEndedOutput> {
    return this.calls.read('consent:ListEnded', ListEndedInput, input, ListEndedOutput);
  }

  /**
   * Purges what consents that ended by time have left in `extract`, by a provider's administrator or
   * service.
   *
   * @param giveUpAtMs - nothing more is begun after this moment.
   * @returns how many transactions that took.
   */
  async purgeEnded(giveUpAtMs: number = Number.POSITIVE_INFINITY): Promise<number> {
    for (let steps = 0; steps < MAX_STEPS; ) {
      const { ended } = await this.listEnded({ pageSize: MAX_PURGED });
      if (ended.length === 0) return steps;
      for (const purge of ended) {
        if (Date.now() >= giveUpAtMs) return steps;
        await this.purge(purge);
        steps += 1;
      }
    }
    throw new PulseError('too_costly', 'There is too much to purge.');
  }

  /** `consent:List`, by the patient or a representative. */
  listConsents(input: ListConsentsInput): Promise<ListConsentsOutput> {
    return this.calls.read('consent:List', ListConsentsInput, input, ListConsentsOutput);
  }

  /** `consent:ListCopies`, by the patient or a representative. */
  listCopies(input: ListCopiesInput): Promise<ListCopiesOutput> {
    return this.calls.read('consent:ListCopies', ListCopiesInput, input, ListCopiesOutput);
  }

  /** `consent:Preview`, by the patient or a representative: what the insurer would see. */
  preview(input: PreviewInput): Promise<SharedPage> {
    return this.calls.read('consent:Preview', PreviewInput, input, SharedPage);
  }

  /** `consent:Worklist`, by an insurer's agent: what is shared and until when. */
  worklist(input: WorklistInput): Promise<WorklistOutput> {
    return this.calls.read('consent:Worklist', WorklistInput, input, WorklistOutput);
  }

  /** `consent:ReadShared`, by an insurer's agent; the share is opened when it is not. */
  readShared(
    input: Omit<ReadSharedInput, 'permitId'> & { readonly permitId?: string | undefined },
  ): Promise<SharedPage> {
    const { shareId, recordClass } = input;
    return this.calls.readOpened('consent:ReadShared', {
      ...{ schema: ReadSharedInput, output: SharedPage, owner: { shareId }, recordClass },
      permitId: input.permitId,
      input: (permitId: string) => ({ ...input, permitId }),
    });
  }

  /** Submits a change with what both organizations attest about it; what grew stale is asked for anew; nothing is submitted without a change. */
  async #attested<In>(
    patientId: string,
    use: ConsentUse,
    changeOf: (answer: ConsentAttestOutput) => Change<In> | undefined,
  ): Promise<ChangeOutput> {
    for (let tries = 1; ; tries += 1) {
      const { attestation, answer } = await this.calls.attestor.attest(
        'consent:Attest',
        { patientId, use },
        ConsentAttestOutput,
      );
      const change = changeOf(answer);
      if (change === undefined) return { status: 'unchanged' };
      const { name, schema, input } = change;
      const transient = {
        input: encode(schema, input),
        attestation: JSON.stringify(attestation),
      };
      try {
        return decode(ChangeOutput, await this.calls.submitTransaction({ name, transient }));
      } catch (error) {
        const isStale = error instanceof PulseError && error.code === 'attestation_stale';
        if (!isStale || tries === TRIES) throw error;
      }
    }
  }
}
