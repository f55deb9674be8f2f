import type {
  ChangeOutput,
  ConsentTerms,
  InvitePasskeyInput,
  ListConsentsInput,
  ListConsentsOutput,
  ListPasskeysOutput,
  PasskeyAssertion,
  PreviewInput,
  ReadSharedInput,
  RegisterPasskeyInput,
  RevokeTerms,
  SharedPage,
  WorklistInput,
  WorklistOutput,
} from '@pulseledger/domain';
import { conceal } from './chart.ts';

/**
 * Passkeys, consents and what they share. The ledger's client has this shape; each method is the contract function of the
 * same name and decides itself whether the caller may. All throw PulseError.
 */
export interface ConsentPort {
  invitePasskey(input: InvitePasskeyInput): Promise<ChangeOutput>;
  registerPasskey(subjectId: string, input: RegisterPasskeyInput): Promise<ChangeOutput>;
  listPasskeys(): Promise<ListPasskeysOutput>;
  listConsents(input: ListConsentsInput): Promise<ListConsentsOutput>;
  preview(input: PreviewInput): Promise<SharedPage>;
  grant(terms: ConsentTerms, assertion: PasskeyAssertion): Promise<ChangeOutput>;
  revoke(terms: RevokeTerms, assertion: PasskeyAssertion): Promise<ChangeOutput>;
  worklist(input: WorklistInput): Promise<WorklistOutput>;
  readShared(input: Omit<ReadSharedInput, 'permitId'>): Promise<SharedPage>;
}

/** The same, where what may not be read looks like what does not exist; who may not act is told so. */
export function concealingConsents(port: ConsentPort): ConsentPort {
  return {
    invitePasskey: (input) => port.invitePasskey(input),
    registerPasskey: (subjectId, input) => port.registerPasskey(subjectId, input),
    listPasskeys: () => port.listPasskeys(),
    listConsents: (input) => conceal(port.listConsents(input)),
    preview: (input) => conceal(port.preview(input)),
    grant: (terms, assertion) => port.grant(terms, assertion),
    revoke: (terms, assertion) => conceal(port.revoke(terms, assertion)),
    worklist: (input) => port.worklist(input),
    readShared: (input) => conceal(port.readShared(input)),
  };
}
