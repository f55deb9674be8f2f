import type { Context } from 'fabric-contract-api';

/** The few stub functions that the contracts use; a double need have no more. */
export type LedgerStub = Pick<
  Context['stub'],
  | 'createCompositeKey'
  | 'deletePrivateData'
  | 'getDateTimestamp'
  | 'getPrivateData'
  | 'getPrivateDataByRange'
  | 'getPrivateDataHash'
  | 'getState'
  | 'getTransient'
  | 'getTxID'
  | 'purgePrivateData'
  | 'putPrivateData'
  | 'putState'
  | 'setEvent'
>;

/** What the contracts use of a transaction's context. */
export interface LedgerContext {
  readonly stub: LedgerStub;
  readonly clientIdentity: Pick<Context['clientIdentity'], 'getAttributeValue' | 'getMSPID'>;
}
