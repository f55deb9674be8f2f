import {
  type BlockLine,
  type ChaincodeDefinition,
  PulseError,
  type TransactionAnswer,
  type TransactionLine,
} from '@pulseledger/domain';
import type { LedgerPort } from '../record/ledger-port.ts';
import { TEN } from './story.ts';

/** Of the one transaction that there is. */
export const TRANSACTION: string = 'e'.repeat(64);
/** Blocks there are. */
export const HEIGHT = 60;

/** A ledger of blocks that are all alike: what its bytes say is tested where they are read. */
export const MEMORY_LEDGER: LedgerPort = {
  overview: () =>
    Promise.resolve({
      channel: 'records',
      peers: [
        {
          ...{ organization: 'hospital', mspId: 'HospitalMSP' },
          ...{ height: HEIGHT, lastHash: 'a'.repeat(64) },
        },
        { organization: 'clinic', mspId: 'ClinicMSP', height: null, lastHash: null },
      ],
    }),
  blocks: (before = HEIGHT, pageSize) => {
    const numbers = Array.from({ length: pageSize }, (_, index) => before - 1 - index);
    return Promise.resolve({
      height: HEIGHT,
      blocks: numbers.filter((number) => number >= 0).map(lineOf),
    });
  },
  block: (number) =>
    number < HEIGHT
      ? Promise.resolve({ ...lineOf(number), orderers: ['ClinicMSP'], lines: [LINE] })
      : notFound(),
  transaction: (id) => (id === TRANSACTION ? Promise.resolve(WHOLE) : notFound()),
  chaincodes: () => Promise.resolve({ chaincodes: [DEFINITION] }),
};

const LINE: TransactionLine = {
  id: TRANSACTION,
  atMs: TEN,
  type: 'ENDORSER_TRANSACTION',
  chaincode: 'pulse',
  function: 'vitals:RecordChunks',
  creator: 'HospitalMSP',
  code: 'VALID',
};

const WHOLE: TransactionAnswer = {
  ...LINE,
  block: 3,
  index: 0,
  endorsers: ['HospitalMSP', 'ClinicMSP'],
  event: 'ChunksRecorded',
  touched: [],
};

const DEFINITION: ChaincodeDefinition = {
  name: 'pulse',
  version: '1.0',
  sequence: 1,
  endorsementPolicy: "AND('HospitalMSP.peer','ClinicMSP.peer')",
  approvedBy: ['HospitalMSP', 'ClinicMSP'],
  collections: [],
};

function lineOf(number: number): BlockLine {
  const hashes = { hash: 'b'.repeat(64), dataHash: 'c'.repeat(64), previousHash: 'b'.repeat(64) };
  const checked = { isDataIntact: true, isChained: number === 0 ? null : true };
  return { number, atMs: TEN, bytes: 900, transactions: 1, valid: 1, ...hashes, ...checked };
}

function notFound(): Promise<never> {
  return Promise.reject(new PulseError('not_found'));
}
