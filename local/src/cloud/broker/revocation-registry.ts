import type { X509Certificate } from 'node:crypto';
import { X509Certificate as Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { readRevocationList } from '@pulseledger/network/identity';

export interface DeviceAuthority {
  readonly certificatePem: string;
  readonly revocationListFile: string;
}

interface Known {
  readonly authority: DeviceAuthority;
  readonly certificate: X509Certificate;
  /** Undefined when the list could not be read: then nobody of this authority gets in. */
  serials: ReadonlySet<string> | undefined;
  text: string | undefined;
}

/** Which device certificates no longer count, by the revocation lists of their authorities. */
export class RevocationRegistry {
  readonly #known: readonly Known[];

  constructor(authorities: readonly DeviceAuthority[]) {
    this.#known = authorities.map((authority) => ({
      authority,
      certificate: new Certificate(authority.certificatePem),
      serials: undefined,
      text: undefined,
    }));
  }

  /** Reads the lists anew; true when any of them says something else than before. */
  async refresh(): Promise<boolean> {
    const changes = await Promise.all(this.#known.map((known) => refreshOne(known)));
    return changes.includes(true);
  }

  /** True also when it cannot be told: unknown authority, or its list missing or forged. */
  isRevoked(certificate: X509Certificate): boolean {
    const issuer = this.#known.find((known) => certificate.checkIssued(known.certificate));
    if (issuer?.serials === undefined) return true;
    return issuer.serials.has(certificate.serialNumber.toLowerCase());
  }
}

async function refreshOne(known: Known): Promise<boolean> {
  const text = await readFile(known.authority.revocationListFile, 'utf8').catch(() => undefined);
  if (text !== undefined && text === known.text) return false;
  const changed = text !== known.text || known.serials === undefined;
  known.text = text;
  known.serials = text === undefined ? undefined : serialsIn(text, known.authority.certificatePem);
  return changed;
}

function serialsIn(list: string, authorityPem: string): ReadonlySet<string> | undefined {
  try {
    return new Set(readRevocationList(list, authorityPem).map(({ serialNumber }) => serialNumber));
  } catch {
    return undefined;
  }
}
