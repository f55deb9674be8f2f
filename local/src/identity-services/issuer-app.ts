import { createHash } from 'node:crypto';
import type { HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { type Context, Hono } from 'hono';
import type { Provider } from 'oidc-provider';
import { limitedBody } from '../limited-body.ts';
import { LOGIN_STYLE, loginPage } from './login-page.ts';
import { OIDC_PATH } from './oidc.ts';
import type { PasswordCheck } from './password-check.ts';

const MAX_FORM_BYTES = 4 * 1024;

type Bound = Context<{ Bindings: HttpBindings }>;

const STYLE_DIGEST = createHash('sha256').update(LOGIN_STYLE).digest('base64');
const LOGIN_POLICY = `default-src 'none'; style-src 'sha256-${STYLE_DIGEST}'; form-action 'self' http://localhost:*; frame-ancestors 'none'; base-uri 'none'`;

/** The issuer's protocol endpoints, and the one form that people see. */
/** @param issuer undefined until the address is known that tokens name */
export function issuerApp(
  issuer: () => Provider | undefined,
  logins: PasswordCheck,
): Hono<{ Bindings: HttpBindings }> {
  const app = new Hono<{ Bindings: HttpBindings }>();
  const provider = (): Provider => {
    const known = issuer();
    if (known === undefined) throw new Error('The issuer is not ready.');
    return known;
  };
  app.use(async (c, next) => {
    const length = Number(c.req.header('content-length') ?? '0');
    if (length > MAX_FORM_BYTES) return c.json({ error: 'invalid_request' }, 413);
    return next();
  });
  const form = `${OIDC_PATH}/interaction/:uid`;
  app.get(form, (c) => show(c, logins));
  app.post(
    form,
    limitedBody(MAX_FORM_BYTES, (c) => c.text('too long', 413)),
    (c) => signIn(c, provider(), logins),
  );
  app.all(`${OIDC_PATH}/*`, (c) => forward(c, provider()));
  return app;
}

function show(c: Bound, logins: PasswordCheck, error?: string): Response | Promise<Response> {
  c.header('content-security-policy', LOGIN_POLICY);
  c.header('cache-control', 'no-store');
  c.header('referrer-policy', 'no-referrer');
  c.header('x-content-type-options', 'nosniff');
  const page = loginPage({ action: new URL(c.req.url).pathname, logins: logins.all, error });
  return c.html(page, error === undefined ? 200 : 401);
}

async function signIn(c: Bound, provider: Provider, logins: PasswordCheck): Promise<Response> {
  const form = new URLSearchParams(await c.req.text());
  const checked = logins.check(form.get('user') ?? '', form.get('password') ?? '');
  if (checked.outcome === 'wait') {
    return show(c, logins, `Too many tries. Wait ${checked.seconds} seconds, then try again.`);
  }
  if (checked.outcome === 'wrong') {
    return show(c, logins, 'That is not the password. It was printed in the terminal.');
  }
  const { incoming, outgoing } = c.env;
  const login = { login: { accountId: checked.login.user } };
  try {
    await provider.interactionFinished(incoming, outgoing, login, {
      mergeWithLastSubmission: false,
    });
  } catch {
    return show(c, logins, 'This sign-in is too old. Go back to the page and begin anew.');
  }
  return RESPONSE_ALREADY_SENT;
}

/** The provider is mounted below a path, and learns it from `originalUrl` as with express. */
async function forward(c: Bound, provider: Provider): Promise<Response> {
  const { incoming, outgoing } = c.env;
  const original = incoming.url ?? '';
  Object.assign(incoming, { originalUrl: original, url: original.slice(OIDC_PATH.length) });
  await provider.callback()(incoming, outgoing);
  return RESPONSE_ALREADY_SENT;
}
