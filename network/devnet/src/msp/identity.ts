import { type Certificate } from './certificate.ts';
import { refuseSignature } from './ecdsa.ts';

/** Roles of Fabric's policy language (msp/msp_principal.proto MSPRole). */
export type Role = 'member' | 'admin' | 'client' | 'peer' | 'orderer';

/** Who satisfies a policy's leaf: anybody of an organization with that role. */
export interface Principal {
  readonly mspId: string;
  readonly role: Role;
}

/** What an MSP found out about a certificate when it first saw it. */
export interface Standing {
  /** Why the certificate is no valid identity of its MSP; undefined when it is one. */
  readonly refusal: string | undefined;
  /** Roles that the certificate's units name, valid or not. */
  readonly roles: ReadonlySet<Role>;
}

/** An identity of an MSP: a certificate with a chain to the MSP's roots. Not yet a valid one. */
export class Identity {
  readonly mspId: string;
  /** Same for every encoding of the same certificate. */
  readonly id: string;
  readonly certificate: Certificate;
  readonly #standing: Standing;
  /** Signatures that held, by message object: a proposal passes several checks in one process. */
  readonly #verified = new WeakMap<Uint8Array, Uint8Array>();

  constructor(mspId: string, id: string, certificate: Certificate, standing: Standing) {
    this.mspId = mspId;
    this.id = id;
    this.certificate = certificate;
    this.#standing = standing;
  }

  /** Why the MSP does not take this identity, or undefined when it does. */
  refuse(): string | undefined {
    return this.#standing.refusal;
  }

  isExpiredAt(timeMs: number): boolean {
    return timeMs > this.certificate.notAfterMs;
  }

  satisfies(principal: Principal): boolean {
    if (principal.mspId !== this.mspId) return false;
    if (this.#standing.refusal !== undefined) return false;
    return principal.role === 'member' || this.#standing.roles.has(principal.role);
  }

  /** Why a signature of this identity over a message is refused, or undefined when it holds. */
  refuseSignature(message: Uint8Array, signature: Uint8Array): string | undefined {
    const known = this.#verified.get(message);
    if (known !== undefined && Buffer.compare(known, signature) === 0) return undefined;
    const refusal = refuseSignature(this.certificate.publicKey, message, signature);
    if (refusal === undefined) this.#verified.set(message, signature);
    return refusal;
  }
}
