/** The real record behind the API: the ledger, asked through the caller's own organization with a certificate of the caller's own. */
import type { ConnectionProfile, Organization } from '@pulseledger/domain';
import {
  connectGateway,
  type IdentitySource,
  type LedgerConnection,
  RecordClient,
  UserSessions,
} from '@pulseledger/ledger';
import type { Session } from './http/router.ts';
import { cursorKey } from './search/cursor.ts';
import type { Caller } from './smart/token.ts';

export interface ServiceOptions {
  readonly profile: ConnectionProfile;
  readonly identities: IdentitySource;
}

/** Opens sessions of callers, and ends what they share. */
export interface LedgerSessions {
  readonly open: (caller: Caller) => Promise<Session>;
  readonly close: () => void;
}

/**
 * Connections are made when an organization's first user comes. The key of cursors is derived from the issuing CA's:
 * whoever may make this organization's users may page for them.
 */
export function ledgerSessions(options: ServiceOptions): LedgerSessions {
  const { identities, profile } = options;
  const users = new UserSessions({ identities });
  const connections = new Map<Organization, LedgerConnection>();
  const connectionOf = (organization: Organization): LedgerConnection => {
    const connection = connections.get(organization) ?? connectGateway(profile, organization);
    connections.set(organization, connection);
    return connection;
  };
  return {
    open: async ({ organization, role, subjectId }) => {
      const issuer = await identities.issuingCa(organization);
      return {
        record: new RecordClient({
          connection: connectionOf(organization),
          signatories: users.open({ organization, role, subjectId }),
        }),
        cursorKey: cursorKey(issuer.privateKeyPem()),
      };
    },
    close: () => {
      for (const connection of connections.values()) connection.close();
    },
  };
}
