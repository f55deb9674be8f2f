import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { peer } from '@hyperledger/fabric-protos';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { sha256 } from './bytes.ts';
import { Database } from './database.ts';
import {
  BRIEF,
  BRIEF_BLOCKS_TO_LIVE,
  CLINIC,
  commit,
  commitAll,
  drain,
  endorse,
  HOSPITAL,
  INSURER,
  nextBlock,
  openTestLedger,
  PROVIDERS,
  PULSE,
  query,
  text,
} from './testing/test-network.ts';
import type { Ledger, TxSimulator } from './types.ts';

const { VALID, MVCC_READ_CONFLICT, ENDORSEMENT_POLICY_FAILURE } = peer.TxValidationCode;

type Chaincode = (simulator: TxSimulator) => void;

function put(key: string, value: string, collection: string = PROVIDERS): Chaincode {
  return (simulator) => {
    simulator.putPrivateData(PULSE, collection, key, Buffer.from(value));
  };
}

function purge(key: string, collection: string = PROVIDERS): Chaincode {
  return (simulator) => {
    simulator.purgePrivateData(PULSE, collection, key);
  };
}

describe('private data', () => {
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

  const read = (
    key: string,
    mspId: string = HOSPITAL,
    collection: string = PROVIDERS,
  ): Promise<string | undefined> =>
    query(ledger, (simulator) => text(simulator.getPrivateData(PULSE, collection, key)), mspId);

  const hash = (key: string, collection: string = PROVIDERS): Promise<Uint8Array | undefined> =>
    query(ledger, (simulator) => simulator.getPrivateDataHash(PULSE, collection, key), INSURER);

  const held = (mspId: string, collection: string = PROVIDERS): Promise<string[]> =>
    query(
      ledger,
      async (simulator) =>
        (await drain(simulator.getPrivateDataRange(PULSE, collection, '', ''))).map(
          ({ key }) => key,
        ),
      mspId,
    );

  /** Every byte of the database that an organization outside the collection could not have. */
  async function databaseHolds(needle: string): Promise<boolean> {
    await ledger.close();
    const database = await Database.open(dir, false);
    const entries = await database.all({ from: Buffer.alloc(1), to: Buffer.alloc(1, 0xff) });
    await database.close();
    ledger = await openTestLedger(dir);
    return entries.some(({ key, value }) => key.includes(needle) || value.includes(needle));
  }

  const emptyBlock = (): Promise<number[]> => commit(ledger);

  it('reaches every member from the one that endorsed', async () => {
    await commit(ledger, await endorse(ledger, 'tx', put('key', 'value'), { mspId: CLINIC }));
    expect([await read('key'), await read('key', CLINIC)]).toEqual(['value', 'value']);
    expect(await held(INSURER)).toEqual([]);
  });

  it('keeps nothing for an organization that is no member', async () => {
    const { result } = await endorse(ledger, 'tx', put('key', 'needle-value'), { persistAt: [] });
    await ledger.persistTransient(INSURER, 'tx', result.privateRwset!);
    expect(await databaseHolds('needle-value')).toBe(false);
    await ledger.persistTransient(HOSPITAL, 'tx', result.privateRwset!);
    expect(await databaseHolds('needle-value')).toBe(true);
  });

  it('goes to implicit collections of one organization only', async () => {
    await commit(
      ledger,
      await endorse(ledger, 'tx', put('key', 'own', '_implicit_org_InsurerMSP'), {
        mspId: INSURER,
      }),
    );
    expect(await read('key', INSURER, '_implicit_org_InsurerMSP')).toBe('own');
    expect(await held(HOSPITAL, '_implicit_org_InsurerMSP')).toEqual([]);
  });

  it('survives a restart between endorsement and commit', async () => {
    const { envelope } = await endorse(ledger, 'tx', put('key', 'value'));
    await ledger.close();
    ledger = await openTestLedger(dir);
    expect(await commit(ledger, { envelope })).toEqual([VALID]);
    expect(await read('key', CLINIC)).toBe('value');
  });

  it('is taken from the simulation that was committed, when one transaction was simulated twice', async () => {
    await endorse(ledger, 'tx', put('key', 'first'));
    const second = await endorse(ledger, 'tx', put('key', 'second'));
    await endorse(ledger, 'tx', put('key', 'third'));
    await commit(ledger, second);
    expect(await read('key')).toBe('second');
  });

  it('is dropped from the transient store with its transaction, valid or not', async () => {
    const valid = await endorse(ledger, 'tx1', (s) => {
      put('key', 'needle-one')(s);
    });
    const invalid = await endorse(ledger, 'tx2', put('key', 'needle-two'), {
      persistAt: [HOSPITAL, CLINIC],
    });
    await ledger.commitBlock(
      nextBlock(ledger, [valid.envelope, invalid.envelope], [VALID, ENDORSEMENT_POLICY_FAILURE]),
    );
    expect(await databaseHolds('needle-two')).toBe(false);
    expect(await read('key')).toBe('needle-one');
  });

  it('conflicts by hash, reads of values and of hashes alike', async () => {
    await commit(ledger, await endorse(ledger, 'tx0', put('key', 'zero')));
    const byValue = await endorse(ledger, 'tx1', (s) => {
      s.getPrivateData(PULSE, PROVIDERS, 'key');
      s.putState(PULSE, 'a', Buffer.from('1'));
    });
    const byHash = await endorse(
      ledger,
      'tx2',
      (s) => {
        s.getPrivateDataHash(PULSE, PROVIDERS, 'key');
        s.putState(PULSE, 'b', Buffer.from('1'));
      },
      { mspId: INSURER },
    );
    const absent = await endorse(ledger, 'tx3', (s) => {
      s.getPrivateDataHash(PULSE, PROVIDERS, 'absent');
      put('absent', 'x')(s);
    });
    const blind = await endorse(ledger, 'tx4', put('key', 'blind'));
    const absentToo = await endorse(ledger, 'tx5', (s) => {
      s.getPrivateDataHash(PULSE, PROVIDERS, 'absent');
      put('absent', 'y')(s);
    });
    await commit(ledger, await endorse(ledger, 'write', put('key', 'one')));
    expect(await commit(ledger, byValue, byHash, absent, blind, absentToo)).toEqual([
      MVCC_READ_CONFLICT,
      MVCC_READ_CONFLICT,
      VALID,
      VALID,
      MVCC_READ_CONFLICT,
    ]);
    expect([await read('key'), await read('absent')]).toEqual(['blind', 'x']);
  });

  it('is recorded as missing when no member has it, and cannot be read then', async () => {
    await commit(ledger, await endorse(ledger, 'tx0', put('key', 'old')));
    const lost = await endorse(ledger, 'tx1', put('key', 'new'), { persistAt: [] });
    const { missing, transactions } = await commitAll(ledger, [lost]);
    expect(transactions[0]?.code).toBe(VALID);
    const expected = [HOSPITAL, CLINIC].map((mspId) => ({
      mspId,
      block: 2,
      transaction: 0,
      namespace: PULSE,
      collection: PROVIDERS,
    }));
    expect(missing).toEqual(expected);
    const recorded = await ledger.missingPrivateData(10);
    expect(new Set(recorded)).toEqual(new Set(expected));
    expect(await ledger.missingPrivateData(1)).toHaveLength(1);
    await expect(read('key')).rejects.toThrow(
      'private data matching public hash version is not available. Public hash version = {BlockNum: 2, TxNum: 0}, Private data version = {BlockNum: 1, TxNum: 0}',
    );
    expect(await hash('key')).toEqual(sha256('new'));
  });

  it('ignores private data whose hash is not the endorsed one', async () => {
    const honest = await endorse(ledger, 'tx', put('key', 'honest'), { persistAt: [] });
    await endorse(ledger, 'tx', put('key', 'forged'));
    const { missing } = await commitAll(ledger, [honest]);
    expect(missing).toHaveLength(2);
    expect(await held(HOSPITAL)).toEqual([]);
  });

  it('is deleted at every member, hash included', async () => {
    await commit(ledger, await endorse(ledger, 'tx1', put('key', 'value')));
    await commit(
      ledger,
      await endorse(ledger, 'tx2', (s) => {
        s.deletePrivateData(PULSE, PROVIDERS, 'key');
      }),
    );
    expect([await read('key'), await read('key', CLINIC), await hash('key')]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('stays readable when only its metadata changes', async () => {
    const policy = new Map([['VALIDATION_PARAMETER', Buffer.from('policy')]]);
    await commit(ledger, await endorse(ledger, 'tx1', put('key', 'value')));
    await commit(
      ledger,
      await endorse(ledger, 'tx2', (s) => {
        s.putPrivateDataMetadata(PULSE, PROVIDERS, 'key', policy);
      }),
    );
    expect([await read('key'), await read('key', CLINIC)]).toEqual(['value', 'value']);
    const metadata = ledger.privateKeyMetadata(PULSE, PROVIDERS, sha256('key'));
    expect(text(metadata.get('VALIDATION_PARAMETER'))).toBe('policy');
  });

  describe('purge', () => {
    it("removes the value and its key from every member's store", async () => {
      await commit(ledger, await endorse(ledger, 'tx1', put('needle-key', 'needle-value')));
      await commit(ledger, await endorse(ledger, 'tx2', purge('needle-key')));
      expect(await hash('needle-key')).toBeUndefined();
      expect(await databaseHolds('needle-key')).toBe(false);
      expect(await databaseHolds('needle-value')).toBe(false);
    });

    it('works without the write set that names the key', async () => {
      await commit(
        ledger,
        await endorse(ledger, 'tx1', put('needle-key', 'a')),
        await endorse(ledger, 'tx2', put('other', 'b')),
      );
      const unnamed = await endorse(ledger, 'tx3', purge('needle-key'), { persistAt: [] });
      await commit(ledger, unnamed);
      expect([await held(HOSPITAL), await held(CLINIC)]).toEqual([['other'], ['other']]);
    });

    it('works without it on a value of the same block, and leaves a later one', async () => {
      const unnamed = (txId: string, key: string): ReturnType<typeof endorse> =>
        endorse(ledger, txId, purge(key), { persistAt: [] });
      await commit(
        ledger,
        await endorse(ledger, 'tx1', put('gone', 'a')),
        await unnamed('tx2', 'gone'),
        await unnamed('tx3', 'back'),
        await endorse(ledger, 'tx4', put('back', 'b')),
      );
      expect(await held(HOSPITAL)).toEqual(['back']);
      expect(await read('back', CLINIC)).toBe('b');
    });
  });

  describe('blockToLive', () => {
    it('removes value and hash when that many blocks have followed', async () => {
      await commit(ledger, await endorse(ledger, 'tx', put('needle-key', 'value', BRIEF)));
      for (let block = 0; block < BRIEF_BLOCKS_TO_LIVE; block += 1) {
        await emptyBlock();
        expect(await read('needle-key', CLINIC, BRIEF)).toBe('value');
      }
      await emptyBlock();
      expect(await read('needle-key', CLINIC, BRIEF)).toBeUndefined();
      expect(await hash('needle-key', BRIEF)).toBeUndefined();
      expect(await databaseHolds('needle-key')).toBe(false);
    });

    it('goes on past block numbers that fill a byte', async () => {
      while (ledger.height < 254) await emptyBlock();
      await commit(ledger, await endorse(ledger, 'tx', put('key', 'value', BRIEF)));
      while (ledger.height < 257) await emptyBlock();
      expect(await read('key', HOSPITAL, BRIEF)).toBe('value');
      await emptyBlock();
      expect(await hash('key', BRIEF)).toBeUndefined();
    });

    it('counts from the last write, or change of metadata', async () => {
      await commit(ledger, await endorse(ledger, 'tx1', put('key', 'first', BRIEF)));
      await emptyBlock();
      await commit(ledger, await endorse(ledger, 'tx2', put('key', 'second', BRIEF)));
      await emptyBlock();
      await commit(
        ledger,
        await endorse(ledger, 'tx3', (s) => {
          s.putPrivateDataMetadata(
            PULSE,
            BRIEF,
            'key',
            new Map([['VALIDATION_PARAMETER', Buffer.from('x')]]),
          );
        }),
      );
      await emptyBlock();
      await emptyBlock();
      expect(await read('key', HOSPITAL, BRIEF)).toBe('second');
      await emptyBlock();
      expect(await read('key', HOSPITAL, BRIEF)).toBeUndefined();
    });

    it('leaves a value that the expiring block itself writes anew', async () => {
      await commit(ledger, await endorse(ledger, 'tx1', put('key', 'first', BRIEF)));
      await emptyBlock();
      await emptyBlock();
      await commit(ledger, await endorse(ledger, 'tx2', put('key', 'second', BRIEF)));
      expect(await read('key', HOSPITAL, BRIEF)).toBe('second');
    });

    it('holds across restarts and leaves other collections alone', async () => {
      await commit(
        ledger,
        await endorse(ledger, 'tx', (s) => {
          put('key', 'brief', BRIEF)(s);
          put('key', 'lasting')(s);
        }),
      );
      await emptyBlock();
      await ledger.close();
      ledger = await openTestLedger(dir);
      await emptyBlock();
      await emptyBlock();
      expect(await hash('key', BRIEF)).toBeUndefined();
      expect(await read('key', CLINIC)).toBe('lasting');
    });
  });
});
