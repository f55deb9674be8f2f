import { type common, ledger, peer, common as protos } from '@hyperledger/fabric-protos';

/** What a transaction reads and writes by namespace: keys, public values, and hashes of private ones. */
export function keysOf(envelope: common.Envelope | undefined): unknown {
  const payload = protos.Payload.deserializeBinary(envelope?.getPayload_asU8() ?? new Uint8Array());
  const [action] = peer.Transaction.deserializeBinary(payload.getData_asU8()).getActionsList();
  const endorsed = peer.ChaincodeActionPayload.deserializeBinary(
    action?.getPayload_asU8() ?? new Uint8Array(),
  ).getAction();
  const response = peer.ProposalResponsePayload.deserializeBinary(
    endorsed?.getProposalResponsePayload_asU8() ?? new Uint8Array(),
  );
  const results = peer.ChaincodeAction.deserializeBinary(
    response.getExtension_asU8(),
  ).getResults_asU8();
  const { kvrwset } = ledger.rwset;
  return ledger.rwset.TxReadWriteSet.deserializeBinary(results)
    .getNsRwsetList()
    .map((set) => {
      const kv = kvrwset.KVRWSet.deserializeBinary(set.getRwset_asU8());
      return {
        namespace: set.getNamespace(),
        reads: kv.getReadsList().map((one) => one.getKey()),
        writes: kv.getWritesList().map((one) => [one.getKey(), one.getValue_asB64()]),
        collections: set.getCollectionHashedRwsetList().map((one) => {
          const hashed = kvrwset.HashedRWSet.deserializeBinary(one.getHashedRwset_asU8());
          const written = hashed.getHashedWritesList().map((write) => write.getValueHash_asB64());
          return [one.getCollectionName(), hashed.getHashedReadsList().length, written.sort()];
        }),
      };
    });
}
