import type { HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { Hono } from 'hono';
import { OIDC_PAGE_CLIENT, OIDC_PATH } from '../identity-services/oidc.ts';
import { API_PATH, type Forwarder } from './forwarder.ts';
import { type PageFiles, sent } from './page-files.ts';

/** The page's origin: its files, and what it forwards. Any other path is the page too: it has its own routes. */
export function pageApp(
  { files, headers }: PageFiles,
  forwarder: Pick<Forwarder, 'api' | 'issuer'>,
  issuer: string,
  /** Adds what is there before the page takes every other path. */
  more: (app: Hono<{ Bindings: HttpBindings }>) => void = () => undefined,
): Hono<{ Bindings: HttpBindings }> {
  const app = new Hono<{ Bindings: HttpBindings }>();
  app.get('/config.json', (c) => c.json(pageConfig(issuer), 200, { 'cache-control': 'no-store' }));
  app.all(`${API_PATH}/*`, async (c) => {
    await forwarder.api(c.env.incoming, c.env.outgoing);
    return RESPONSE_ALREADY_SENT;
  });
  app.all(`${OIDC_PATH}/*`, async (c) => {
    await forwarder.issuer(c.env.incoming, c.env.outgoing);
    return RESPONSE_ALREADY_SENT;
  });
  more(app);
  app.get('*', (c) => {
    const path = new URL(c.req.url).pathname;
    const known = files.get(path);
    // A missing file is no view: else a browser would take the page for a script.
    if (known === undefined && /\.[a-z]+$/i.test(path))
      return c.text('There is no such file.', 404);
    const file = known ?? files.get('/index.html');
    return file === undefined ? c.text('The page was not built.', 404) : sent(file, headers);
  });
  return app;
}

/** The issuer names itself in tokens; the page reaches it below its own origin. */
function pageConfig(issuer: string): object {
  return {
    issuer,
    authorizationEndpoint: `${OIDC_PATH}/authorize`,
    tokenEndpoint: `${OIDC_PATH}/token`,
    revocationEndpoint: `${OIDC_PATH}/revoke`,
    clientId: OIDC_PAGE_CLIENT,
  };
}
