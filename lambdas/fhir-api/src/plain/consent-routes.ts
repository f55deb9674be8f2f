/** Consents with passkeys, and what an insurer is given by them: plain JSON, failures as problem documents (RFC 9457). */
import { createHash, randomBytes } from 'node:crypto';
import {
  ChangeOutput,
  ConsentsAnswer,
  GrantRequest,
  type InvitationAnswer,
  InvitationAnswer as InvitationAnswerSchema,
  InvitationRequest,
  PasskeysAnswer,
  PreviewRequest,
  PulseError,
  RECORD_CLASSES,
  RegisterPasskeyRequest,
  RevokeRequest,
  SharedAnswer,
  SharesAnswer,
} from '@pulseledger/domain';
import { z } from 'zod';
import type { Call } from '../http/call.ts';
import { ok, type Reply } from '../http/reply.ts';
import type { Route } from '../http/routes.ts';
import { identifierIn, jsonBody, parsed } from './plain-input.ts';

const PAGE = 100;
const SALT_BYTES = 16;

const PageQuery = z.strictObject({ bookmark: z.string().min(1).max(200).optional() });
const SharedQuery = z.strictObject({
  class: z.enum(RECORD_CLASSES),
  bookmark: z.string().min(1).max(200).optional(),
});

const PLAIN = { format: 'plain', access: 'login' } as const;

export const CONSENT_ROUTES: readonly Route[] = [
  {
    ...{ ...PLAIN, method: 'GET', path: 'passkeys', summary: "The caller's passkeys" },
    answer: PasskeysAnswer,
    handle: listPasskeys,
  },
  {
    ...{ ...PLAIN, method: 'POST', path: 'passkeys', summary: 'Registers the first passkey' },
    body: RegisterPasskeyRequest,
    answer: ChangeOutput,
    handle: registerPasskey,
  },
  {
    ...{ ...PLAIN, method: 'POST', path: 'passkey-invitations' },
    summary: 'A code for somebody whom an administrator has seen',
    body: InvitationRequest,
    answer: InvitationAnswerSchema,
    handle: invite,
  },
  {
    ...{ ...PLAIN, method: 'GET', path: 'patients/:id/consents', summary: 'Consents of a patient' },
    query: PageQuery,
    answer: ConsentsAnswer,
    handle: listConsents,
  },
  {
    ...{ ...PLAIN, method: 'POST', path: 'patients/:id/consents/preview' },
    summary: 'What a consent would show',
    body: PreviewRequest,
    answer: SharedAnswer,
    handle: preview,
  },
  {
    ...{ ...PLAIN, method: 'POST', path: 'patients/:id/consents' },
    summary: 'Gives a consent, by passkey',
    body: GrantRequest,
    answer: ChangeOutput,
    handle: grant,
  },
  {
    ...{ ...PLAIN, method: 'POST', path: 'patients/:id/consents/:consent/revoke' },
    summary: 'Takes a consent back, by passkey',
    body: RevokeRequest,
    answer: ChangeOutput,
    handle: revoke,
  },
  {
    ...{ ...PLAIN, method: 'GET', path: 'shares', summary: 'What is shared with an insurer' },
    query: PageQuery,
    answer: SharesAnswer,
    handle: listShares,
  },
  {
    ...{
      ...PLAIN,
      method: 'GET',
      path: 'shares/:id/records',
      summary: 'Shared records of a class',
    },
    query: SharedQuery,
    answer: SharedAnswer,
    handle: readShared,
  },
];

async function listPasskeys({ consents }: Call): Promise<Reply> {
  return ok(await consents.listPasskeys());
}

async function registerPasskey({ request, caller, consents }: Call): Promise<Reply> {
  const { nonceHex, registration, invitation } = parsed(
    RegisterPasskeyRequest,
    jsonBody(request.body),
  );
  const [invitationId = '', code = ''] = invitation.split('.');
  const proof = { kind: 'in-person', invitation: { invitationId, code } } as const;
  const input = { nonceHex, registration, proof, saltHex: randomHex() };
  return ok(await consents.registerPasskey(caller.subjectId, input));
}

/** Only the digest of the code goes to the ledger. */
async function invite({ request, consents }: Call): Promise<Reply> {
  const { subjectId, kind } = parsed(InvitationRequest, jsonBody(request.body));
  const invitationId = randomHex();
  const code = randomHex();
  const codeDigestHex = createHash('sha256').update(code).digest('hex');
  const input = { invitationId, subjectId, kind, codeDigestHex, saltHex: randomHex() };
  await consents.invitePasskey(input);
  const answer: InvitationAnswer = { invitation: `${invitationId}.${code}` };
  return ok(answer);
}

async function listConsents({ request, path, consents }: Call): Promise<Reply> {
  const { bookmark } = parsed(PageQuery, Object.fromEntries(request.query));
  const patientId = identifierIn(path['id']);
  return ok(await consents.listConsents({ patientId, pageSize: PAGE, bookmark }));
}

async function preview({ request, path, consents }: Call): Promise<Reply> {
  const { terms } = parsed(PreviewRequest, jsonBody(request.body));
  requireOwn(terms.patientId, path);
  return ok(await consents.preview({ terms, pageSize: PAGE }));
}

async function grant({ request, path, consents }: Call): Promise<Reply> {
  const { terms, assertion } = parsed(GrantRequest, jsonBody(request.body));
  requireOwn(terms.patientId, path);
  return ok(await consents.grant(terms, assertion));
}

async function revoke({ request, path, consents }: Call): Promise<Reply> {
  const { assertion } = parsed(RevokeRequest, jsonBody(request.body));
  const terms = { patientId: identifierIn(path['id']), consentId: identifierIn(path['consent']) };
  return ok(await consents.revoke(terms, assertion));
}

async function listShares({ request, consents }: Call): Promise<Reply> {
  const { bookmark } = parsed(PageQuery, Object.fromEntries(request.query));
  return ok(await consents.worklist({ pageSize: PAGE, bookmark }));
}

async function readShared({ request, path, consents }: Call): Promise<Reply> {
  const { class: recordClass, bookmark } = parsed(SharedQuery, Object.fromEntries(request.query));
  const shareId = identifierIn(path['id']);
  return ok(await consents.readShared({ shareId, recordClass, pageSize: PAGE, bookmark }));
}

/** The address and the terms name the same patient. */
function requireOwn(patientId: string, path: Call['path']): void {
  if (patientId !== identifierIn(path['id'])) {
    throw new PulseError('invalid_input', 'the terms are of another patient');
  }
}

function randomHex(): string {
  return randomBytes(SALT_BYTES).toString('hex');
}
