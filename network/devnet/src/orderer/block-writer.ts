import { randomBytes } from 'node:crypto';
import { common } from '@hyperledger/fabric-protos';
import { blockDataHash, blockHeaderBytes, blockHeaderHash } from '../ledger/block-hash.ts';
import type { Signer } from '../msp/signer.ts';

const NONCE_BYTES = 24;
/** Signatures, last configuration, transactions' codes, orderer, commit hash. */
const METADATA_ENTRIES = 5;
/** There are no configuration updates: the configuration is block 0's. */
const LAST_CONFIGURATION = 0;

/** Where a chain of blocks ends. */
export interface ChainEnd {
  /** Number of the next block. */
  readonly height: number;
  /** Header hash of the last block; empty before the first. */
  readonly lastHash: Uint8Array;
}

function metadataMessage(value: Uint8Array): common.Metadata {
  const message = new common.Metadata();
  message.setValue(value);
  return message;
}

function lastConfiguration(): common.LastConfig {
  const message = new common.LastConfig();
  message.setIndex(LAST_CONFIGURATION);
  return message;
}

function signature(
  signer: Signer,
  value: Uint8Array,
  header: common.BlockHeader,
): common.MetadataSignature {
  const signatureHeader = new common.SignatureHeader();
  signatureHeader.setCreator(signer.serialized);
  signatureHeader.setNonce(new Uint8Array(randomBytes(NONCE_BYTES)));
  const headerBytes = signatureHeader.serializeBinary();
  const message = new common.MetadataSignature();
  message.setSignatureHeader(headerBytes);
  message.setSignature(signer.sign(Buffer.concat([value, headerBytes, blockHeaderBytes(header)])));
  return message;
}

/** A block without signature, as the first of a channel is. */
export function newBlock(end: ChainEnd, envelopes: readonly Uint8Array[]): common.Block {
  const data = new common.BlockData();
  data.setDataList([...envelopes]);
  const header = new common.BlockHeader();
  header.setNumber(end.height);
  header.setPreviousHash(end.lastHash);
  header.setDataHash(blockDataHash(data));
  const metadata = new common.BlockMetadata();
  metadata.setMetadataList(Array.from({ length: METADATA_ENTRIES }, () => new Uint8Array()));
  const block = new common.Block();
  block.setHeader(header);
  block.setData(data);
  block.setMetadata(metadata);
  return block;
}

function signBlock(block: common.Block, signer: Signer): void {
  const [header, metadata] = [block.getHeader(), block.getMetadata()];
  if (header === undefined || metadata === undefined) return;
  const value = new common.OrdererBlockMetadata();
  value.setLastConfig(lastConfiguration());
  value.setConsenterMetadata(metadataMessage(new Uint8Array()).serializeBinary());
  const valueBytes = value.serializeBinary();
  const signatures = metadataMessage(valueBytes);
  signatures.addSignatures(signature(signer, valueBytes, header));
  const entries = metadata.getMetadataList_asU8();
  entries[common.BlockMetadataIndex.SIGNATURES] = signatures.serializeBinary();
  entries[common.BlockMetadataIndex.LAST_CONFIG] = metadataMessage(
    lastConfiguration().serializeBinary(),
  ).serializeBinary();
  metadata.setMetadataList(entries);
}

/** Makes the blocks of a chain, each tied to the one before by its hash and signed by the orderer (multichannel/blockwriter.go). */
export class BlockWriter {
  readonly #signer: Signer;
  #end: ChainEnd;

  constructor(signer: Signer, end: ChainEnd) {
    this.#signer = signer;
    this.#end = end;
  }

  next(envelopes: readonly Uint8Array[]): common.Block {
    const block = newBlock(this.#end, envelopes);
    signBlock(block, this.#signer);
    const header = block.getHeader();
    if (header !== undefined) {
      this.#end = { height: this.#end.height + 1, lastHash: blockHeaderHash(header) };
    }
    return block;
  }
}
