import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  ChangeOutput,
  ceremonyChallenge,
  InvitationAnswer,
  type PasskeyAssertion,
  PasskeysAnswer,
} from '@pulseledger/domain';
import { SoftwareAuthenticator } from '@pulseledger/domain/software-authenticator';
import { z } from 'zod';
import type { StoryApi } from './story-api.ts';

const Kept = z.object({ credentialId: z.string(), privateKeyPem: z.string() });

/** Where passkeys are used, and where those of made-up patients are kept. */
export interface PhoneShop {
  /** `pulse` keeps its own there: a test patient has one passkey for both. */
  readonly folder: string;
  readonly pageUrl: string;
  readonly caPem: string;
}

/** 16 random bytes as hex. */
export function randomHex(): string {
  return randomBytes(16).toString('hex');
}

function sha256(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest();
}

/** The passkey of a made-up patient, who has no phone: a software authenticator, kept beside the ledger. */
export class Phone {
  readonly #authenticator: SoftwareAuthenticator;

  constructor(authenticator: SoftwareAuthenticator) {
    this.#authenticator = authenticator;
  }

  /** The kept one; undefined when there is none. */
  static async find(shop: PhoneShop, subjectId: string): Promise<Phone | undefined> {
    const text = await readFile(fileOf(shop, subjectId), 'utf8').catch(() => undefined);
    if (text === undefined) return undefined;
    const kept = Kept.parse(JSON.parse(text));
    return new Phone(new SoftwareAuthenticator({ ...siteOf(shop), kept }));
  }

  /** The kept one, or a new one that is registered: an administrator invites, as if the patient stood before them. */
  static async provide(
    shop: PhoneShop,
    patient: StoryApi,
    administrator: StoryApi,
  ): Promise<Phone> {
    const { subjectId } = patient;
    const { passkeys } = await patient.ask('passkeys', PasskeysAnswer);
    const found = await Phone.find(shop, subjectId);
    const isRegistered = passkeys.some(({ credentialId }) => credentialId === found?.credentialId);
    if (found !== undefined && isRegistered) return found;
    const authenticator = new SoftwareAuthenticator(siteOf(shop));
    await keep(shop, subjectId, authenticator);
    const { invitation } = await administrator.ask('passkey-invitations', InvitationAnswer, {
      body: { subjectId, kind: 'in-person' },
    });
    const nonceHex = randomHex();
    const challenge = ceremonyChallenge('passkey', { subjectId, nonceHex }, sha256);
    const registration = authenticator.register(challenge);
    await patient.ask('passkeys', ChangeOutput, { body: { nonceHex, registration, invitation } });
    return new Phone(authenticator);
  }

  get credentialId(): string {
    return this.#authenticator.credentialId;
  }

  /** Agrees to a consent, or to taking it back. */
  agree(ceremony: 'grant' | 'revoke', terms: object): PasskeyAssertion {
    return this.assert(ceremonyChallenge(ceremony, terms, sha256));
  }

  /** @param challenge base64url */
  assert(challenge: string): PasskeyAssertion {
    return this.#authenticator.assert(challenge);
  }
}

function siteOf({ pageUrl }: PhoneShop): {
  relyingPartyId: string;
  origin: string;
  keepsCounter: false;
} {
  const { hostname, origin } = new URL(pageUrl);
  return { relyingPartyId: hostname, origin, keepsCounter: false };
}

function fileOf({ folder }: PhoneShop, subjectId: string): string {
  return join(folder, `passkey-${subjectId}.json`);
}

async function keep(
  shop: PhoneShop,
  subjectId: string,
  authenticator: SoftwareAuthenticator,
): Promise<void> {
  await mkdir(shop.folder, { recursive: true, mode: 0o700 });
  const file = fileOf(shop, subjectId);
  // As `pulse` tells systems apart.
  const system = createHash('sha256').update(shop.caPem).digest('hex').slice(0, 12);
  const content = JSON.stringify({ system, ...authenticator.keep() });
  await writeFile(`${file}.new`, content, { mode: 0o600 });
  await rename(`${file}.new`, file);
}
