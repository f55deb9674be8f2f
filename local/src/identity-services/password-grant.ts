import { errors, type Provider } from 'oidc-provider';
import { API_RESOURCE, API_SERVER } from './api-tokens.ts';
import type { PasswordCheck } from './password-check.ts';

/**
 * RFC 6749 §4.3, for programs on this machine: a test login's name and password for an access token. The web page does not
 * use it.
 */
export function registerPasswordGrant(provider: Provider, logins: PasswordCheck): void {
  provider.registerGrantType(
    'password',
    async (ctx) => {
      const { client, params } = ctx.oidc;
      const checked = logins.check(text(params['username']), text(params['password']));
      if (checked.outcome === 'wait') {
        ctx.set('retry-after', String(checked.seconds));
        ctx.status = 429;
        ctx.body = { error: 'slow_down' };
        return;
      }
      if (checked.outcome === 'wrong') throw new errors.InvalidGrant('wrong name or password');
      const accountId = checked.login.user;
      const grant = new provider.Grant({ clientId: client.clientId, accountId });
      const token = new provider.AccessToken({
        accountId,
        client,
        grantId: await grant.save(),
        gty: 'password',
        scope: '',
      });
      token.resourceServer = new provider.ResourceServer(API_RESOURCE, { ...API_SERVER });
      ctx.body = {
        access_token: await token.save(),
        expires_in: token.expiration,
        token_type: token.tokenType,
      };
    },
    ['username', 'password'],
  );
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
