import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { type Organization, PulseError } from '@pulseledger/domain';
import type { ServiceName } from '@pulseledger/network/identity';
import { z } from 'zod';
import { createSignatory, type Signatory, type SignatorySource } from './signatory.ts';

/**
 * How long a secret is used without being read again: shorter than the time both identities are valid
 * when one is rotated.
 */
const MAX_AGE_MS = 300_000;

/** At most one read a secret in this time is forced by a refusal, however many calls are refused. */
const FORCED_INTERVAL_MS = 5_000;

const SecretBody = z.object({
  mspId: z.string().min(1),
  certificatePem: z.string().includes('BEGIN CERTIFICATE'),
  privateKeyPem: z.string().includes('PRIVATE KEY'),
});

/** A certificate and its private key. The key is given out on demand only, so no log or dump shows it. */
export class LedgerIdentity {
  readonly mspId: string;
  readonly certificatePem: string;
  readonly #privateKeyPem: string;

  constructor(secret: { mspId: string; certificatePem: string; privateKeyPem: string }) {
    this.mspId = secret.mspId;
    this.certificatePem = secret.certificatePem;
    this.#privateKeyPem = secret.privateKeyPem;
  }

  /** PKCS #8 PEM. */
  privateKeyPem(): string {
    return this.#privateKeyPem;
  }
}

/** Options of {@link IdentitySource}. */
export interface IdentitySourceOptions {
  readonly client: Pick<SecretsManagerClient, 'send'>;
  /** What stands before `/<service>/<organization>` in the secrets' names. */
  readonly prefix: string;
  readonly maxAgeMs?: number;
  readonly now?: () => number;
}

interface Entry {
  identity: Promise<LedgerIdentity>;
  readAtMs: number;
  forcedAtMs: number;
}

/**
 * Identities from Secrets Manager: `<prefix>/ingest/<organization>`, `<prefix>/api/<organization>` and
 * `<prefix>/issuing-ca/<organization>`, each JSON
 * `{mspId, certificatePem, privateKeyPem}`. Kept in memory up to a maximum age; read once however many ask.
 */
export class IdentitySource {
  readonly #client: Pick<SecretsManagerClient, 'send'>;
  readonly #prefix: string;
  readonly #maxAgeMs: number;
  readonly #now: () => number;
  readonly #entries = new Map<string, Entry>();

  constructor(options: IdentitySourceOptions) {
    this.#client = options.client;
    this.#prefix = options.prefix;
    this.#maxAgeMs = options.maxAgeMs ?? MAX_AGE_MS;
    this.#now = options.now ?? Date.now;
  }

  /**
   * The identity of a service of an organization: `ingest` records readings, `api` answers who is not logged in.
   * @throws PulseError `unavailable` when the secret cannot be read or is not in the expected form.
   */
  service(name: ServiceName, organization: Organization): Promise<LedgerIdentity> {
    return this.#get(`${this.#prefix}/${name}/${organization}`);
  }

  /**
   * The CA that issues the organization's short-lived user certificates.
   * @throws PulseError `unavailable` when the secret cannot be read or is not in the expected form.
   */
  issuingCa(organization: Organization): Promise<LedgerIdentity> {
    return this.#get(`${this.#prefix}/issuing-ca/${organization}`);
  }

  /** As {@link service}, but read anew, because the ledger refused the identity. Not more than every 5 s. */
  serviceAfterRefusal(name: ServiceName, organization: Organization): Promise<LedgerIdentity> {
    return this.#getAnew(`${this.#prefix}/${name}/${organization}`);
  }

  /** As {@link issuingCa}, but read anew, because the ledger refused what it had issued. */
  issuingCaAfterRefusal(organization: Organization): Promise<LedgerIdentity> {
    return this.#getAnew(`${this.#prefix}/issuing-ca/${organization}`);
  }

  #get(name: string): Promise<LedgerIdentity> {
    const known = this.#entries.get(name);
    if (known !== undefined && this.#now() - known.readAtMs < this.#maxAgeMs) {
      return known.identity;
    }
    return this.#refresh(name, known?.forcedAtMs ?? Number.NEGATIVE_INFINITY);
  }

  #getAnew(name: string): Promise<LedgerIdentity> {
    const known = this.#entries.get(name);
    const now = this.#now();
    if (known !== undefined && now - known.forcedAtMs < FORCED_INTERVAL_MS) {
      return known.identity;
    }
    return this.#refresh(name, now);
  }

  #refresh(name: string, forcedAtMs: number): Promise<LedgerIdentity> {
    const entry: Entry = { identity: this.#read(name), readAtMs: this.#now(), forcedAtMs };
    this.#entries.set(name, entry);
    entry.identity.catch(() => {
      // A failed read is not kept: the next caller tries again.
      if (this.#entries.get(name) === entry) {
        this.#entries.delete(name);
      }
    });
    return entry.identity;
  }

  async #read(name: string): Promise<LedgerIdentity> {
    let text: string | undefined;
    try {
      const answer = await this.#client.send(new GetSecretValueCommand({ SecretId: name }));
      text = answer.SecretString;
    } catch (cause) {
      throw new PulseError('unavailable', 'The identity could not be read from the secret store.', {
        cause,
      });
    }
    return parseIdentity(text);
  }
}

/**
 * The identity in a secret's value. Zod's and JSON's own errors quote their input, here a private key; so they are not
 * passed on.
 *
 * @throws PulseError `unavailable` when it is not in the expected form.
 */
export function parseIdentity(text: string | undefined): LedgerIdentity {
  let json: unknown;
  try {
    json = JSON.parse(text ?? '');
  } catch {
    json = undefined;
  }
  const parsed = SecretBody.safeParse(json);
  if (!parsed.success) {
    throw new PulseError('unavailable', 'The identity in the secret store is not readable.');
  }
  return new LedgerIdentity(parsed.data);
}

/** Signs as a service of an organization. */
export function serviceSignatories(
  identities: IdentitySource,
  organization: Organization,
  service: ServiceName = 'ingest',
): SignatorySource {
  let made: { identity: LedgerIdentity; signatory: Signatory } | undefined;
  const signatoryOf = (identity: LedgerIdentity): Signatory => {
    if (made?.identity.certificatePem !== identity.certificatePem) {
      const { mspId, certificatePem } = identity;
      const certified = { mspId, certificatePem, privateKeyPem: identity.privateKeyPem() };
      made = { identity, signatory: createSignatory(certified) };
    }
    return made.signatory;
  };
  return {
    current: async () => signatoryOf(await identities.service(service, organization)),
    afterRefusal: async (refused) => {
      const signatory = signatoryOf(await identities.serviceAfterRefusal(service, organization));
      return signatory.certificatePem === refused.certificatePem ? undefined : signatory;
    },
  };
}
