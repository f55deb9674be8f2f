/** What anybody with a peer's blocks sees of each transaction. */
import { common, peer } from '@hyperledger/fabric-protos';
import { decodeRwset, type SpaceRwset } from '../../network/devnet/src/ledger/rwset-codec.ts';

/** A transaction as the blocks show it. */
export interface SeenTransaction {
  /** Place in the chain. */
  readonly block: number;
  readonly index: number;
  /** The client's clock. */
  readonly atMs: number;
  readonly creator: string;
  readonly mspId: string;
  /** Contract and function: arguments are public. */
  readonly name: string;
  /** Public keys that were read. */
  readonly publicReads: readonly string[];
  /** Hashes of private keys that were read or written, with the collection's name. */
  readonly hashes: readonly string[];
  /** Transactions that wrote what this one read from private collections, as `block.index`. */
  readonly readFrom: readonly string[];
  /** Number of private writes. */
  readonly writes: number;
}

function nameOf(action: peer.ChaincodeActionPayload): string {
  const proposal = peer.ChaincodeProposalPayload.deserializeBinary(
    action.getChaincodeProposalPayload_asU8(),
  );
  const specification = peer.ChaincodeInvocationSpec.deserializeBinary(proposal.getInput_asU8());
  const [name] = specification.getChaincodeSpec()?.getInput()?.getArgsList_asU8() ?? [];
  return Buffer.from(name ?? []).toString();
}

function resultsOf(action: peer.ChaincodeActionPayload): Uint8Array {
  const response = peer.ProposalResponsePayload.deserializeBinary(
    action.getAction()?.getProposalResponsePayload_asU8() ?? new Uint8Array(),
  );
  return peer.ChaincodeAction.deserializeBinary(response.getExtension_asU8()).getResults_asU8();
}

const NOTHING = new Uint8Array();

/** The first action of a transaction; Fabric's clients make one. */
function actionOf(payload: common.Payload): peer.ChaincodeActionPayload {
  const [first] = peer.Transaction.deserializeBinary(payload.getData_asU8()).getActionsList();
  return peer.ChaincodeActionPayload.deserializeBinary(first?.getPayload_asU8() ?? NOTHING);
}

function whoAndWhen(
  header: common.Header | undefined,
): Pick<SeenTransaction, 'atMs' | 'creator' | 'mspId'> & { readonly type: number } {
  const channel = common.ChannelHeader.deserializeBinary(
    header?.getChannelHeader_asU8() ?? NOTHING,
  );
  const signer = common.SignatureHeader.deserializeBinary(
    header?.getSignatureHeader_asU8() ?? NOTHING,
  );
  const creator = Buffer.from(signer.getCreator_asU8());
  return {
    type: channel.getType(),
    atMs: channel.getTimestamp()?.toDate().getTime() ?? 0,
    creator: creator.toString('base64'),
    mspId: /\w+MSP/.exec(creator.toString('latin1'))?.[0] ?? '',
  };
}

function hashedKeys({ collection, reads, writes }: SpaceRwset): string[] {
  return [...reads, ...writes].map(
    ({ key }) => `${collection}/${Buffer.from(key, 'latin1').toString('hex')}`,
  );
}

function writersOf({ reads }: SpaceRwset): string[] {
  return reads.flatMap(({ version }) =>
    version === undefined ? [] : `${version.block}.${version.transaction}`,
  );
}

function seen(payload: common.Payload, block: number, index: number): SeenTransaction | undefined {
  const { type, ...caller } = whoAndWhen(payload.getHeader());
  if (type !== common.HeaderType.ENDORSER_TRANSACTION) return undefined;
  const action = actionOf(payload);
  const spaces = decodeRwset(resultsOf(action));
  const privates = spaces.flatMap(({ collections }) => collections);
  return {
    ...{ block, index, name: nameOf(action), ...caller },
    publicReads: spaces.flatMap(({ publicSpace }) => publicSpace.reads.map(({ key }) => key)),
    hashes: privates.flatMap(hashedKeys),
    readFrom: privates.flatMap(writersOf),
    writes: privates.reduce((sum, { writes }) => sum + writes.length, 0),
  };
}

/** The envelopes of whole blocks. */
export function envelopesOf(blocks: readonly Buffer[]): Uint8Array[][] {
  return blocks.map(
    (bytes) => common.Block.deserializeBinary(bytes).getData()?.getDataList_asU8() ?? [],
  );
}

/** Every transaction of these blocks, given by their envelopes. */
export function transactionsIn(blocks: readonly (readonly Uint8Array[])[]): SeenTransaction[] {
  return blocks.flatMap((envelopes, block) =>
    envelopes.flatMap((envelope, index) => {
      const payload = common.Payload.deserializeBinary(
        common.Envelope.deserializeBinary(envelope).getPayload_asU8(),
      );
      return seen(payload, block, index) ?? [];
    }),
  );
}
