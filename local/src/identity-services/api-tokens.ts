export const OIDC_AUDIENCE = 'pulseledger-api';
/** RFC 8707: the one resource there are tokens for. */
export const API_RESOURCE = 'urn:pulseledger:api';
/** No longer than the user certificates made from a login. */
export const TOKEN_SECONDS: number = 15 * 60;

/** What a token for the API is. */
export const API_SERVER: {
  readonly audience: string;
  readonly scope: string;
  readonly accessTokenFormat: 'jwt';
  readonly accessTokenTTL: number;
  readonly jwt: { readonly sign: { readonly alg: 'ES256' } };
} = {
  audience: OIDC_AUDIENCE,
  scope: '',
  accessTokenFormat: 'jwt',
  accessTokenTTL: TOKEN_SECONDS,
  jwt: { sign: { alg: 'ES256' } },
};
