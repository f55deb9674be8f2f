import { createHash, randomBytes } from 'node:crypto';
import {
  MSP_IDS,
  type Organization,
  PulseError,
  ROLE_ORGANIZATIONS,
  type Role,
  SERVICE_ROLES,
  subjectCommitment,
} from '@pulseledger/domain';
import { issueUser, MAX_USER_MINUTES } from '@pulseledger/network/identity';
import type { IdentitySource, LedgerIdentity } from './identity-source.ts';
import { createSignatory, type Signatory, type SignatorySource } from './signatory.ts';

/**
 * A session is not handed out in its last two minutes: a peer that is shown an expired certificate does not only
 * refuse it, its gateway drops the connection to the endorsing peer (internal/pkg/gateway/apiutils.go).
 */
const RENEW_BEFORE_MS = 120_000;
const MAX_SESSIONS = 1_000;
const SALT_BYTES = 16;
const MINUTE_MS = 60_000;

/** Who logs in, as a checked access token says it. */
export interface UserClaims {
  readonly organization: Organization;
  readonly role: Role;
  /** Patient or practitioner id. */
  readonly subjectId: string;
}

/** Options of {@link UserSessions}. */
export interface UserSessionsOptions {
  readonly identities: IdentitySource;
  readonly now?: () => number;
}

interface Session {
  readonly signatory: Promise<Signatory>;
  readonly renewAtMs: number;
}

/**
 * Short-lived pseudonymous certificates of users, one a person at a time. A certificate names nobody: its attribute
 * `subject` is a salted commitment, and the contract learns who acts from its opening in transient data.
 * Keys and certificates live in this process's memory only, until shortly before they expire.
 */
export class UserSessions {
  readonly #identities: IdentitySource;
  readonly #now: () => number;
  readonly #sessions = new Map<string, Session>();

  constructor(options: UserSessionsOptions) {
    this.#identities = options.identities;
    this.#now = options.now ?? Date.now;
  }

  /**
   * The signatory of a person who is logged in; cheap to ask for on every request.
   * @throws PulseError `wrong_organization_for_role` when the organization does not give out that role.
   */
  open(claims: UserClaims): SignatorySource {
    const { organization, role, subjectId } = claims;
    if (SERVICE_ROLES.includes(role) || !ROLE_ORGANIZATIONS[role].includes(MSP_IDS[organization])) {
      throw new PulseError('wrong_organization_for_role');
    }
    const key = `${organization}/${role}/${subjectId}`;
    return {
      current: () => this.#current(key, claims),
      afterRefusal: (refused) => this.#afterRefusal(key, claims, refused),
    };
  }

  #current(key: string, claims: UserClaims): Promise<Signatory> {
    const known = this.#sessions.get(key);
    if (known !== undefined && this.#now() < known.renewAtMs) {
      return known.signatory;
    }
    return this.#begin(key, claims, this.#identities.issuingCa(claims.organization));
  }

  async #afterRefusal(
    key: string,
    claims: UserClaims,
    refused: Signatory,
  ): Promise<Signatory | undefined> {
    const known = await this.#sessions.get(key)?.signatory;
    if (known !== undefined && known !== refused) {
      return known;
    }
    const issuer = this.#identities.issuingCaAfterRefusal(claims.organization);
    return this.#begin(key, claims, issuer);
  }

  #begin(key: string, claims: UserClaims, issuer: Promise<LedgerIdentity>): Promise<Signatory> {
    this.#makeRoom();
    const signatory = issuer.then((identity) => issueFor(claims, identity));
    const renewAtMs = this.#now() + MAX_USER_MINUTES * MINUTE_MS - RENEW_BEFORE_MS;
    const session = { signatory, renewAtMs };
    this.#sessions.set(key, session);
    signatory.catch(() => {
      if (this.#sessions.get(key) === session) {
        this.#sessions.delete(key);
      }
    });
    return signatory;
  }

  #makeRoom(): void {
    for (const [key, session] of this.#sessions) {
      if (session.renewAtMs <= this.#now()) {
        this.#sessions.delete(key);
      }
    }
    const [oldest] = this.#sessions.keys();
    if (this.#sessions.size >= MAX_SESSIONS && oldest !== undefined) {
      this.#sessions.delete(oldest);
    }
  }
}

function issueFor(claims: UserClaims, issuingCa: LedgerIdentity): Signatory {
  const subject = { id: claims.subjectId, saltHex: randomBytes(SALT_BYTES).toString('hex') };
  const certified = issueUser({
    issuer: {
      certificatePem: issuingCa.certificatePem,
      privateKeyPem: issuingCa.privateKeyPem(),
    },
    role: claims.role,
    subjectCommitment: subjectCommitment(subject.id, subject.saltHex, sha256),
    minutes: MAX_USER_MINUTES,
  });
  return createSignatory({ mspId: issuingCa.mspId, ...certified, subject });
}

function sha256(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest();
}
