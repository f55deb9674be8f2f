import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { common, peer } from '@hyperledger/fabric-protos';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { blockDataHash, blockHeaderHash } from './block-hash.ts';
import { openLedger } from './open.ts';
import {
  commit,
  commitAll,
  drain,
  endorse,
  envelope,
  nextBlock,
  openTestLedger,
  PULSE,
  query,
  testOptions,
  text,
  transactionEnvelope,
} from './testing/test-network.ts';
import type { CommitResult, Ledger, TxSimulator } from './types.ts';

const {
  VALID,
  MVCC_READ_CONFLICT,
  PHANTOM_READ_CONFLICT,
  DUPLICATE_TXID,
  ENDORSEMENT_POLICY_FAILURE,
  NIL_TXACTION,
  NOT_VALIDATED,
  INVALID_OTHER_REASON,
} = peer.TxValidationCode;
const one = Buffer.from('one');
const two = Buffer.from('two');

function write(key: string, value: Uint8Array = one): (simulator: TxSimulator) => void {
  return (simulator) => {
    simulator.putState(PULSE, key, value);
  };
}

function readThenWrite(key: string): (simulator: TxSimulator) => void {
  return (simulator) => {
    simulator.getState(PULSE, key);
    simulator.putState(PULSE, key, two);
  };
}

describe('committing a block', () => {
  let dir: string;
  let ledger: Ledger;

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'devnet-ledger-'));
    ledger = await openTestLedger(dir);
  });

  afterEach(async () => {
    await ledger.close();
    await rm(dir, { recursive: true });
  });

  const read = (key: string): Promise<string | undefined> =>
    query(ledger, (simulator) => text(simulator.getState(PULSE, key)));

  describe('of the chain', () => {
    it('refuses a block that is not the next one, and stays as it was', async () => {
      const before = { height: ledger.height, lastHash: ledger.lastHash };
      const wrongNumber = nextBlock({ height: 7, lastHash: ledger.lastHash }, []);
      const wrongPrevious = nextBlock({ height: 1, lastHash: Buffer.alloc(32) }, []);
      const wrongData = nextBlock(ledger, []);
      wrongData.getHeader()!.setDataHash(Buffer.alloc(32));
      await expect(ledger.commitBlock(wrongNumber)).rejects.toThrow(
        'expected block number [1], but received block number [7]',
      );
      await expect(ledger.commitBlock(wrongPrevious)).rejects.toThrow('unexpected previous hash');
      await expect(ledger.commitBlock(wrongData)).rejects.toThrow(
        'does not hold the data of its data hash',
      );
      await expect(ledger.commitBlock(new common.Block())).rejects.toThrow('no header');
      expect({ height: ledger.height, lastHash: ledger.lastHash }).toEqual(before);
      await ledger.commitBlock(nextBlock(ledger, []));
      expect(ledger.height).toBe(2);
    });

    it('refuses a block whose transactions have not all been validated', async () => {
      const bytes = transactionEnvelope('tx', new Uint8Array());
      await expect(ledger.commitBlock(nextBlock(ledger, [bytes], []))).rejects.toThrow(
        'transaction 0 in block 1 has skipped validation',
      );
      await expect(
        ledger.commitBlock(nextBlock(ledger, [bytes, bytes], [VALID, NOT_VALIDATED])),
      ).rejects.toThrow('transaction 1 in block 1 has skipped validation');
    });

    it('links each block to the one before it, and keeps the blocks', async () => {
      for (const txId of ['tx1', 'tx2', 'tx3'])
        await commit(ledger, await endorse(ledger, txId, write(txId)));
      let previous: Uint8Array = new Uint8Array();
      for (let number = 0; number < ledger.height; number += 1) {
        const block = await ledger.block(number);
        const header = block!.getHeader()!;
        expect(header.getPreviousHash_asU8()).toEqual(new Uint8Array(previous));
        expect(header.getDataHash_asU8()).toEqual(new Uint8Array(blockDataHash(block!.getData()!)));
        previous = blockHeaderHash(header);
      }
      expect(previous).toEqual(ledger.lastHash);
      expect(await ledger.block(4)).toBeUndefined();
    });

    it('commits blocks in the order of the calls', async () => {
      const first = nextBlock(ledger, []);
      const second = nextBlock({ height: 2, lastHash: blockHeaderHash(first.getHeader()!) }, []);
      const results = await Promise.all([ledger.commitBlock(first), ledger.commitBlock(second)]);
      expect(results.map(({ number }) => number)).toEqual([1, 2]);
    });
  });

  describe('of reads', () => {
    it('invalidates a transaction whose read is out of date', async () => {
      const stale = await endorse(ledger, 'stale', readThenWrite('key'));
      const blind = await endorse(ledger, 'blind', write('key', Buffer.from('blind')));
      expect(await commit(ledger, await endorse(ledger, 'first', readThenWrite('key')))).toEqual([
        VALID,
      ]);
      expect(await commit(ledger, stale, blind)).toEqual([MVCC_READ_CONFLICT, VALID]);
      expect(await read('key')).toBe('blind');
    });

    it('invalidates a transaction that read a key which an earlier one of its block wrote or deleted', async () => {
      const first = await endorse(ledger, 'first', write('key'));
      const second = await endorse(ledger, 'second', readThenWrite('key'));
      const deletesNothing = await endorse(ledger, 'delete', (s) => {
        s.deleteState(PULSE, 'absent');
      });
      const readsAbsent = await endorse(ledger, 'absent', readThenWrite('absent'));
      expect(await commit(ledger, first, second, deletesNothing, readsAbsent)).toEqual([
        VALID,
        MVCC_READ_CONFLICT,
        VALID,
        MVCC_READ_CONFLICT,
      ]);
      expect(await read('key')).toBe('one');
    });

    it('does not let an invalid transaction stand in the way of a later one', async () => {
      await commit(ledger, await endorse(ledger, 'tx0', write('guard')));
      const stale = await endorse(ledger, 'stale', (s) => {
        s.getState(PULSE, 'guard');
        s.putState(PULSE, 'key', one);
      });
      const fresh = await endorse(ledger, 'fresh', readThenWrite('key'));
      await commit(ledger, await endorse(ledger, 'tx1', write('guard')));
      const refused = await endorse(ledger, 'refused', write('key'));
      const block = nextBlock(
        ledger,
        [stale.envelope, refused.envelope, fresh.envelope],
        [VALID, ENDORSEMENT_POLICY_FAILURE, VALID],
      );
      const { transactions } = await ledger.commitBlock(block);
      expect(transactions.map(({ code }) => code)).toEqual([
        MVCC_READ_CONFLICT,
        ENDORSEMENT_POLICY_FAILURE,
        VALID,
      ]);
      expect(await read('key')).toBe('two');
    });

    it('finds phantoms: inserted, deleted and changed keys of a range, also from the same block', async () => {
      await commit(
        ledger,
        await endorse(ledger, 'fill', (s) => {
          for (const key of ['a', 'c', 'e']) s.putState(PULSE, key, one);
        }),
      );
      const scan = (txId: string, start: string, end: string): ReturnType<typeof endorse> =>
        endorse(ledger, txId, async (s) => {
          await drain(s.getStateRange(PULSE, start, end));
          s.putState(PULSE, `z-${txId}`, one);
        });
      const inserted = await scan('inserted', 'a', 'd');
      const deleted = await scan('deleted', 'd', 'f');
      const beside = await scan('beside', 'f', 'k');
      const open = await scan('open', 'e', '');
      expect(await commit(ledger, await endorse(ledger, 'b', write('b')), inserted)).toEqual([
        VALID,
        PHANTOM_READ_CONFLICT,
      ]);
      expect(
        await commit(
          ledger,
          await endorse(ledger, '-e', (s) => {
            s.deleteState(PULSE, 'e');
          }),
        ),
      ).toEqual([VALID]);
      expect(await commit(ledger, deleted, beside, open)).toEqual([
        PHANTOM_READ_CONFLICT,
        VALID,
        PHANTOM_READ_CONFLICT,
      ]);
    });

    it('repeats a range that was not read to its end only up to the last key shown', async () => {
      await commit(
        ledger,
        await endorse(ledger, 'fill', (s) => {
          for (const key of ['a', 'c', 'e']) s.putState(PULSE, key, one);
        }),
      );
      const partly = (txId: string): ReturnType<typeof endorse> =>
        endorse(ledger, txId, async (s) => {
          const range = s.getStateRange(PULSE, 'a', 'z');
          await range.next();
          await range.next();
        });
      const before = await partly('tx1');
      expect(await commit(ledger, await endorse(ledger, 'd', write('d')))).toEqual([VALID]);
      const last = await partly('tx2');
      expect(await commit(ledger, before)).toEqual([VALID]);
      expect(await commit(ledger, await endorse(ledger, 'c', write('c')), last)).toEqual([
        VALID,
        PHANTOM_READ_CONFLICT,
      ]);
    });

    it('finds phantoms in ranges that are kept as a summary', async () => {
      const keys = Array.from({ length: 3000 }, (_, at) => `k${String(at).padStart(5, '0')}`);
      await commit(
        ledger,
        await endorse(ledger, 'fill', (s) => {
          for (const key of keys) s.putState(PULSE, key, one);
        }),
      );
      const scan = (txId: string): ReturnType<typeof endorse> =>
        endorse(ledger, txId, async (s) => {
          await drain(s.getStateRange(PULSE, 'k', 'l'));
        });
      const same = await scan('same');
      const changed = await scan('changed');
      expect(same.envelope.length).toBeLessThan(4000);
      expect(await commit(ledger, same)).toEqual([VALID]);
      expect(await commit(ledger, await endorse(ledger, 'x', write('k02999')), changed)).toEqual([
        VALID,
        PHANTOM_READ_CONFLICT,
      ]);
    });
  });

  describe('of transaction ids', () => {
    it('takes a transaction id once, in a block and in the ledger', async () => {
      const first = await endorse(ledger, 'tx', write('key'));
      const again = await endorse(ledger, 'tx', write('key', two));
      expect(await commit(ledger, first, again)).toEqual([VALID, DUPLICATE_TXID]);
      expect(await commit(ledger, again)).toEqual([DUPLICATE_TXID]);
      expect(await read('key')).toBe('one');
      expect(ledger.transactionStatus('tx')).toEqual({ block: 1, transaction: 0, code: VALID });
    });

    it("remembers an invalid transaction's id too", async () => {
      const refused = await endorse(ledger, 'tx', write('key'));
      await ledger.commitBlock(nextBlock(ledger, [refused.envelope], [ENDORSEMENT_POLICY_FAILURE]));
      expect(ledger.hasTransaction('tx')).toBe(true);
      expect(await commit(ledger, refused)).toEqual([DUPLICATE_TXID]);
      expect(ledger.transactionStatus('tx')?.code).toBe(ENDORSEMENT_POLICY_FAILURE);
    });

    it('counts inside a block only ids that passed validation', async () => {
      const refused = await endorse(ledger, 'tx', write('key'));
      const block = nextBlock(
        ledger,
        [refused.envelope, refused.envelope],
        [ENDORSEMENT_POLICY_FAILURE, VALID],
      );
      const { transactions } = await ledger.commitBlock(block);
      expect(transactions.map(({ code }) => code)).toEqual([ENDORSEMENT_POLICY_FAILURE, VALID]);
    });

    it('answers a transaction and its code', async () => {
      const { envelope: bytes } = await endorse(ledger, 'tx', write('key'));
      await commit(ledger, { envelope: bytes });
      const transaction = await ledger.transaction('tx');
      expect(transaction?.getValidationcode()).toBe(VALID);
      expect(transaction?.getTransactionenvelope()?.serializeBinary()).toEqual(bytes);
      expect(await ledger.transaction('other')).toBeUndefined();
      expect(ledger.transactionStatus('other')).toBeUndefined();
    });
  });

  it('gives a code to what cannot be read, and takes configurations as they are', async () => {
    const endorser = common.HeaderType.ENDORSER_TRANSACTION;
    const envelopes = [
      Buffer.from('no envelope'),
      envelope('empty', endorser, new Uint8Array()),
      transactionEnvelope('garbled', Buffer.from([0x12, 0x7f, 0x01])),
      envelope('', common.HeaderType.CONFIG, Buffer.from('configuration')),
    ];
    const { transactions } = await ledger.commitBlock(nextBlock(ledger, envelopes));
    expect(transactions.map(({ code }) => code)).toEqual([
      INVALID_OTHER_REASON,
      NIL_TXACTION,
      INVALID_OTHER_REASON,
      VALID,
    ]);
  });

  it('keeps metadata when a value is written, the value when metadata is, and drops both on delete', async () => {
    const policy = new Map([['VALIDATION_PARAMETER', Buffer.from('policy')]]);
    const policyOf = (key: string): string | undefined =>
      text(ledger.keyMetadata(PULSE, key).get('VALIDATION_PARAMETER'));
    await commit(ledger, await endorse(ledger, 'tx1', write('key')));
    await commit(
      ledger,
      await endorse(ledger, 'tx2', (s) => {
        s.putStateMetadata(PULSE, 'key', policy);
        s.putStateMetadata(PULSE, 'absent', policy);
      }),
    );
    expect([policyOf('key'), policyOf('absent'), await read('key')]).toEqual([
      'policy',
      undefined,
      'one',
    ]);
    await commit(ledger, await endorse(ledger, 'tx3', write('key', two)));
    expect([policyOf('key'), await read('key')]).toEqual(['policy', 'two']);
    await commit(
      ledger,
      await endorse(ledger, 'tx4', (s) => {
        s.deleteState(PULSE, 'key');
      }),
      await endorse(ledger, 'tx5', (s) => {
        s.putStateMetadata(PULSE, 'key', policy);
      }),
    );
    expect([policyOf('key'), await read('key')]).toEqual([undefined, undefined]);
    await commit(
      ledger,
      await endorse(ledger, 'tx6', write('key')),
      await endorse(ledger, 'tx7', (s) => {
        s.putStateMetadata(PULSE, 'key', policy);
      }),
    );
    await commit(
      ledger,
      await endorse(ledger, 'tx8', (s) => {
        s.putStateMetadata(PULSE, 'key', new Map());
      }),
    );
    expect(ledger.keyMetadata(PULSE, 'key').size).toBe(0);
  });

  it('tells listeners of every commit, in order, until they stop', async () => {
    const seen: CommitResult[] = [];
    const stop = ledger.onCommit((result) => {
      seen.push(result);
    });
    await commitAll(ledger, [await endorse(ledger, 'tx1', write('key'))]);
    await commitAll(ledger, [await endorse(ledger, 'tx2', write('key'))]);
    stop();
    await commitAll(ledger, []);
    expect(seen.map(({ number, transactions }) => [number, transactions[0]?.txId])).toEqual([
      [1, 'tx1'],
      [2, 'tx2'],
    ]);
    const filter = seen[0]!.block.getMetadata()!.getMetadataList_asU8()[
      common.BlockMetadataIndex.TRANSACTIONS_FILTER
    ];
    expect([...filter!]).toEqual([VALID]);
  });

  describe('and opening again', () => {
    it('continues where it ended', async () => {
      await commit(ledger, await endorse(ledger, 'tx1', write('key')));
      const before = { height: ledger.height, lastHash: Buffer.from(ledger.lastHash) };
      await ledger.close();
      ledger = await openTestLedger(dir);
      expect({ height: ledger.height, lastHash: ledger.lastHash }).toEqual(before);
      expect(await read('key')).toBe('one');
      expect(await commit(ledger, await endorse(ledger, 'tx1', write('key', two)))).toEqual([
        DUPLICATE_TXID,
      ]);
    });

    it('refuses a directory in use, and one of another channel', async () => {
      await expect(openLedger(testOptions(dir))).rejects.toThrow('in use by another process');
      await ledger.close();
      await expect(openLedger({ ...testOptions(dir), channel: 'other' })).rejects.toThrow(
        'holds channel records, not other',
      );
      ledger = await openTestLedger(dir);
      expect(ledger.height).toBe(1);
    });
  });
});
