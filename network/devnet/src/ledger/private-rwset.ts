import { common, ledger, peer } from '@hyperledger/fabric-protos';
import { decodeRwset } from './rwset-codec.ts';
import { parseTransaction } from './transaction.ts';

interface CollectionName {
  readonly namespace: string;
  readonly collection: string;
}

/** The collections that each valid transaction of a block wrote, by the transaction's index. */
export function writtenCollections(
  block: common.Block,
): readonly (readonly [number, readonly CollectionName[]])[] {
  const codes = block.getMetadata()?.getMetadataList_asU8()[
    common.BlockMetadataIndex.TRANSACTIONS_FILTER
  ];
  const envelopes = block.getData()?.getDataList_asU8() ?? [];
  return envelopes.flatMap((envelope, index) => {
    if (codes?.[index] !== peer.TxValidationCode.VALID) return [];
    const action = parseTransaction(envelope)?.action;
    if (action === undefined) return [];
    const collections = decodeRwset(action.getResults_asU8()).flatMap((set) =>
      set.collections.filter(({ privateHash }) => privateHash !== undefined),
    );
    return collections.length === 0 ? [] : [[index, collections] as const];
  });
}

/** A transaction's private write set from those of its collections. */
export function privateRwset(
  parts: readonly (CollectionName & { readonly bytes: Uint8Array })[],
): ledger.rwset.TxPvtReadWriteSet {
  const namespaces = new Map<string, ledger.rwset.CollectionPvtReadWriteSet[]>();
  for (const { namespace, collection, bytes } of parts) {
    const part = new ledger.rwset.CollectionPvtReadWriteSet();
    part.setCollectionName(collection);
    part.setRwset(bytes);
    namespaces.set(namespace, [...(namespaces.get(namespace) ?? []), part]);
  }
  const message = new ledger.rwset.TxPvtReadWriteSet();
  message.setDataModel(ledger.rwset.TxReadWriteSet.DataModel.KV);
  message.setNsPvtRwsetList(
    [...namespaces].map(([namespace, collections]) => {
      const set = new ledger.rwset.NsPvtReadWriteSet();
      set.setNamespace(namespace);
      set.setCollectionPvtRwsetList(collections);
      return set;
    }),
  );
  return message;
}
