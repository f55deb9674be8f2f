import { createHash } from 'node:crypto';
import { certificateId } from './canonical-certificate.ts';
import { type Certificate, parseCertificate } from './certificate.ts';
import { certificationChain, type TrustAnchors } from './chain.ts';
import { Identity, type Role, type Standing } from './identity.ts';
import { isRevoked, type Revocations, readRevocations } from './revocation.ts';

/** How an MSP tells its roles apart: an organizational unit, perhaps only under one authority. */
export interface NodeUnit {
  readonly identifier: string;
  /** PEM of the authority that must have issued the certificate; undefined for any. */
  readonly certifier: string | undefined;
}

export type NodeUnits = Readonly<Record<Exclude<Role, 'member'>, NodeUnit>>;

/** An organization's MSP, as its folder describes it. All certificates are PEM. */
export interface MspConfiguration {
  readonly mspId: string;
  readonly roots: readonly string[];
  readonly intermediates: readonly string[];
  readonly revocationLists: readonly string[];
  readonly nodeUnits: NodeUnits;
}

/** A certificate that this MSP cannot even name. */
export class UnknownIdentityError extends Error {
  override readonly name = 'UnknownIdentityError';
}

/** What identifies a chain: SHA-256 over its certificates (msp/mspimpl.go getCertificationChainIdentifier). */
function chainId(chain: readonly Certificate[]): string {
  const hash = createHash('sha256');
  for (const certificate of chain) hash.update(certificate.x509.raw);
  return hash.digest('hex');
}

interface UnitRule {
  readonly role: Exclude<Role, 'member'>;
  readonly identifier: string;
  readonly certifierId: string | undefined;
}

const ROLES = ['client', 'peer', 'admin', 'orderer'] as const;

/** One organization's membership service provider, with NodeOUs, as Fabric's bccspmsp (msp/mspimpl.go). */
export class Msp {
  readonly mspId: string;
  readonly #anchors: TrustAnchors;
  readonly #units: readonly UnitRule[];
  readonly #revocations: Revocations;
  /** Authorities that have authorities below them: these issue no identities. */
  readonly #innerAuthorities: ReadonlySet<string>;

  /**
   * @throws Error when a certificate or revocation list cannot be read, or a certifier is not trusted.
   */
  constructor(configuration: MspConfiguration) {
    const anchors = {
      roots: configuration.roots.map(parseCertificate),
      intermediates: configuration.intermediates.map(parseCertificate),
    };
    this.mspId = configuration.mspId;
    this.#anchors = anchors;
    this.#revocations = readRevocations(configuration.revocationLists, [
      ...anchors.roots,
      ...anchors.intermediates,
    ]);
    this.#innerAuthorities = new Set(
      anchors.intermediates.flatMap((ca) =>
        (certificationChain(ca, anchors) ?? []).slice(1).map((c) => c.x509.fingerprint256),
      ),
    );
    this.#units = ROLES.map((role) => {
      const { identifier, certifier } = configuration.nodeUnits[role];
      return { role, identifier, certifierId: this.#certifierId(certifier) };
    });
  }

  /**
   * The identity of a PEM certificate.
   *
   * @throws UnknownIdentityError when it is no certificate, or no single chain leads to a root of this MSP.
   */
  identity(pem: Uint8Array): Identity {
    const certificate = this.#parse(pem);
    const chain = certificationChain(certificate, this.#anchors);
    const issuer = chain?.[1] ?? chain?.[0];
    if (chain === undefined || issuer === undefined) {
      throw new UnknownIdentityError(
        'the supplied identity is not valid: no chain to a trusted root',
      );
    }
    const id = certificateId(certificate.x509.raw, issuer.publicKey);
    return new Identity(this.mspId, id, certificate, this.#standing(certificate, chain));
  }

  #parse(pem: Uint8Array): Certificate {
    try {
      return parseCertificate(pem);
    } catch {
      throw new UnknownIdentityError('could not decode the PEM structure');
    }
  }

  #standing(certificate: Certificate, chain: readonly Certificate[]): Standing {
    const units = this.#units.filter((u) => certificate.organizationalUnits.includes(u.identifier));
    return {
      roles: new Set(units.map((unit) => unit.role)),
      refusal: this.#refuseChain(certificate, chain) ?? this.#refuseUnits(units, chain),
    };
  }

  #refuseChain(certificate: Certificate, chain: readonly Certificate[]): string | undefined {
    const issuer = chain[1];
    if (certificate.x509.ca || issuer === undefined) {
      return 'a certificate authority cannot be used as an identity';
    }
    if (this.#innerAuthorities.has(issuer.x509.fingerprint256)) {
      return 'Parent certificate should be a leaf of the certification tree';
    }
    if (isRevoked(this.#revocations, certificate, issuer)) {
      return 'The certificate has been revoked';
    }
    return undefined;
  }

  #refuseUnits(units: readonly UnitRule[], chain: readonly Certificate[]): string | undefined {
    const issued = chainId(chain.slice(1));
    if (units.some((u) => u.certifierId !== undefined && u.certifierId !== issued)) {
      return 'certifiersIdentifier does not match';
    }
    if (units.length === 1) return undefined;
    return units.length === 0
      ? 'the identity does not have an OU that resolves to client, peer, orderer, or admin role'
      : 'the identity must have a client, a peer, an orderer, or an admin OU role to be valid, not a combination of them';
  }

  #certifierId(certifier: string | undefined): string | undefined {
    if (certifier === undefined) return undefined;
    const chain = certificationChain(parseCertificate(certifier), this.#anchors);
    if (chain === undefined)
      throw new Error('A NodeOU names a certifier that the MSP does not trust.');
    return chainId(chain);
  }
}
