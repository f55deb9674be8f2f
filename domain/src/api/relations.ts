import { z } from 'zod';
import { RelationScopeSchema } from '../access/documents.ts';
import type { RelationScope } from '../access/question.ts';
import { ListRepresentativesOutput } from '../access/requests.ts';
import { ORGANIZATIONS, type Organization } from '../connection-profile.ts';
import { Identifier, MomentMs } from '../identifiers.ts';

/** Who treats a patient, or did, and for which organization. */
export interface TreatingLine {
  readonly practitionerId: string;
  /** As the directory has it; null for somebody who is not in it. */
  readonly name: string | null;
  readonly organization: Organization;
  readonly fromMs: number;
  /** Half-open; null = until it is ended. */
  readonly untilMs: number | null;
}

/** Answer of `GET /patients/{id}/treating`, live relations first. */
export interface TreatingAnswer {
  readonly relations: readonly TreatingLine[];
}
export const TreatingAnswer: z.ZodType<TreatingAnswer> = z.object({
  relations: z.array(
    z.object({
      practitionerId: Identifier,
      name: z.string().nullable(),
      organization: z.enum(ORGANIZATIONS),
      fromMs: MomentMs,
      untilMs: MomentMs.nullable(),
    }),
  ),
});

/**
 * Body of `PUT /patients/{id}/treating/{practitionerId}`: from now on. By the patient, or by an administrator of the
 * organization; never by the practitioner.
 */
export interface TreatingRequest {
  readonly organization: Organization;
  readonly untilMs: number | null;
}
export const TreatingRequest: z.ZodType<TreatingRequest> = z.strictObject({
  organization: z.enum(ORGANIZATIONS),
  untilMs: MomentMs.nullable(),
});

/** Answer of `GET /patients/{id}/representatives`. */
export type RepresentativesAnswer = ListRepresentativesOutput;
export const RepresentativesAnswer: z.ZodType<RepresentativesAnswer> = ListRepresentativesOutput;

/** Body of `PUT /patients/{id}/representatives/{representativeId}`: from now on. */
export interface RepresentativeRequest {
  /** A proxy is named by the patient; the guardian of a minor by an administrator. */
  readonly kind: 'guardian' | 'proxy';
  readonly scope: RelationScope;
  readonly untilMs: number | null;
}
export const RepresentativeRequest: z.ZodType<RepresentativeRequest> = z.strictObject({
  kind: z.enum(['guardian', 'proxy']),
  scope: RelationScopeSchema,
  untilMs: MomentMs.nullable(),
});
