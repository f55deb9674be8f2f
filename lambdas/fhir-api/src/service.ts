/** The real record behind the API: the ledger, asked through the caller's own organization with a certificate of the caller's own. */
import { createHash } from 'node:crypto';
import type {
  CommitIntentInput,
  ConnectionProfile,
  Organization,
  Purpose,
} from '@pulseledger/domain';
import {
  AccessClient,
  AlarmClient,
  ClinicalClient,
  ConsentClient,
  CorrectionClient,
  connectGateway,
  type DocumentStore,
  type IdentitySource,
  IntentReads,
  KeptLines,
  LedgerCalls,
  type LedgerConnection,
  LedgerExplorer,
  PermitCache,
  RecordClient,
  serviceSignatories,
  UserSessions,
} from '@pulseledger/ledger';
import { documentsApart } from './documents/documents-apart.ts';
import type { Session } from './http/router.ts';
import type { DirectoryPort } from './record/clinical-port.ts';
import { ledgerErasures } from './record/erasure-port.ts';
import { ledgerDirectory, ledgerDirectoryWriter } from './record/ledger-directory.ts';
import { ledgerEmergency } from './record/ledger-emergency.ts';
import { ledgerPage, ledgerRelations } from './record/ledger-ports.ts';
import type { NoteKeys } from './record/note-keys.ts';
import { ledgerNotes } from './record/note-port.ts';
import { ledgerPeople, type PeopleDirectory } from './record/people-directory.ts';
import { cursorKey } from './search/cursor.ts';
import type { Caller } from './smart/token.ts';

export interface ServiceOptions {
  readonly profile: ConnectionProfile;
  readonly identities: IdentitySource;
  /** Keeps what was read on an intent until it is committed. */
  readonly storeIntent: (late: CommitIntentInput & { organization: Organization }) => Promise<void>;
  /** Private halves of the keys to which psychotherapy notes are sealed. */
  readonly noteKeys: NoteKeys;
  /** Bytes of documents, beside the ledger. */
  readonly documents: DocumentStore;
}

/** Opens sessions of callers, and ends what they share. */
export interface LedgerSessions {
  /** @param purpose of everything that is read; the usual one of the role when left out */
  readonly open: (caller: Caller, purpose?: Purpose) => Promise<Session>;
  /** Seals cursors. Derived from an issuing CA's key: whoever may make users may page for them. */
  readonly cursorKey: () => Promise<Uint8Array>;
  readonly directory: DirectoryPort;
  readonly people: PeopleDirectory;
  readonly close: () => void;
}

/** Whose service identity reads the directory for everybody. */
const API_ORGANIZATION: Organization = 'hospital';

/** Whoever may make users of an organization may find what these have open. */
function permitKey(privateKeyPem: string): Uint8Array {
  return createHash('sha256').update(`pulseledger/permit-key/1\n${privateKeyPem}`).digest();
}

/** Connections are made when an organization's first user comes. */
export function ledgerSessions(options: ServiceOptions): LedgerSessions {
  const { documents, identities, profile } = options;
  const users = new UserSessions({ identities });
  const permits = new PermitCache();
  const intents = new IntentReads();
  const connections = new Map<Organization, LedgerConnection>();
  const keptLines = new Map<Organization, KeptLines>();
  const connectionOf = (organization: Organization): LedgerConnection => {
    const connection = connections.get(organization) ?? connectGateway(profile, organization);
    connections.set(organization, connection);
    return connection;
  };
  const publicCalls = (): LedgerCalls =>
    new LedgerCalls({
      connection: connectionOf(API_ORGANIZATION),
      signatories: serviceSignatories(identities, API_ORGANIZATION, 'api'),
    });
  return {
    open: (caller, purpose) => {
      const { organization, role, subjectId } = caller;
      const connection = connectionOf(organization);
      const signatories = users.open({ organization, role, subjectId });
      const kept = keptLines.get(organization) ?? new KeptLines();
      keptLines.set(organization, kept);
      const record = new RecordClient({
        connection,
        signatories,
        purpose,
        permits,
        permitKey: async () =>
          permitKey((await identities.issuingCa(organization)).privateKeyPem()),
        intents,
      });
      const { calls } = record;
      const store = (late: CommitIntentInput): Promise<void> =>
        options.storeIntent({ ...late, organization });
      const access = new AccessClient(calls);
      const clinical = new ClinicalClient(calls);
      return Promise.resolve({
        record,
        page: ledgerPage(record, access, clinical),
        watch: new AlarmClient(calls),
        consents: new ConsentClient(calls),
        charts: calls.charts,
        clinical: documentsApart(clinical, documents),
        erasures: ledgerErasures(clinical, documents),
        corrections: new CorrectionClient(calls),
        notes: ledgerNotes(clinical, options.noteKeys, caller),
        emergency: ledgerEmergency({
          ...{ medic: calls, medicId: subjectId, intents, store },
          api: {
            connection,
            signatories: serviceSignatories(identities, organization, 'api'),
          },
        }),
        ledger: new LedgerExplorer({ connection, signatories, kept }),
        relations: ledgerRelations(record, access),
        devices: record,
        directoryWriter: ledgerDirectoryWriter(calls),
      });
    },
    cursorKey: async () => cursorKey((await identities.issuingCa('hospital')).privateKeyPem()),
    directory: ledgerDirectory(publicCalls),
    people: ledgerPeople(publicCalls),
    close: () => {
      for (const connection of connections.values()) connection.close();
    },
  };
}
