import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { ConnectionProfile, type Organization } from '@pulseledger/domain';
import {
  connectGateway,
  IdentitySource,
  type LedgerConnection,
  RecordClient,
  type UserClaims,
  UserSessions,
} from '@pulseledger/ledger';
import { type CertifiedKey, readAuthority, revokeDevice } from '@pulseledger/network/identity';
import { z } from 'zod';
import { credentialsOf, type LocalRole, localRoleSchema } from '../aws/role.ts';
import { LambdaFunction } from '../lambda-host/lambda-function.ts';
import { serveLoopback, type TlsKeys, tlsKeysSchema } from '../loopback-server.ts';
import type { ChildProgram } from '../process/child.ts';
import { administratorCheck } from './access-token.ts';
import { apiApp } from './api-app.ts';
import { Enrolments } from './enrolment.ts';
import { Revocations } from './revocation.ts';

export interface HttpApiConfig {
  /** 0 chooses a free port. */
  readonly port: number;
  readonly tls: TlsKeys;
  readonly functionName: string;
  readonly file: string;
  readonly region: string;
  readonly timeoutMs: number;
  readonly issuer: string;
  readonly audience: string;
  readonly profile: ConnectionProfile;
  readonly secretsUrl: string;
  readonly secretPrefix: string;
  /** Role of the enrolment endpoint; the function's credentials are in the environment. */
  readonly role: LocalRole;
  readonly keysFolder: string;
  readonly saltKey: string;
  readonly brokerUrl: string;
  readonly brokerCaPem: string;
}

const configuration: z.ZodType<HttpApiConfig> = z.strictObject({
  port: z.int(),
  tls: tlsKeysSchema,
  functionName: z.string(),
  file: z.string(),
  region: z.string(),
  timeoutMs: z.int(),
  issuer: z.string(),
  audience: z.string(),
  profile: ConnectionProfile,
  secretsUrl: z.string(),
  secretPrefix: z.string(),
  role: localRoleSchema,
  keysFolder: z.string(),
  saltKey: z.string().min(32),
  brokerUrl: z.string(),
  brokerCaPem: z.string(),
});

export interface HttpApiInfo {
  readonly url: string;
  readonly port: number;
}

export const httpApiInfo: z.ZodType<HttpApiInfo> = z.object({ url: z.string(), port: z.int() });

/** The HTTPS API in front of the FHIR function, and the enrolment of devices. */
export const httpApi: ChildProgram<HttpApiConfig> = {
  configuration,
  start: async (config, logger) => {
    const { functionName: name, file, region, timeoutMs, issuer, audience } = config;
    const lambda = LambdaFunction.load({ name, file, region, timeoutMs });
    const { openRecord, close } = ledgerAccess(config);
    const { saltKey, brokerUrl, brokerCaPem, keysFolder } = config;
    const deviceAuthority = (organization: Organization): Promise<CertifiedKey> =>
      readAuthority(keysFolder, organization, 'device');
    const enrolments = new Enrolments({
      openRecord,
      deviceAuthority,
      saltKey,
      brokerUrl,
      brokerCaPem,
    });
    const app = apiApp({
      invoke: (event) => lambda.invoke(event),
      requireAdministrator: administratorCheck({ issuer, audience }),
      enrolments,
      revocations: new Revocations({
        openRecord,
        deviceAuthority,
        list: async (organization, certificatePem) => {
          await revokeDevice(keysFolder, organization, certificatePem);
        },
      }),
      logger,
    });
    const server = await serveLoopback(app, config.port, config.tls);
    const info: HttpApiInfo = { url: server.origin, port: server.port };
    return {
      info,
      close: async () => {
        await server.close();
        close();
      },
    };
  },
};

function ledgerAccess(config: HttpApiConfig): {
  readonly openRecord: (claims: UserClaims) => RecordClient;
  readonly close: () => void;
} {
  const client = new SecretsManagerClient({
    region: config.region,
    endpoint: config.secretsUrl,
    credentials: credentialsOf(config.role),
  });
  const identities = new IdentitySource({ client, prefix: config.secretPrefix });
  const sessions = new UserSessions({ identities });
  const connections = new Map<Organization, LedgerConnection>();
  const connectionOf = (organization: Organization): LedgerConnection => {
    const connection =
      connections.get(organization) ?? connectGateway(config.profile, organization);
    connections.set(organization, connection);
    return connection;
  };
  return {
    openRecord: (claims) =>
      new RecordClient({
        connection: connectionOf(claims.organization),
        signatories: sessions.open(claims),
      }),
    close: () => {
      for (const connection of connections.values()) connection.close();
      client.destroy();
    },
  };
}
