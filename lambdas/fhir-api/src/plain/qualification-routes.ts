/** An organization says that it has checked a practitioner's qualification: plain JSON, failures as problem documents (RFC 9457). */
import { AttestationRequest, ChangeOutput } from '@pulseledger/domain';
import type { Call } from '../http/call.ts';
import { ok, type Reply } from '../http/reply.ts';
import type { Route } from '../http/routes.ts';
import { newId } from '../interactions/incoming.ts';
import { identifierIn, jsonBody, parsed } from './plain-input.ts';

/** Texts of the greatest length, each character as its JSON escape. */
const MAX_BODY = 20_480;

export const QUALIFICATION_ROUTES: readonly Route[] = [
  {
    ...{ method: 'POST', path: 'directory/:practitioner/attestations' },
    ...{ format: 'plain', access: 'login' },
    summary: 'A qualification was checked, where, and with which outcome; earlier words stay',
    body: AttestationRequest,
    answer: ChangeOutput,
    maxBody: MAX_BODY,
    handle: attest,
  },
];

async function attest({ grant, path, request, directoryWriter }: Call): Promise<Reply> {
  grant.require('Practitioner', 'u');
  const practitionerId = identifierIn(path['practitioner']);
  const checked = parsed(AttestationRequest, jsonBody(request.body));
  const ids = { practitionerId, attestationId: newId(), saltHex: newId() };
  return ok(await directoryWriter.attestQualification({ ...ids, ...checked }));
}
