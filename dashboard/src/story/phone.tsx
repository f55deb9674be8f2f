import { fromBase64Url, PasskeyAssertion, toBase64Url } from '@pulseledger/domain';
import { type JSX, render } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { STORY_TEXT } from '../text/en-story.ts';
import { askStory } from './story-session.ts';

const { phone: words } = STORY_TEXT;

/**
 * In place of the browser's authenticators: a sheet that asks, and the passkey that the story keeps for a made-up
 * patient. What is signed is the challenge that the page made of the terms.
 */
export function installPhone(): void {
  Object.defineProperty(navigator, 'credentials', { value: { get: agree } });
}

async function agree({ publicKey }: CredentialRequestOptions): Promise<Credential> {
  if (publicKey === undefined || !(await asked())) throw new DOMException('', 'NotAllowedError');
  const { challenge } = publicKey;
  const bytes = ArrayBuffer.isView(challenge)
    ? new Uint8Array(challenge.buffer, challenge.byteOffset, challenge.byteLength)
    : new Uint8Array(challenge);
  const asking = { challenge: toBase64Url(bytes) };
  const assertion = await askStory('passkey', asking, PasskeyAssertion);
  const response: unknown = Object.create(AuthenticatorAssertionResponse.prototype, {
    clientDataJSON: { value: buffer(assertion.clientDataJson) },
    authenticatorData: { value: buffer(assertion.authenticatorData) },
    signature: { value: buffer(assertion.signature) },
  });
  const credential: unknown = Object.create(PublicKeyCredential.prototype, {
    id: { value: assertion.credentialId },
    response: { value: response },
  });
  if (!(credential instanceof PublicKeyCredential)) throw new TypeError('no credential');
  return credential;
}

function buffer(text: string): ArrayBuffer {
  return new Uint8Array(fromBase64Url(text)).buffer;
}

/** Whether the person agrees on the sheet. */
function asked(): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const place = document.createElement('div');
  document.body.append(place);
  const answer = (agrees: boolean): void => {
    render(null, place);
    place.remove();
    resolve(agrees);
  };
  render(<Sheet onAnswer={answer} />, place);
  return promise;
}

function Sheet({ onAnswer }: { readonly onAnswer: (agrees: boolean) => void }): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  return (
    <dialog
      ref={dialog}
      class="phone"
      aria-labelledby="phone-title"
      onClose={(event) => {
        onAnswer(event.currentTarget.returnValue === 'agree');
      }}
    >
      <h2 id="phone-title">{words.title}</h2>
      <p>{words.ask}</p>
      <p class="fine">{words.why}</p>
      <form method="dialog">
        <button class="primary" value="agree">
          {words.agree}
        </button>
        <button value="refuse">{words.refuse}</button>
      </form>
    </dialog>
  );
}
