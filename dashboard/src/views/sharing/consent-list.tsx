import { ChangeOutput, type ConsentsAnswer } from '@pulseledger/domain';
import type { JSX } from 'preact';
import type { ApiClient } from '../../api/client.ts';
import { agreeToRevoke } from '../../passkey/passkey.ts';
import { TEXT } from '../../text/en.ts';
import type { Attempt } from './sharing.tsx';

const { sharing: words } = TEXT;
type Given = ConsentsAnswer['consents'][number];

/** The consents that were given, live ones first; a live one can be taken back by who has a passkey. */
export function ConsentList({
  api,
  patientId,
  passkeys,
  consents,
  attempt,
}: {
  readonly api: ApiClient;
  readonly patientId: string;
  readonly passkeys: readonly string[];
  readonly consents: readonly Given[];
  readonly attempt: Attempt;
}): JSX.Element {
  const revoke = async (consentId: string): Promise<void> => {
    const assertion = await agreeToRevoke({ patientId, consentId }, passkeys);
    const path = `patients/${patientId}/consents/${consentId}/revoke`;
    await api.ask(path, ChangeOutput, { method: 'POST', body: { assertion } });
  };
  const ordered = consents.toSorted((a, b) => Number(isLive(b)) - Number(isLive(a)));
  return (
    <ul class="lines">
      {ordered.map((consent) => (
        <li key={consent.terms.consentId}>
          <span class="when">{stateText(consent)}</span>
          <span class="what">
            <strong>{whomText(consent)}</strong>
            <span>{whatText(consent)}</span>
          </span>
          {isLive(consent) && passkeys.length > 0 ? (
            <button
              type="button"
              onClick={() => void attempt(() => revoke(consent.terms.consentId))}
            >
              {words.revoke}
            </button>
          ) : null}
        </li>
      ))}
    </ul>
  );
}

function isLive({ terms, revoked }: Given): boolean {
  return revoked === null && (terms.untilMs === null || terms.untilMs > Date.now());
}

function stateText(consent: Given): string {
  const { terms, revoked } = consent;
  if (revoked !== null) return words.revoked;
  if (terms.untilMs === null) return words.open;
  const date = new Intl.DateTimeFormat(navigator.language, { dateStyle: 'medium' });
  const ended = isLive(consent) ? words.until : words.ended;
  return `${ended} ${date.format(terms.untilMs)}`;
}

function whomText({ terms }: Given): string {
  const to = terms.grantee.mspId === 'InsurerMSP' ? words.insurer : (terms.grantee.mspId ?? '');
  return terms.effect === 'permit' ? `${words.permit} ${to}` : `${words.deny} ${to}`;
}

function whatText({ terms }: Given): string {
  if (terms.classes === 'all') return words.everything;
  return terms.classes.map((recordClass) => TEXT.classes[recordClass]).join(', ');
}
