import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
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
import { EXIT, Failure } from '../base/failure.ts';
import { say } from '../base/output.ts';
import { Api } from '../system/api.ts';
import { fingerprint, type System } from '../system/system-file.ts';
import { writePrivately } from '../system/token.ts';

const ID_BYTES = 16;
const JSON_HEADERS = { 'content-type': 'application/json' };

const Kept = z.object({
  system: z.string(),
  credentialId: z.string(),
  privateKeyPem: z.string(),
});

/** What a patient agrees to by passkey. */
export interface Agreeing {
  readonly ceremony: 'grant' | 'revoke';
  readonly terms: object;
}

/** 16 random bytes as hex. */
export function randomHex(): string {
  return randomBytes(ID_BYTES).toString('hex');
}

function sha256(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest();
}

/**
 * The test patient agrees by a passkey in software, which is registered at the first use: an administrator
 * invites, as if the patient stood before them. Real patients use the page and their own phone.
 *
 * @throws Failure when the patient has another passkey already, which only their device can use
 */
export async function agree(
  patient: Api,
  systemFile: string,
  subjectId: string,
  { ceremony, terms }: Agreeing,
): Promise<PasskeyAssertion> {
  const known = await patient.ask('passkeys', PasskeysAnswer);
  const relyingPartyId = known.relyingParty?.id ?? new URL(patient.system.pageUrl).hostname;
  const origin = known.relyingParty?.origins.at(-1) ?? new URL(patient.system.pageUrl).origin;
  const kept = await keptOf(patient, subjectId);
  const site = { relyingPartyId, origin, keepsCounter: false };
  const isRegistered = known.passkeys.some(
    ({ credentialId }) => credentialId === kept?.credentialId,
  );
  if (kept !== undefined && isRegistered) {
    return new SoftwareAuthenticator({ ...site, kept }).assert(
      ceremonyChallenge(ceremony, terms, sha256),
    );
  }
  if (known.passkeys.some(({ revokedAtMs }) => revokedAtMs === null)) throw anotherPasskey();
  const authenticator = new SoftwareAuthenticator(site);
  const saved = { system: fingerprint(patient.system), ...authenticator.keep() };
  await writePrivately(patient.system, `passkey-${subjectId}.json`, saved);
  await register(patient, systemFile, subjectId, authenticator);
  return authenticator.assert(ceremonyChallenge(ceremony, terms, sha256));
}

async function register(
  patient: Api,
  systemFile: string,
  subjectId: string,
  authenticator: SoftwareAuthenticator,
): Promise<void> {
  say('Registering a passkey in software for this test patient.');
  const administrator = await Api.open({
    system: systemFile,
    login: administratorOf(patient.system, subjectId),
  });
  const { invitation } = await administrator.ask('passkey-invitations', InvitationAnswer, {
    ...{ method: 'POST', headers: JSON_HEADERS },
    body: JSON.stringify({ subjectId, kind: 'in-person' }),
  });
  const nonceHex = randomHex();
  const challenge = ceremonyChallenge('passkey', { subjectId, nonceHex }, sha256);
  const registration = authenticator.register(challenge);
  await patient.ask('passkeys', ChangeOutput, {
    ...{ method: 'POST', headers: JSON_HEADERS },
    body: JSON.stringify({ nonceHex, registration, invitation }),
  });
}

/** Each organization invites its own people. */
function administratorOf({ logins }: System, subjectId: string): string {
  const organization = logins.find((one) => one.subjectId === subjectId)?.organization;
  const administrators = logins.filter(({ role }) => role === 'administrator');
  const own = administrators.find((one) => one.organization === organization);
  return (own ?? administrators[0])?.user ?? 'administrator';
}

async function keptOf(patient: Api, subjectId: string): Promise<z.infer<typeof Kept> | undefined> {
  try {
    const file = join(patient.system.dataFolder, 'cli', `passkey-${subjectId}.json`);
    const kept = Kept.parse(JSON.parse(await readFile(file, 'utf8')));
    return kept.system === fingerprint(patient.system) ? kept : undefined;
  } catch {
    return undefined;
  }
}

function anotherPasskey(): Failure {
  return new Failure(EXIT.notAllowed, {
    what: 'This patient has a passkey that pulse cannot use.',
    why: 'It was registered on the page; its key never leaves that device.',
    remedy: 'Give or take back the consent on the page: "npx pulse status" shows its address.',
  });
}
