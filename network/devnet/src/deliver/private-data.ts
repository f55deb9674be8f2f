import { type common, ledger, peer } from '@hyperledger/fabric-protos';
import type { GatewayContext } from '../gateway/context.ts';
import { satisfiesPolicy } from '../policy/evaluate.ts';
import { type SignedData, signatories } from '../policy/signature-set.ts';

/** The collections of a write set that a reader may see. */
function readable(
  context: GatewayContext,
  set: ledger.rwset.TxPvtReadWriteSet,
  reader: SignedData,
): ledger.rwset.TxPvtReadWriteSet | undefined {
  const identities = signatories([reader], context.msps);
  const mayRead = (namespace: string, name: string): boolean => {
    const collection = context.definitions.collection(namespace, name);
    if (collection === undefined) return false;
    return !collection.memberOnlyRead || satisfiesPolicy(collection.memberRule, identities);
  };
  const namespaces = set.getNsPvtRwsetList().flatMap((namespace) => {
    const name = namespace.getNamespace();
    const collections = namespace
      .getCollectionPvtRwsetList()
      .filter((collection) => mayRead(name, collection.getCollectionName()));
    if (collections.length === 0) return [];
    const message = new ledger.rwset.NsPvtReadWriteSet();
    message.setNamespace(name);
    message.setCollectionPvtRwsetList(collections);
    return [message];
  });
  if (namespaces.length === 0) return undefined;
  const message = new ledger.rwset.TxPvtReadWriteSet();
  message.setDataModel(set.getDataModel());
  message.setNsPvtRwsetList(namespaces);
  return message;
}

/** A block with what this peer holds of its private data and the reader may see, by the transactions' indexes. */
export async function withPrivateData(
  context: GatewayContext,
  block: common.Block,
  reader: SignedData,
): Promise<peer.BlockAndPrivateData> {
  const number = block.getHeader()?.getNumber() ?? 0;
  const sets = await context.ledger.privateWriteSets(context.peers.local.mspId, number);
  const message = new peer.BlockAndPrivateData();
  message.setBlock(block);
  for (const [index, set] of sets) {
    const visible = readable(context, set, reader);
    if (visible !== undefined) message.getPrivateDataMapMap().set(index, visible);
  }
  return message;
}
