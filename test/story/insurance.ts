/** Consent to the insurer by passkey; the insurer reads exactly that, and nothing once it is taken back. */
import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import {
  type ConsentTerms,
  ceremonyChallenge,
  InvitationAnswer,
  SharedAnswer,
  SharesAnswer,
} from '@pulseledger/domain';
import { SoftwareAuthenticator } from '@pulseledger/domain/software-authenticator';
import type { Caller } from '../../lambdas/fhir-api/src/smart/token.ts';
import type { Received } from '../../lambdas/fhir-api/src/testing/api.ts';
import type { People } from './people.ts';
import { answered, plain, type Tell } from './tell.ts';

export const RELYING_PARTY = { id: 'pulse.test', origins: ['https://app.pulse.test'] };
const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const TRIES = 300;
const PAUSE_MS = 100;

function sha256(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest();
}

function random(): string {
  return randomBytes(16).toString('hex');
}

/** What the insurer's agent was given at each time. */
export interface Insured {
  readonly before: Received;
  readonly previewed: SharedAnswer;
  readonly shares: SharesAnswer;
  readonly visits: Received;
  readonly results: Received;
  readonly sharesAfter: SharesAnswer;
  readonly visitsAfter: Received;
}

export async function insurance(
  tell: Tell,
  { administrator, agent }: People,
  patient: Caller,
): Promise<Insured> {
  const { subjectId } = patient;
  const before = await tell.get(agent, `Patient/${subjectId}`);
  answered(await tell.get(patient, `Patient/${subjectId}`));
  const phone = await withPasskey(tell, administrator, patient);
  const terms = termsOf(subjectId);
  const consents = `patients/${subjectId}/consents`;
  const previewed = plain(SharedAnswer, await tell.post(patient, `${consents}/preview`, { terms }));
  const granted = phone.assert(ceremonyChallenge('grant', terms, sha256));
  answered(await tell.post(patient, consents, { terms, assertion: granted }));
  const shares = plain(SharesAnswer, await tell.get(agent, 'shares'));
  const records = `shares/${terms.share?.shareId ?? ''}/records?class=`;
  const visits = await tell.get(agent, `${records}encounter`);
  const results = await tell.get(agent, `${records}result`);
  const content = { patientId: subjectId, consentId: terms.consentId };
  const revoked = phone.assert(ceremonyChallenge('revoke', content, sha256));
  const revoke = `${consents}/${terms.consentId}/revoke`;
  answered(await tell.post(patient, revoke, { assertion: revoked }));
  const visitsAfter = await afterwards(() => tell.get(agent, `${records}encounter`));
  const sharesAfter = plain(SharesAnswer, await tell.get(agent, 'shares'));
  return { before, previewed, shares, visits, results, sharesAfter, visitsAfter };
}

/** The first passkey, by the code that an administrator handed over. */
async function withPasskey(
  tell: Tell,
  administrator: Caller,
  patient: Caller,
): Promise<SoftwareAuthenticator> {
  const { subjectId } = patient;
  const invited = await tell.post(administrator, 'passkey-invitations', {
    ...{ subjectId, kind: 'in-person' },
  });
  const { invitation } = plain(InvitationAnswer, invited);
  const phone = new SoftwareAuthenticator({
    relyingPartyId: RELYING_PARTY.id,
    origin: RELYING_PARTY.origins[0] ?? '',
  });
  const nonceHex = random();
  const challenge = ceremonyChallenge('passkey', { subjectId, nonceHex }, sha256);
  const registration = phone.register(challenge);
  answered(await tell.post(patient, 'passkeys', { nonceHex, registration, invitation }));
  return phone;
}

/** Visits, for payment, for a day. */
function termsOf(patientId: string): ConsentTerms {
  // A clock that is a little ahead must not make the consent start later than its transaction.
  const fromMs = Date.now() - HOUR_MS;
  return {
    ...{ v: 1, consentId: random(), patientId, effect: 'permit' },
    grantee: { mspId: 'InsurerMSP', subjectId: null },
    ...{ classes: ['encounter'], labels: [], purposes: ['HPAYMT'] },
    ...{ fromMs, untilMs: fromMs + DAY_MS },
    share: { shareId: random(), aliasSaltHex: random() },
    saltHex: random(),
  };
}

/** The insurer's peer is told like every other and may be a moment behind. */
async function afterwards(read: () => Promise<Received>): Promise<Received> {
  for (let tries = 1; ; tries += 1) {
    const answer = await read();
    if (answer.status !== 200 || tries === TRIES) return answer;
    await delay(PAUSE_MS);
  }
}
