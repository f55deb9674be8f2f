import { common, ledger } from '@hyperledger/fabric-protos';
import type { SimulationResult } from '../ledger/types.ts';
import { type Rule, readPolicyEnvelope } from '../policy/signature-policy.ts';
import { bytes } from '../protos/bytes.ts';
import { unmarshal } from './proposal.ts';

const SYSTEM_CHAINCODES = new Set(['_lifecycle', 'cscc', 'lscc', 'qscc']);

/** One part of what a transaction touched, for choosing endorsers (protos.ChaincodeCall). */
export interface ChaincodeCall {
  readonly chaincode: string;
  /** undefined for public state. */
  readonly collection: string | undefined;
  readonly keyPolicies: readonly Rule[];
  /** The keys' own policies replace the chaincode's. */
  readonly disregardsChaincodePolicy: boolean;
  /** Nothing private of the collection was read: peers of other organizations can simulate this, too. */
  readonly hasNoPrivateReads: boolean;
}

interface NamespacePolicies {
  /** Collections ('' = public state) whose policy is needed, and whether by a key without one of its own. */
  readonly required: Map<string, boolean>;
  readonly keyPolicies: Rule[];
}

/** @throws Error when it is no policy: such a key cannot be endorsed. */
function readPolicy(envelope: Uint8Array): Rule | undefined {
  const policy = unmarshal('SignaturePolicyEnvelope', envelope, common.SignaturePolicyEnvelope);
  return readPolicyEnvelope(policy);
}

/** Keys of a namespace that are written, counted by collection ('' = public state). */
function writes(set: ledger.rwset.NsReadWriteSet): Map<string, number> {
  const counts = new Map<string, number>();
  const kv = ledger.rwset.kvrwset.KVRWSet.deserializeBinary(set.getRwset_asU8());
  const keys = [...kv.getWritesList(), ...kv.getMetadataWritesList()].map((w) => w.getKey());
  if (keys.length > 0) counts.set('', new Set(keys).size);
  for (const collection of set.getCollectionHashedRwsetList()) {
    const hashed = ledger.rwset.kvrwset.HashedRWSet.deserializeBinary(
      collection.getHashedRwset_asU8(),
    );
    const hashes = [...hashed.getHashedWritesList(), ...hashed.getMetadataWritesList()].map((w) =>
      w.getKeyHash_asB64(),
    );
    if (hashes.length > 0) counts.set(collection.getCollectionName(), new Set(hashes).size);
  }
  return counts;
}

function namespacePolicies(
  set: ledger.rwset.NsReadWriteSet,
  result: SimulationResult,
): NamespacePolicies {
  const namespace = set.getNamespace();
  const required = new Map<string, boolean>();
  const keyPolicies: Rule[] = [];
  const written = writes(set);
  if (written.size > 0) required.set('', false);
  for (const [collection, count] of written) {
    const policies = result.writtenKeyMetadata
      .filter((key) => key.namespace === namespace && key.collection === collection)
      .flatMap((key) => key.metadata.get('VALIDATION_PARAMETER') ?? [])
      .flatMap((policy) => readPolicy(policy) ?? []);
    keyPolicies.push(...policies);
    if (policies.length < count) required.set(collection, true);
  }
  // Only reads: the chaincode's policy is needed all the same.
  if (written.size === 0) required.set('', true);
  for (const read of result.privateReads) {
    if (read.namespace === namespace) required.set(read.collection, true);
  }
  return { required, keyPolicies };
}

function publicCall(chaincode: string, policies: NamespacePolicies): ChaincodeCall[] {
  const needsChaincodePolicy = policies.required.get('') === true;
  if (policies.keyPolicies.length === 0 && !needsChaincodePolicy) return [];
  return [
    {
      chaincode,
      collection: undefined,
      keyPolicies: policies.keyPolicies,
      disregardsChaincodePolicy: !needsChaincodePolicy,
      hasNoPrivateReads: false,
    },
  ];
}

/**
 * What a simulation says about who must endorse it (core/endorser/endorser.go buildChaincodeInterest). Chaincodes that are a
 * part of the peer have no say: every transaction reads the definition of its chaincode, too.
 */
export function chaincodeInterest(result: SimulationResult): readonly ChaincodeCall[] {
  const rwset = ledger.rwset.TxReadWriteSet.deserializeBinary(bytes(result.publicRwset));
  return rwset.getNsRwsetList().flatMap((set) => {
    const chaincode = set.getNamespace();
    if (SYSTEM_CHAINCODES.has(chaincode)) return [];
    const policies = namespacePolicies(set, result);
    const collections = [...policies.required.keys()].filter((name) => name !== '');
    return [
      ...publicCall(chaincode, policies),
      ...collections.map((collection) => ({
        chaincode,
        collection,
        keyPolicies: [],
        disregardsChaincodePolicy: false,
        hasNoPrivateReads: !result.privateReads.some(
          (read) => read.namespace === chaincode && read.collection === collection,
        ),
      })),
    ];
  });
}
