import type { JWK } from 'jose';
import type { Provider } from 'oidc-provider';
import { z } from 'zod';
import { type LocalRole, localRoleSchema } from '../aws/role.ts';
import { serveLoopback, type TlsKeys, tlsKeysSchema } from '../loopback-server.ts';
import type { ChildProgram } from '../process/child.ts';
import { issuerApp } from './issuer-app.ts';
import { Login } from './logins.ts';
import { createIssuer, OIDC_PATH } from './oidc.ts';
import { PasswordCheck } from './password-check.ts';
import { type RotationSettings, SecretRotation } from './secret-rotation.ts';
import { SecretStore } from './secret-store.ts';
import { secretsManagerApp } from './secrets-manager.ts';

export interface IdentityServicesConfig {
  readonly secretsFile: string;
  readonly rotation: RotationSettings;
  readonly roles: readonly LocalRole[];
  readonly region: string;
  readonly tls: TlsKeys;
  readonly logins: readonly Login[];
  /** The issuer's private key (ES256). */
  readonly signingKey: JWK;
  /** Where the web page may have a browser sent back to after the sign-in. */
  readonly pageUrls: readonly string[];
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
  rotation: z.strictObject({ file: z.string(), region: z.string(), profileFile: z.string() }),
  roles: z.array(localRoleSchema),
  region: z.string(),
  tls: tlsKeysSchema,
  logins: z.array(Login),
  signingKey,
  pageUrls: z.array(z.url()),
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
  start: async (config, logger) => {
    const { roles, region, signingKey, pageUrls } = config;
    const store = new SecretStore(config.secretsFile);
    const rotation = new SecretRotation(config.rotation, logger);
    const secrets = await serveLoopback(
      secretsManagerApp({ store, roles, region, rotation }),
      config.ports.secrets,
    );
    const logins = new PasswordCheck(config.logins);
    const made: { provider?: Provider } = {};
    const app = issuerApp(() => made.provider, logins);
    const issuer = await serveLoopback(app, config.ports.issuer, config.tls);
    const issuerUrl = `${issuer.origin}${OIDC_PATH}`;
    made.provider = createIssuer({ issuer: issuerUrl, logins, signingKey, pageUrls });
    const info: IdentityServicesInfo = {
      secretsUrl: secrets.origin,
      issuerUrl,
      ports: { secrets: secrets.port, issuer: issuer.port },
    };
    return {
      info,
      close: async () => {
        await rotation.close();
        await Promise.all([secrets.close(), issuer.close()]);
      },
    };
  },
};
