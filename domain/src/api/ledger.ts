import { z } from 'zod';
import { ORGANIZATIONS, type Organization } from '../connection-profile.ts';
import { DigestHex, MomentMs } from '../identifiers.ts';

/** How one organization's peer stands; null when it does not answer. */
export interface PeerHeight {
  readonly organization: Organization;
  readonly mspId: string;
  readonly height: number | null;
  readonly lastHash: string | null;
}

/** Answer of `GET /ledger`. */
export interface LedgerAnswer {
  readonly channel: string;
  readonly peers: readonly PeerHeight[];
}
export const LedgerAnswer: z.ZodType<LedgerAnswer> = z.object({
  channel: z.string(),
  peers: z.array(
    z.object({
      organization: z.enum(ORGANIZATIONS),
      mspId: z.string(),
      height: z.int().min(0).nullable(),
      lastHash: DigestHex.nullable(),
    }),
  ),
});

/** A block without its transactions. Hashes as hex; `atMs` is the latest time that a client stated in it. */
export interface BlockLine {
  readonly number: number;
  readonly atMs: number | null;
  readonly bytes: number;
  readonly transactions: number;
  /** Of these, so many changed the state. */
  readonly valid: number;
  /** Over the header: what the next block names as `previousHash`. */
  readonly hash: string;
  readonly dataHash: string;
  /** Empty in the first block. */
  readonly previousHash: string;
  /** Is `dataHash` the hash of the block's content? Computed here. */
  readonly isDataIntact: boolean;
  /** Is `previousHash` the hash of the block before? Computed here; null for the first block. */
  readonly isChained: boolean | null;
}

const BlockLineShape = {
  number: z.int().min(0),
  atMs: MomentMs.nullable(),
  bytes: z.int().min(0),
  transactions: z.int().min(0),
  valid: z.int().min(0),
  hash: z.string(),
  dataHash: z.string(),
  previousHash: z.string(),
  isDataIntact: z.boolean(),
  isChained: z.boolean().nullable(),
} satisfies z.core.$ZodShape;

/** Blocks that one page of the list has at most. */
export const MAX_BLOCK_PAGE = 25;

/** Answer of `GET /ledger/blocks`, newest first. */
export interface BlocksAnswer {
  /** Blocks there are. */
  readonly height: number;
  readonly blocks: readonly BlockLine[];
}
export const BlocksAnswer: z.ZodType<BlocksAnswer> = z.object({
  height: z.int().min(0),
  blocks: z.array(z.object(BlockLineShape)),
});

/** What stands about a transaction in public, in short. */
export interface TransactionLine {
  /** Empty for some transactions of the channel's configuration. */
  readonly id: string;
  readonly atMs: number | null;
  /** Fabric's name of the kind of envelope, such as `ENDORSER_TRANSACTION`. */
  readonly type: string;
  readonly chaincode: string | null;
  /** Contract and function, such as `vitals:RecordChunks`: the transaction's one public argument. */
  readonly function: string | null;
  /** MSP of whoever signed it. */
  readonly creator: string;
  /** Fabric's name of the validation code; `VALID` alone changed the state. */
  readonly code: string;
}

const TransactionLineShape = {
  id: z.string(),
  atMs: MomentMs.nullable(),
  type: z.string(),
  chaincode: z.string().nullable(),
  function: z.string().nullable(),
  creator: z.string(),
  code: z.string(),
} satisfies z.core.$ZodShape;

/** Answer of `GET /ledger/blocks/{number}`. */
export interface BlockAnswer extends BlockLine {
  /** MSPs of the orderers that signed the block. */
  readonly orderers: readonly string[];
  /** In the block's order; the channel's block size bounds them. */
  readonly lines: readonly TransactionLine[];
}
export const BlockAnswer: z.ZodType<BlockAnswer> = z.object({
  ...BlockLineShape,
  orderers: z.array(z.string()),
  lines: z.array(z.object(TransactionLineShape)),
});

/** Private data that a transaction touched: keys and values are not in the block, only hashes of them. */
export interface CollectionHashes {
  readonly collection: string;
  readonly reads: number;
  readonly writes: number;
  /** SHA-256 over everything that was written to the collection; empty when nothing was. */
  readonly hash: string;
}

/** What a transaction touched in one chaincode's state: keys counted, not named. */
export interface Touched {
  readonly namespace: string;
  readonly reads: number;
  readonly writes: number;
  readonly collections: readonly CollectionHashes[];
}

/** Answer of `GET /ledger/transactions/{id}`. */
export interface TransactionAnswer extends TransactionLine {
  readonly block: number;
  /** Place in the block, from 0. */
  readonly index: number;
  /** MSPs of the peers that endorsed it. */
  readonly endorsers: readonly string[];
  /** Name of the chaincode event. */
  readonly event: string | null;
  readonly touched: readonly Touched[];
}
export const TransactionAnswer: z.ZodType<TransactionAnswer> = z.object({
  ...TransactionLineShape,
  block: z.int().min(0),
  index: z.int().min(0),
  endorsers: z.array(z.string()),
  event: z.string().nullable(),
  touched: z.array(
    z.object({
      namespace: z.string(),
      reads: z.int().min(0),
      writes: z.int().min(0),
      collections: z.array(
        z.object({
          collection: z.string(),
          reads: z.int().min(0),
          writes: z.int().min(0),
          hash: z.string(),
        }),
      ),
    }),
  ),
});

/** A private data collection, as the organizations agreed on it. Policies as Fabric's text. */
export interface CollectionDefinition {
  readonly name: string;
  readonly members: string;
  /** Null: the chaincode's. */
  readonly endorsementPolicy: string | null;
  /** Blocks after which the values are purged; 0 is never. */
  readonly blockToLive: number;
}

/** A chaincode as it is committed on the channel. */
export interface ChaincodeDefinition {
  readonly name: string;
  readonly version: string;
  readonly sequence: number;
  readonly endorsementPolicy: string;
  /** MSPs that have approved this sequence. */
  readonly approvedBy: readonly string[];
  readonly collections: readonly CollectionDefinition[];
}

/** Answer of `GET /ledger/chaincodes`. */
export interface ChaincodesAnswer {
  readonly chaincodes: readonly ChaincodeDefinition[];
}
export const ChaincodesAnswer: z.ZodType<ChaincodesAnswer> = z.object({
  chaincodes: z.array(
    z.object({
      name: z.string(),
      version: z.string(),
      sequence: z.int().min(1),
      endorsementPolicy: z.string(),
      approvedBy: z.array(z.string()),
      collections: z.array(
        z.object({
          name: z.string(),
          members: z.string(),
          endorsementPolicy: z.string().nullable(),
          blockToLive: z.int().min(0),
        }),
      ),
    }),
  ),
});
