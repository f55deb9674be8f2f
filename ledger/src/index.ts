export { parseRecordAlarmsResult, recordAlarmsTransaction } from './alarm-transactions.ts';
export {
  type BatchOptions,
  BatchSigner,
  type BatchSignerOptions,
  MAX_BATCH_TRANSACTIONS,
} from './batch-signer.ts';
export { type ConnectionOptions, connectGateway, LedgerConnection } from './connection.ts';
export type { FaultKind, Stage } from './faults.ts';
export {
  IdentitySource,
  type IdentitySourceOptions,
  LedgerIdentity,
  serviceSignatories,
} from './identity-source.ts';
export type { LedgerTransaction } from './messages.ts';
export {
  LEDGER_CHANNEL,
  NO_OBSERVER,
  type RetryReason,
  type SubmissionEvent,
  type SubmissionObserver,
  type UnknownResolution,
} from './observer.ts';
export {
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
