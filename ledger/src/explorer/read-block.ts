import { common, peer } from '@hyperledger/fabric-protos';
import type { BlockLine, TransactionAnswer, TransactionLine } from '@pulseledger/domain';
import { blockHash, dataHash } from './block-hash.ts';
import { mspOf, names, type ReadEnvelope, readAction, readEnvelope } from './read-envelope.ts';

/** A block as it was read; whether it hangs on the one before is for who has both. */
export interface ReadBlock {
  readonly line: Omit<BlockLine, 'isChained'>;
  readonly orderers: readonly string[];
  readonly lines: readonly TransactionLine[];
  readonly envelopes: readonly ReadEnvelope[];
}

const CODES: ReadonlyMap<number, string> = names(peer.TxValidationCode);
const { VALID, NOT_VALIDATED } = peer.TxValidationCode;

/** @throws Error when the bytes are no block */
export function readBlock(bytes: Uint8Array): ReadBlock {
  const block = common.Block.deserializeBinary(bytes);
  const header = block.getHeader() ?? new common.BlockHeader();
  const data = block.getData()?.getDataList_asU8() ?? [];
  const metadata = block.getMetadata()?.getMetadataList_asU8() ?? [];
  const codes = [...(metadata[common.BlockMetadataIndex.TRANSACTIONS_FILTER] ?? [])];
  const envelopes = data.map(readEnvelope);
  const lines = envelopes.map(({ line }, index) => ({
    ...line,
    code: codeName(codes[index] ?? NOT_VALIDATED),
  }));
  const times = lines.flatMap(({ atMs }) => atMs ?? []);
  const stated = hex(header.getDataHash_asU8());
  return {
    line: {
      number: header.getNumber(),
      atMs: times.length === 0 ? null : Math.max(...times),
      bytes: bytes.length,
      transactions: lines.length,
      valid: codes.slice(0, lines.length).filter((code) => code === VALID).length,
      hash: blockHash(header),
      dataHash: stated,
      previousHash: hex(header.getPreviousHash_asU8()),
      isDataIntact: dataHash(data) === stated,
    },
    orderers: ordererMsps(metadata[common.BlockMetadataIndex.SIGNATURES]),
    lines,
    envelopes,
  };
}

/** One transaction of a block, with what it did; undefined when the block does not hold it. */
export function transactionIn(block: ReadBlock, id: string): TransactionAnswer | undefined {
  const index = block.lines.findIndex((line) => line.id === id);
  const line = block.lines[index];
  if (line === undefined) return undefined;
  return {
    ...{ ...line, index, block: block.line.number },
    ...readAction(block.envelopes[index]?.content),
  };
}

function codeName(code: number): string {
  return CODES.get(code) ?? String(code);
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function ordererMsps(signatures: Uint8Array | undefined): string[] {
  try {
    return common.Metadata.deserializeBinary(signatures ?? new Uint8Array())
      .getSignaturesList()
      .map((one) => common.SignatureHeader.deserializeBinary(one.getSignatureHeader_asU8()))
      .map((header) => mspOf(header.getCreator_asU8()))
      .filter((mspId) => mspId !== '');
  } catch {
    return [];
  }
}
