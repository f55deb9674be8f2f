import type { JWK } from 'jose';
import { z } from 'zod';
import { type LocalRole, localRoleSchema } from '../aws/role.ts';
import { serveLoopback, type TlsKeys, tlsKeysSchema } from '../loopback-server.ts';
import type { ChildProgram } from '../process/child.ts';
import { Login } from './logins.ts';
import { issuerApp } from './oidc.ts';
import { SecretStore } from './secret-store.ts';
import { secretsManagerApp } from './secrets-manager.ts';

export interface IdentityServicesConfig {
  readonly secretsFile: string;
  readonly roles: readonly LocalRole[];
  readonly region: string;
  readonly tls: TlsKeys;
  readonly logins: readonly Login[];
  /** The issuer's private key (ES256). */
  readonly signingKey: JWK;
  /** 0 chooses a free port. */
  readonly ports: IdentityPorts;
}

export interface IdentityPorts {
  readonly secrets: number;
  readonly issuer: number;
}

/** What the supervisor is told. */
export interface IdentityServicesInfo {
  readonly secretsUrl: string;
  readonly issuerUrl: string;
  readonly ports: IdentityPorts;
}

const ports: z.ZodType<IdentityPorts> = z.strictObject({ secrets: z.int(), issuer: z.int() });

const signingKey: z.ZodType<JWK> = z.strictObject({
  kty: z.literal('EC'),
  crv: z.literal('P-256'),
  x: z.string(),
  y: z.string(),
  d: z.string(),
  kid: z.string(),
});

const configuration: z.ZodType<IdentityServicesConfig> = z.strictObject({
  secretsFile: z.string(),
  roles: z.array(localRoleSchema),
  region: z.string(),
  tls: tlsKeysSchema,
  logins: z.array(Login),
  signingKey,
  ports,
});

export const identityServicesInfo: z.ZodType<IdentityServicesInfo> = z.object({
  secretsUrl: z.string(),
  issuerUrl: z.string(),
  ports,
});

/** Secrets Manager and the OpenID Connect issuer: what knows who somebody is. */
export const identityServices: ChildProgram<IdentityServicesConfig> = {
  configuration,
  start: async (config) => {
    const { roles, region, logins } = config;
    const store = new SecretStore(config.secretsFile);
    const secrets = await serveLoopback(
      secretsManagerApp({ store, roles, region }),
      config.ports.secrets,
    );
    let issuerUrl = '';
    const app = issuerApp({ issuer: () => issuerUrl, logins, signingKey: config.signingKey });
    const issuer = await serveLoopback(app, config.ports.issuer, config.tls);
    issuerUrl = issuer.origin;
    const info: IdentityServicesInfo = {
      secretsUrl: secrets.origin,
      issuerUrl,
      ports: { secrets: secrets.port, issuer: issuer.port },
    };
    return {
      info,
      close: async () => {
        await Promise.all([secrets.close(), issuer.close()]);
      },
    };
  },
};
