import {
  PulseError,
  ROLE_ORGANIZATIONS,
  ROLES,
  type Role,
  SERVICE_ROLES,
  SubjectOpening,
  subjectCommitment,
} from '@pulseledger/domain';
import { sha256 } from '../crypto.ts';
import type { LedgerContext } from '../transaction/ledger-context.ts';
import { jsonField } from '../transaction/transient.ts';

/** Who calls, as the certificate says. */
export interface Caller {
  readonly mspId: string;
  readonly role: Role;
  /** The person's id; undefined for a service. */
  readonly subjectId: string | undefined;
}

function roleOf({ clientIdentity }: LedgerContext): Role {
  const text = clientIdentity.getAttributeValue('role');
  const role = ROLES.find((known) => known === text);
  if (role === undefined) {
    throw new PulseError('access_denied', 'The certificate has no known role.');
  }
  if (!ROLE_ORGANIZATIONS[role].includes(clientIdentity.getMSPID())) {
    throw new PulseError('wrong_organization_for_role');
  }
  return role;
}

/**
 * The person behind a pseudonymous certificate: the commitment in the certificate is opened in
 * transient data, so that neither certificate nor transaction says who it is.
 */
function subjectOf({ clientIdentity, stub }: LedgerContext): string {
  const commitment = clientIdentity.getAttributeValue('subject');
  if (commitment === null) {
    throw new PulseError('access_denied', 'The certificate has no subject.');
  }
  const { id, saltHex } = jsonField(stub, 'subject', SubjectOpening);
  if (subjectCommitment(id, saltHex, sha256) !== commitment) {
    throw new PulseError('subject_commitment_mismatch');
  }
  return id;
}

/**
 * Who calls.
 *
 * @throws PulseError `access_denied`, `wrong_organization_for_role`, `subject_commitment_mismatch`.
 */
export function identify(context: LedgerContext): Caller {
  const role = roleOf(context);
  const subjectId = SERVICE_ROLES.includes(role) ? undefined : subjectOf(context);
  return { mspId: context.clientIdentity.getMSPID(), role, subjectId };
}
