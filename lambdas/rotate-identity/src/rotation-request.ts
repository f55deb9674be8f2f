import { ORGANIZATIONS, type Organization } from '@pulseledger/domain';
import { z } from 'zod';

/**
 * What Secrets Manager invokes a rotation function with, once for each step
 * (https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotating-secrets-lambda-functions.html).
 */
export interface RotationRequest {
  readonly Step: 'createSecret' | 'setSecret' | 'testSecret' | 'finishSecret';
  /** ARN of the secret. */
  readonly SecretId: string;
  /** Id of the version that the rotation makes. */
  readonly ClientRequestToken: string;
}
export const RotationRequest: z.ZodType<RotationRequest> = z.object({
  Step: z.enum(['createSecret', 'setSecret', 'testSecret', 'finishSecret']),
  SecretId: z.string().min(1).max(2_048),
  ClientRequestToken: z.string().min(32).max(64),
});

/** Whose identity a secret holds. */
export interface ServiceOf {
  readonly service: 'ingest' | 'api';
  readonly organization: Organization;
}
const ServiceOf: z.ZodType<ServiceOf> = z.object({
  service: z.enum(['ingest', 'api']),
  organization: z.enum(ORGANIZATIONS),
});

/**
 * The service that `<prefix>/<service>/<organization>` belongs to.
 *
 * @returns undefined for every other secret: an authority's is never rotated here.
 */
export function serviceOf(name: string, prefix: string): ServiceOf | undefined {
  if (!name.startsWith(`${prefix}/`)) return undefined;
  const [service, organization, ...rest] = name.slice(prefix.length + 1).split('/');
  const parsed = ServiceOf.safeParse({ service, organization });
  return rest.length === 0 ? parsed.data : undefined;
}
