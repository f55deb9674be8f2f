import type { Certificate } from './certificate.ts';

/** Certificates that an MSP trusts. */
export interface TrustAnchors {
  readonly roots: readonly Certificate[];
  readonly intermediates: readonly Certificate[];
}

const SERVER_AUTHENTICATION = '1.3.6.1.5.5.7.3.1';
const ANY_USAGE = '2.5.29.37.0';
/** No organization nests its authorities deeper; it also bounds the search. */
const MAX_CHAIN_LENGTH = 6;

function isValidAt(certificate: Certificate, timeMs: number): boolean {
  return certificate.notBeforeMs <= timeMs && timeMs <= certificate.notAfterMs;
}

/** Go's verification asks for "server authentication" when no usage is asked for, and Fabric asks for none. */
function allowsUsage(certificate: Certificate): boolean {
  const usages = certificate.extendedKeyUsages;
  return (
    usages.length === 0 || usages.includes(SERVER_AUTHENTICATION) || usages.includes(ANY_USAGE)
  );
}

function issued(child: Certificate, parent: Certificate, timeMs: number): boolean {
  return (
    parent.x509.ca &&
    isValidAt(parent, timeMs) &&
    child.x509.checkIssued(parent.x509) &&
    child.x509.verify(parent.publicKey.key)
  );
}

function same(a: Certificate, b: Certificate): boolean {
  return a.x509.raw.equals(b.x509.raw);
}

function extend(
  chain: readonly Certificate[],
  anchors: TrustAnchors,
  timeMs: number,
): readonly (readonly Certificate[])[] {
  const last = chain.at(-1);
  if (last === undefined || chain.length >= MAX_CHAIN_LENGTH) return [];
  const fresh = (candidate: Certificate): boolean => !chain.some((c) => same(c, candidate));
  const ends = anchors.roots
    .filter((root) => fresh(root) && issued(last, root, timeMs))
    .map((root) => [...chain, root]);
  const longer = anchors.intermediates
    .filter((ca) => fresh(ca) && issued(last, ca, timeMs))
    .flatMap((ca) => extend([...chain, ca], anchors, timeMs));
  return [...ends, ...longer];
}

/**
 * The chain from a certificate to a root, the certificate itself first. The time of the check is the
 * certificate's own first second, as in Fabric (msp/mspimplvalidate.go getValidityOptsForCert): whether
 * it has expired meanwhile is asked elsewhere.
 *
 * @returns undefined when there is none, or more than one.
 */
export function certificationChain(
  certificate: Certificate,
  anchors: TrustAnchors,
): readonly Certificate[] | undefined {
  const timeMs = certificate.notBeforeMs + 1000;
  if (!isValidAt(certificate, timeMs)) return undefined;
  if (anchors.roots.some((root) => same(root, certificate))) return [certificate];
  const chains = extend([certificate], anchors, timeMs).filter((c) => c.every(allowsUsage));
  return chains.length === 1 ? chains[0] : undefined;
}
