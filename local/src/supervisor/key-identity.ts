import { createHash, randomBytes } from 'node:crypto';
import { MSP_IDS, subjectCommitment } from '@pulseledger/domain';
import {
  createSignatory,
  fixedSignatory,
  type SignatorySource,
  type UserClaims,
} from '@pulseledger/ledger';
import { issueUser, MAX_USER_MINUTES, readAuthority } from '@pulseledger/network/identity';

/**
 * A person's identity straight from the installation's keys, without login or Secrets Manager: for setting
 * the system up, and for reading the ledger when nothing else of it is left.
 */
export async function personFromKeys(keys: string, claims: UserClaims): Promise<SignatorySource> {
  const { organization, role, subjectId } = claims;
  const saltHex = randomBytes(16).toString('hex');
  const certified = issueUser({
    issuer: await readAuthority(keys, organization, 'issuing'),
    role,
    subjectCommitment: subjectCommitment(subjectId, saltHex, sha256),
    minutes: MAX_USER_MINUTES,
  });
  const subject = { id: subjectId, saltHex };
  return fixedSignatory(createSignatory({ mspId: MSP_IDS[organization], ...certified, subject }));
}

function sha256(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest();
}
