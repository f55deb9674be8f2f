export { AccessClient } from './access-client.ts';
export { AlarmClient, type AlarmReader } from './alarms/alarm-client.ts';
export { parseRecordAlarmsResult, recordAlarmsTransaction } from './alarms/alarm-transactions.ts';
export { type AttesterAdministrator, provideAttesters, renewAttester } from './attesters.ts';
export {
  type AccessRequest,
  type Attested,
  type AttestedAccess,
  Attestor,
  type SignedClaims,
} from './attestor.ts';
export {
  type BatchOptions,
  BatchSigner,
  type BatchSignerOptions,
  MAX_BATCH_TRANSACTIONS,
} from './batch-signer.ts';
export { Charts, type OpeningOptions } from './charts.ts';
export {
  ClinicalClient,
  type CreatedOnce,
  type WriteOptions,
  wantsOf,
} from './clinical/clinical-client.ts';
export { CorrectionClient } from './clinical/correction-client.ts';
export {
  DocumentStore,
  decryptDocument,
  type EncryptedDocument,
  encryptDocument,
  type ObjectStore,
} from './clinical/documents.ts';
export { type UnreplayedErasure, unreplayedErasures } from './clinical/erasure-check.ts';
export {
  type NotePlace,
  type NoteRecipient,
  newNoteKey,
  noteKeyFromPem,
  openNote,
  sealNote,
} from './clinical/sealed-note.ts';
export { type ConnectionOptions, connectGateway, LedgerConnection } from './connection.ts';
export { ConsentClient } from './consent-client.ts';
export { DirectoryClient } from './directory/directory-client.ts';
export {
  type EmergencyMeans,
  type EmergencyOpening,
  type EmergencyRequest,
  openInEmergency,
} from './emergency-access.ts';
export { EmergencyClient } from './emergency-client.ts';
export { KeptLines } from './explorer/kept-lines.ts';
export { LedgerExplorer } from './explorer/ledger-explorer.ts';
export type { FaultKind, Stage } from './faults.ts';
export {
  IdentitySource,
  type IdentitySourceOptions,
  LedgerIdentity,
  parseIdentity,
  serviceSignatories,
} from './identity-source.ts';
export { IntentReads } from './intent-reads.ts';
export { type ChangeRequest, LedgerCalls, type LedgerCallsOptions } from './ledger-calls.ts';
export type { LedgerTransaction } from './messages.ts';
export {
  LEDGER_CHANNEL,
  NO_OBSERVER,
  type RetryReason,
  type SubmissionEvent,
  type SubmissionObserver,
  type UnknownResolution,
} from './observer.ts';
export type { ChartOwner, ChartRequest, OpenedChart, Permits } from './opened-chart.ts';
export { type OpenMissing, PermitCache } from './permit-cache.ts';
export {
  type Located,
  type Opened,
  parseRecordChunksResult,
  RecordClient,
  type RecordClientOptions,
  recordChunksTransaction,
} from './record-client.ts';
export type { FailureKind } from './retry.ts';
export {
  type CertifiedKey,
  createSignatory,
  fixedSignatory,
  type Signatory,
  type SignatorySource,
} from './signatory.ts';
export { SigningQueue } from './signing-queue.ts';
export type { StageTimes, TransactionOutcome } from './transaction-run.ts';
export { type UserClaims, UserSessions, type UserSessionsOptions } from './user-session.ts';
