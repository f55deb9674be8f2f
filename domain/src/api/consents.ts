import { z } from 'zod';
import { PasskeyAssertion } from '../consent/assertion.ts';
import { PasskeyRegistration } from '../consent/registration.ts';
import {
  ListConsentsOutput,
  ListPasskeysOutput,
  SharedPage,
  WorklistOutput,
} from '../consent/requests.ts';
import { ConsentTerms } from '../consent/terms.ts';
import { Identifier } from '../identifiers.ts';

/** Answer of `GET /patients/{id}/consents`. */
export type ConsentsAnswer = ListConsentsOutput;
export const ConsentsAnswer: z.ZodType<ConsentsAnswer> = ListConsentsOutput;

/** Body of `POST /patients/{id}/consents/preview`; the answer is {@link SharedAnswer}. */
export interface PreviewRequest {
  readonly terms: ConsentTerms;
}
export const PreviewRequest: z.ZodType<PreviewRequest> = z.strictObject({ terms: ConsentTerms });

/** Body of `POST /patients/{id}/consents`: the terms, and the passkey's assertion over exactly these (ceremony `grant`). */
export interface GrantRequest extends PreviewRequest {
  readonly assertion: PasskeyAssertion;
}
export const GrantRequest: z.ZodType<GrantRequest> = z.strictObject({
  terms: ConsentTerms,
  assertion: PasskeyAssertion,
});

/** Body of `POST /patients/{id}/consents/{consentId}/revoke` (ceremony `revoke`). */
export interface RevokeRequest {
  readonly assertion: PasskeyAssertion;
}
export const RevokeRequest: z.ZodType<RevokeRequest> = z.strictObject({
  assertion: PasskeyAssertion,
});

/** Answer of `GET /passkeys`: the caller's own. */
export type PasskeysAnswer = ListPasskeysOutput;
export const PasskeysAnswer: z.ZodType<PasskeysAnswer> = ListPasskeysOutput;

/** Body of `POST /passkeys`: the first one, by the code that an administrator handed over in person. */
export interface RegisterPasskeyRequest {
  /** Random; in the challenge. */
  readonly nonceHex: string;
  readonly registration: PasskeyRegistration;
  /** `invitation id.code`, as {@link InvitationAnswer} gives it. */
  readonly invitation: string;
}
export const RegisterPasskeyRequest: z.ZodType<RegisterPasskeyRequest> = z.strictObject({
  nonceHex: Identifier,
  registration: PasskeyRegistration,
  invitation: z.string().regex(/^[0-9a-f]{32}\.[0-9a-f]{32}$/),
});

/** Body of `POST /passkey-invitations`, by an administrator who has the person in front of them. */
export interface InvitationRequest {
  readonly subjectId: string;
  readonly kind: 'in-person' | 'recovery';
}
export const InvitationRequest: z.ZodType<InvitationRequest> = z.strictObject({
  subjectId: Identifier,
  kind: z.enum(['in-person', 'recovery']),
});

/** Its answer: to be handed over in person, and kept nowhere. */
export interface InvitationAnswer {
  readonly invitation: string;
}
export const InvitationAnswer: z.ZodType<InvitationAnswer> = z.object({ invitation: z.string() });

/** Answer of `GET /shares`: what is shared with the caller's organization, and until when. */
export type SharesAnswer = WorklistOutput;
export const SharesAnswer: z.ZodType<SharesAnswer> = WorklistOutput;

/** Answer of `GET /shares/{id}/records?class=`. */
export type SharedAnswer = SharedPage;
export const SharedAnswer: z.ZodType<SharedAnswer> = SharedPage;
