import { type common, peer } from '@hyperledger/fabric-protos';
import type { Ledger } from '../ledger/types.ts';
import type { ChaincodeDefinitions } from '../lifecycle/chaincode-definitions.ts';
import { LIFECYCLE_NAMESPACE } from '../lifecycle/lifecycle-state.ts';
import type { MspManager } from '../msp/msp-manager.ts';
import { signatories } from '../policy/signature-set.ts';
import { readOr } from '../protos/read.ts';
import { ChangedKeyPolicies, satisfiesPolicies } from './endorsement-policy.ts';
import { checkEnvelope, type EndorserTransaction, ValidationCode } from './envelope.ts';
import { type NamespaceWrites, readWrites } from './write-set.ts';

export interface ValidatorOptions {
  readonly channel: string;
  readonly msps: MspManager;
  readonly definitions: ChaincodeDefinitions;
  readonly ledger: Ledger;
}

/** A transaction's action taken apart, or the code by which it is invalid. */
type Action = {
  readonly writes: readonly NamespaceWrites[];
  readonly namespaces: readonly string[];
};

function invokedChaincode(transaction: EndorserTransaction): string | undefined {
  const extension = readOr(
    transaction.channelHeader.getExtension_asU8(),
    peer.ChaincodeHeaderExtension,
  );
  return extension?.getChaincodeId()?.getName();
}

/** An event must name the chaincode that was invoked. */
function refuseEvent(events: Uint8Array, chaincode: string): boolean {
  if (events.length === 0) return false;
  const event = readOr(events, peer.ChaincodeEvent);
  return event?.getChaincodeId() !== chaincode;
}

/** Namespaces to ask for policies: the invoked chaincode's, and all that are written. */
function namespacesOf(chaincode: string, writes: readonly NamespaceWrites[]): readonly string[] {
  const written = writes.filter((set) => set.keys.length > 0).map((set) => set.namespace);
  return [...new Set([chaincode, ...written])];
}

/** Reads and checks what the endorsers signed (core/committer/txvalidator/v20/plugindispatcher). */
function readAction(transaction: EndorserTransaction): Action | ValidationCode {
  const chaincode = invokedChaincode(transaction);
  const action = readOr(transaction.responsePayload.getExtension_asU8(), peer.ChaincodeAction);
  if (action === undefined) return ValidationCode.BAD_RESPONSE_PAYLOAD;
  const writes = readWrites(action.getResults_asU8());
  if (writes === undefined) return ValidationCode.BAD_RWSET;
  const endorsedId = action.getChaincodeId();
  if (chaincode === undefined || endorsedId === undefined) {
    return ValidationCode.INVALID_OTHER_REASON;
  }
  if (chaincode === '' || chaincode !== endorsedId.getName() || endorsedId.getVersion() === '') {
    return ValidationCode.INVALID_CHAINCODE;
  }
  if (refuseEvent(action.getEvents_asU8(), chaincode)) return ValidationCode.INVALID_OTHER_REASON;
  if (new Set(writes.map((set) => set.namespace)).size !== writes.length) {
    return ValidationCode.ILLEGAL_WRITESET;
  }
  return { writes, namespaces: namespacesOf(chaincode, writes) };
}

/** Gives each transaction of a block a code, before the ledger looks at read conflicts (core/committer/txvalidator/v20). */
export class Validator {
  readonly #options: ValidatorOptions;
  #changesDefinitions = false;

  constructor(options: ValidatorOptions) {
    this.#options = options;
  }

  /** Whether the block that was looked at last may change the channel's chaincode definitions. */
  get changesDefinitions(): boolean {
    return this.#changesDefinitions;
  }

  /** One code a transaction, in order. The ledger must have committed all blocks before. */
  validate(block: common.Block): readonly ValidationCode[] {
    const changed = new ChangedKeyPolicies();
    const seen = new Set<string>();
    this.#changesDefinitions = false;
    const envelopes = block.getData()?.getDataList_asU8() ?? [];
    // The genesis block is what all agreed on beforehand; nobody signed it.
    if (block.getHeader()?.getNumber() === 0) return envelopes.map(() => ValidationCode.VALID);
    return envelopes.map((envelope) => {
      const check = checkEnvelope(envelope, this.#options.channel, this.#options.msps);
      if (check.kind === 'invalid') return check.code;
      const code = this.#validateTransaction(check.transaction, changed);
      if (code !== ValidationCode.VALID) return code;
      if (seen.has(check.transaction.txId)) return ValidationCode.DUPLICATE_TXID;
      seen.add(check.transaction.txId);
      return code;
    });
  }

  #validateTransaction(
    transaction: EndorserTransaction,
    changed: ChangedKeyPolicies,
  ): ValidationCode {
    const { definitions, ledger } = this.#options;
    if (ledger.hasTransaction(transaction.txId)) return ValidationCode.DUPLICATE_TXID;
    const action = readAction(transaction);
    if (typeof action === 'number') return action;
    const endorsers = this.#endorsers(transaction);
    for (const namespace of action.namespaces) {
      if (definitions.endorsementRule(namespace) === undefined) {
        return ValidationCode.INVALID_CHAINCODE;
      }
      const none = { namespace, keys: [], metadataKeys: [] };
      const writes = action.writes.find((set) => set.namespace === namespace) ?? none;
      if (!satisfiesPolicies({ definitions, ledger }, writes, endorsers, changed)) {
        return ValidationCode.ENDORSEMENT_POLICY_FAILURE;
      }
    }
    changed.add(action.writes);
    this.#changesDefinitions ||= action.namespaces.includes(LIFECYCLE_NAMESPACE);
    return ValidationCode.VALID;
  }

  #endorsers(transaction: EndorserTransaction): ReturnType<typeof signatories> {
    const { endorsedAction } = transaction;
    const payload = endorsedAction.getProposalResponsePayload_asU8();
    const signatures = endorsedAction.getEndorsementsList().map((endorsement) => {
      const identity = endorsement.getEndorser_asU8();
      const data = Buffer.concat([payload, identity]);
      return { data, identity, signature: endorsement.getSignature_asU8() };
    });
    return signatories(signatures, this.#options.msps);
  }
}
