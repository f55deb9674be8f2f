import {
  Identifier,
  MSP_IDS,
  ORGANIZATIONS,
  type Organization,
  ROLE_ORGANIZATIONS,
  USER_ROLES,
} from '@pulseledger/domain';
import type { PreTokenGenerationV2TriggerEvent } from 'aws-lambda';
import { z } from 'zod';

type UserRole = (typeof USER_ROLES)[number];

/** What an administrator wrote into the user pool; users cannot change it. */
const Attributes = z.object({
  'custom:org': z.enum(ORGANIZATIONS),
  'custom:role': z.enum(USER_ROLES),
  'custom:subject_id': Identifier,
});

/** The group of the user pool whose members have this role at this organization, e.g. `hospital-doctor`. */
export function groupName(organization: Organization, role: UserRole): string {
  return `${organization}-${role}`;
}

/**
 * Writes organization, role and record id into the access token, which the API reads. The group must say the
 * same as the attributes, so that two administrators' actions make a doctor, not one.
 *
 * @throws Error without personal data: no token is issued then.
 */
export function withClaims(
  event: PreTokenGenerationV2TriggerEvent,
): PreTokenGenerationV2TriggerEvent {
  const attributes = Attributes.safeParse(event.request.userAttributes);
  if (!attributes.success) throw new Error('the account has no organization, role or record id');
  const {
    'custom:org': org,
    'custom:role': role,
    'custom:subject_id': subjectId,
  } = attributes.data;
  if (!ROLE_ORGANIZATIONS[role].includes(MSP_IDS[org])) {
    throw new Error('the organization does not have this role');
  }
  const groups = event.request.groupConfiguration.groupsToOverride ?? [];
  if (!groups.includes(groupName(org, role))) {
    throw new Error('the account is not in the group of its role');
  }
  return {
    ...event,
    response: {
      claimsAndScopeOverrideDetails: {
        accessTokenGeneration: {
          claimsToAddOrOverride: { org, role, subject_id: subjectId },
        },
      },
    },
  };
}
