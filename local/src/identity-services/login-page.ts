import { html, raw } from 'hono/html';
import type { Login } from './logins.ts';

/** Fits the page's own colours; one style block, allowed by its digest in the policy. */
export const LOGIN_STYLE: string = `
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: Canvas; color: CanvasText; }
main { width: min(24rem, 92vw); }
h1 { font-size: 1.5rem; margin: 0 0 .25rem; }
p { margin: 0 0 1rem; }
label { display: block; margin: .75rem 0 .25rem; font-weight: 600; }
input, select, button { font: inherit; width: 100%; box-sizing: border-box; padding: .6rem .75rem; border: 1px solid GrayText; border-radius: .5rem; }
button { margin-top: 1.25rem; border: 0; background: #0b5fff; color: #fff; font-weight: 600; cursor: pointer; }
button:focus-visible, input:focus-visible, select:focus-visible { outline: 3px solid #7aa7ff; outline-offset: 2px; }
.error { border-left: 4px solid #c62828; padding: .25rem .75rem; }
small { display: block; margin-top: 1.5rem; opacity: .8; }
`;

/** The form that asks for a test login and its password; nothing in it runs a script. */
export function loginPage(of: {
  readonly action: string;
  readonly logins: readonly Login[];
  readonly error?: string | undefined;
}): ReturnType<typeof html> {
  const options = of.logins.map(
    ({ user, role, organization }) =>
      html`<option value="${user}">${user} (${role}, ${organization})</option>`,
  );
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sign in · Pulseledger</title>
<style>${raw(LOGIN_STYLE)}</style>
</head>
<body>
<main>
<h1>Sign in to Pulseledger</h1>
<p>Test logins of this machine. Their passwords are in the terminal where you started the system.</p>
${of.error === undefined ? '' : html`<p class="error" role="alert">${of.error}</p>`}
<form method="post" action="${of.action}">
<label for="user">Who</label>
<select id="user" name="user" autofocus>${options}</select>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required>
<button>Sign in</button>
</form>
<small>For trying out only. On AWS, Cognito asks here, with a passkey or a second factor.</small>
</main>
</body>
</html>`;
}
