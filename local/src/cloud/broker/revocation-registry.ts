import type { X509Certificate } from 'node:crypto';
import { X509Certificate as Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { readRevocationList, revocationListEnd } from '@pulseledger/network/identity';

export interface DeviceAuthority {
  readonly certificatePem: string;
  readonly revocationListFile: string;
}

interface List {
  readonly serials: ReadonlySet<string>;
  readonly endMs: number;
}

interface Known {
  readonly authority: DeviceAuthority;
  readonly certificate: X509Certificate;
  /** Undefined when the list could not be read: then nobody of this authority gets in. */
  list: List | undefined;
  text: string | undefined;
  /** What `refresh` found last: did the list count? */
  counted: boolean;
}

/** Which device certificates no longer count, by the revocation lists of their authorities. */
export class RevocationRegistry {
  readonly #known: readonly Known[];
  readonly #now: () => number;

  constructor(authorities: readonly DeviceAuthority[], now: () => number = Date.now) {
    this.#now = now;
    this.#known = authorities.map((authority) => ({
      authority,
      certificate: new Certificate(authority.certificatePem),
      list: undefined,
      text: undefined,
      counted: false,
    }));
  }

  /** Reads the lists anew; true when any of them says something else than before, or has run out. */
  async refresh(): Promise<boolean> {
    const changes = await Promise.all(this.#known.map((known) => this.#refreshOne(known)));
    return changes.includes(true);
  }

  /** True also when it cannot be told: unknown authority, or its list missing, forged or out of date. */
  isRevoked(certificate: X509Certificate): boolean {
    const issuer = this.#known.find((known) => certificate.checkIssued(known.certificate));
    if (issuer?.list === undefined || !this.#counts(issuer)) return true;
    return issuer.list.serials.has(certificate.serialNumber.toLowerCase());
  }

  #counts({ list }: Known): boolean {
    return list !== undefined && this.#now() < list.endMs;
  }

  async #refreshOne(known: Known): Promise<boolean> {
    const { revocationListFile, certificatePem } = known.authority;
    const text = await readFile(revocationListFile, 'utf8').catch(() => undefined);
    const isSame = text !== undefined && text === known.text;
    if (!isSame) {
      known.text = text;
      known.list = text === undefined ? undefined : listIn(text, certificatePem);
    }
    const counts = this.#counts(known);
    const changed = !isSame || counts !== known.counted;
    known.counted = counts;
    return changed;
  }
}

function listIn(list: string, authorityPem: string): List | undefined {
  try {
    const revocations = readRevocationList(list, authorityPem);
    return {
      serials: new Set(revocations.map(({ serialNumber }) => serialNumber)),
      endMs: revocationListEnd(list, authorityPem).getTime(),
    };
  } catch {
    return undefined;
  }
}
