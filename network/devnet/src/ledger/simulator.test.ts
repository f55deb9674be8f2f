import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ledger as protos } from '@hyperledger/fabric-protos';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { sha256 } from './bytes.ts';
import {
  CLINIC,
  commit,
  drain,
  endorse,
  HOSPITAL,
  INSURER,
  openTestLedger,
  PROVIDERS,
  PULSE,
  query,
  text,
} from './testing/test-network.ts';
import type { Ledger, TxSimulator } from './types.ts';

const { rwset } = protos;
const one = Buffer.from('one');
const two = Buffer.from('two');

function decode(publicRwset: Uint8Array): protos.rwset.kvrwset.KVRWSet.AsObject {
  const [namespace] = rwset.TxReadWriteSet.deserializeBinary(publicRwset).getNsRwsetList();
  return rwset.kvrwset.KVRWSet.deserializeBinary(namespace!.getRwset_asU8()).toObject();
}

function decodeHashed(publicRwset: Uint8Array): protos.rwset.CollectionHashedReadWriteSet {
  const [namespace] = rwset.TxReadWriteSet.deserializeBinary(publicRwset).getNsRwsetList();
  return namespace!.getCollectionHashedRwsetList()[0]!;
}

describe('a simulation', () => {
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

  function write(key: string, value: Uint8Array): (simulator: TxSimulator) => void {
    return (simulator) => {
      simulator.putState(PULSE, key, value);
    };
  }

  it('never sees its own writes', async () => {
    await commit(ledger, await endorse(ledger, 'tx1', write('key', one)));
    await query(ledger, (simulator) => {
      simulator.putState(PULSE, 'key', two);
      simulator.putState(PULSE, 'other', two);
      expect(text(simulator.getState(PULSE, 'key'))).toBe('one');
      expect(simulator.getState(PULSE, 'other')).toBeUndefined();
    });
  });

  it('sees the state of its beginning, whatever is committed meanwhile', async () => {
    await commit(ledger, await endorse(ledger, 'tx1', write('key', one)));
    await query(ledger, async (simulator) => {
      await commit(ledger, await endorse(ledger, 'tx2', write('key', two)));
      expect(text(simulator.getState(PULSE, 'key'))).toBe('one');
      expect(
        (await drain(simulator.getStateRange(PULSE, '', ''))).map(({ value }) => text(value)),
      ).toEqual(['one']);
    });
  });

  it('records reads with versions, and writes sorted by bytes with the last value of a key', async () => {
    await commit(ledger, await endorse(ledger, 'tx1', write('b', one)));
    const { result } = await endorse(ledger, 'tx2', (simulator) => {
      simulator.getState(PULSE, '\u{10ffff}');
      simulator.getState(PULSE, '\ue000');
      simulator.getState(PULSE, 'b');
      simulator.putState(PULSE, 'z', one);
      simulator.putState(PULSE, 'a', one);
      simulator.putState(PULSE, 'z', two);
      simulator.deleteState(PULSE, 'b');
    });
    const set = decode(result.publicRwset);
    expect(set.readsList).toEqual([
      { key: 'b', version: { blockNum: 1, txNum: 0 } },
      { key: '\ue000', version: undefined },
      { key: '\u{10ffff}', version: undefined },
    ]);
    expect(set.writesList).toEqual([
      { key: 'a', isDelete: false, value: one.toString('base64') },
      { key: 'b', isDelete: true, value: '' },
      { key: 'z', isDelete: false, value: two.toString('base64') },
    ]);
    expect(result.privateRwset).toBeUndefined();
  });

  it('builds the same bytes whatever the order of the calls', async () => {
    const calls: ((simulator: TxSimulator) => void)[] = [
      write('a', one),
      (simulator) => simulator.getState(PULSE, 'c'),
      (simulator) => {
        simulator.putPrivateData(PULSE, PROVIDERS, 'p', one);
      },
      (simulator) => {
        simulator.putPrivateData(PULSE, '_implicit_org_ClinicMSP', 'p', two);
      },
      (simulator) => {
        simulator.putState('other', 'a', two);
      },
    ];
    const forward = await endorse(ledger, 'tx', (s) => {
      calls.forEach((call) => {
        call(s);
      });
    });
    const back = await endorse(
      ledger,
      'tx',
      (s) => {
        calls.toReversed().forEach((call) => {
          call(s);
        });
      },
      { mspId: CLINIC },
    );
    expect(back.result.publicRwset).toEqual(forward.result.publicRwset);
    expect(back.result.privateRwset?.serializeBinary()).toEqual(
      forward.result.privateRwset?.serializeBinary(),
    );
  });

  it('treats an empty value as a delete', async () => {
    await commit(ledger, await endorse(ledger, 'tx1', write('key', one)));
    await commit(ledger, await endorse(ledger, 'tx2', write('key', new Uint8Array())));
    expect(await query(ledger, (s) => s.getState(PULSE, 'key'))).toBeUndefined();
  });

  describe('ranges', () => {
    beforeEach(async () => {
      const fill = await endorse(ledger, 'fill', (simulator) => {
        for (const key of ['a', 'b', 'c', 'd', '\0type\0x\0']) simulator.putState(PULSE, key, one);
        simulator.putState('pulsf', 'a', two);
      });
      await commit(ledger, fill);
    });

    it('run from start to end exclusive, with empty for the first and past the last of the namespace', async () => {
      const keys = async (start: string, end: string): Promise<string[]> =>
        query(ledger, async (s) =>
          (await drain(s.getStateRange(PULSE, start, end))).map(({ key }) => key),
        );
      expect(await keys('b', 'd')).toEqual(['b', 'c']);
      expect(await keys('', '')).toEqual(['\0type\0x\0', 'a', 'b', 'c', 'd']);
      expect(await keys('\u0001', '')).toEqual(['a', 'b', 'c', 'd']);
      expect(await keys('\0type\0', `\0type\0\u{10ffff}`)).toEqual(['\0type\0x\0']);
      expect(await keys('d', 'a')).toEqual([]);
    });

    it('go into the read set up to the last key shown, or whole when exhausted', async () => {
      const { result } = await endorse(ledger, 'tx', async (simulator) => {
        const partial = simulator.getStateRange(PULSE, 'a', 'd');
        await partial.next();
        await partial.next();
        await drain(simulator.getStateRange(PULSE, 'c', 'x'));
        await drain(simulator.getStateRange(PULSE, 'm', 'n'));
        await drain(simulator.getStateRange(PULSE, 'm', 'n'));
      });
      const infos = decode(result.publicRwset).rangeQueriesInfoList;
      expect(
        infos.map(({ startKey, endKey, itrExhausted }) => [startKey, endKey, itrExhausted]),
      ).toEqual([
        ['a', 'b', false],
        ['c', 'x', true],
        ['m', 'n', true],
      ]);
      expect(infos.map(({ rawReads }) => rawReads?.kvReadsList.map(({ key }) => key))).toEqual([
        ['a', 'b'],
        ['c', 'd'],
        undefined,
      ]);
      expect(decode(result.publicRwset).readsList).toEqual([]);
    });

    it('page by bookmark', async () => {
      await query(ledger, async (simulator) => {
        const page = simulator.getStateRangePage(PULSE, 'a', '', 2);
        expect((await drain(page)).map(({ key }) => key)).toEqual(['a', 'b']);
        const bookmark = await page.bookmarkAndClose();
        expect(bookmark).toBe('c');
        const rest = simulator.getStateRangePage(PULSE, bookmark, '', 5);
        expect((await drain(rest)).map(({ key }) => key)).toEqual(['c', 'd']);
        expect(await rest.bookmarkAndClose()).toBe('');
      });
    });
  });

  it('refuses writes after a page, and a page after writes', async () => {
    await query(ledger, (simulator) => {
      simulator.getStateRangePage(PULSE, '', '', 1);
      expect(() => {
        simulator.putState(PULSE, 'a', one);
      }).toThrow(
        'txid [query]: unsuppored transaction. Transaction has already performed a paginated query. Writes are not allowed',
      );
    });
    await query(ledger, (simulator) => {
      simulator.putState(PULSE, 'a', one);
      expect(() => simulator.getStateRangePage(PULSE, '', '', 1)).toThrow(
        'txid [query]: unsuppored transaction. Paginated queries are supported only in a read-only transaction',
      );
    });
  });

  it('refuses writes after a private range, and a private range after writes', async () => {
    await query(ledger, (simulator) => {
      simulator.getPrivateDataRange(PULSE, PROVIDERS, '', '');
      for (const refused of [
        () => {
          simulator.putState(PULSE, 'a', one);
        },
        () => {
          simulator.putStateMetadata(PULSE, 'a', new Map());
        },
        () => {
          simulator.purgePrivateData(PULSE, PROVIDERS, 'a');
        },
      ]) {
        expect(refused).toThrow(
          'txid [query]: unsuppored transaction. Transaction has already performed queries on pvt data. Writes are not allowed',
        );
      }
    });
    await query(ledger, (simulator) => {
      simulator.putPrivateData(PULSE, PROVIDERS, 'a', one);
      expect(() => simulator.getPrivateDataRange(PULSE, PROVIDERS, '', '')).toThrow(
        'txid [query]: unsuppored transaction. Queries on pvt data is supported only in a read-only transaction',
      );
    });
  });

  it('refuses rich queries as LevelDB peers do', async () => {
    await query(ledger, (simulator) => {
      expect(() => simulator.executeQuery(PULSE, '{}')).toThrow(
        'ExecuteQuery not supported for leveldb',
      );
      expect(() => simulator.executeQueryPage(PULSE, '{}')).toThrow(
        'ExecuteQueryWithMetadata not supported for leveldb',
      );
      expect(() => simulator.executeQueryOnPrivateData(PULSE, PROVIDERS, '{}')).toThrow(
        'ExecuteQuery not supported for leveldb',
      );
    });
  });

  it('knows only collections of the definition and the implicit ones', async () => {
    await query(ledger, (simulator) => {
      expect(() => simulator.getPrivateData(PULSE, 'nowhere', 'a')).toThrow(
        'collection [nowhere] not defined in the collection config for chaincode [pulse]',
      );
      expect(() => {
        simulator.putPrivateData('other', PROVIDERS, 'a', one);
      }).toThrow(
        'collection config not defined for chaincode [other], pass the collection configuration upon chaincode definition/instantiation',
      );
      expect(simulator.getPrivateData(PULSE, '_implicit_org_InsurerMSP', 'a')).toBeUndefined();
    });
  });

  it('records private reads and writes by hash only, with the hash of the private write set', async () => {
    const { result } = await endorse(ledger, 'tx', (simulator) => {
      simulator.getPrivateDataHash(PULSE, PROVIDERS, 'read');
      simulator.putPrivateData(PULSE, PROVIDERS, 'key', one);
      simulator.purgePrivateData(PULSE, PROVIDERS, 'gone');
    });
    const collection = decodeHashed(result.publicRwset);
    const hashed = rwset.kvrwset.HashedRWSet.deserializeBinary(collection.getHashedRwset_asU8());
    const base64 = (data: string): string => sha256(data).toString('base64');
    expect(hashed.toObject().hashedReadsList).toEqual([
      { keyHash: base64('read'), version: undefined },
    ]);
    expect(hashed.toObject().hashedWritesList).toEqual([
      { keyHash: base64('gone'), isDelete: true, valueHash: '', isPurge: true },
      { keyHash: base64('key'), isDelete: false, valueHash: base64('one'), isPurge: false },
    ]);
    const [privateNamespace] = result.privateRwset!.getNsPvtRwsetList();
    const [privateSet] = privateNamespace!.getCollectionPvtRwsetList();
    expect(Buffer.from(collection.getPvtRwsetHash_asU8())).toEqual(
      sha256(privateSet!.getRwset_asU8()),
    );
    expect(Buffer.from(result.publicRwset).includes('key')).toBe(false);
    expect(result.privateReads).toEqual([]);
  });

  it('reads private values at members, their hashes everywhere', async () => {
    const written = await endorse(ledger, 'tx', (s) => {
      s.putPrivateData(PULSE, PROVIDERS, 'key', one);
    });
    await commit(ledger, written);
    for (const mspId of [HOSPITAL, CLINIC]) {
      expect(
        text(await query(ledger, (s) => s.getPrivateData(PULSE, PROVIDERS, 'key'), mspId)),
      ).toBe('one');
    }
    const hash = await query(ledger, (s) => s.getPrivateDataHash(PULSE, PROVIDERS, 'key'), INSURER);
    expect(hash).toEqual(sha256('one'));
    await query(
      ledger,
      async (simulator) => {
        expect(() => simulator.getPrivateData(PULSE, PROVIDERS, 'key')).toThrow(
          'private data matching public hash version is not available. Public hash version = {BlockNum: 1, TxNum: 0}, Private data version = <nil>',
        );
        expect(await drain(simulator.getPrivateDataRange(PULSE, PROVIDERS, '', ''))).toEqual([]);
      },
      INSURER,
    );
    const { result } = await endorse(ledger, 'tx2', (s) => {
      s.getPrivateData(PULSE, PROVIDERS, 'key');
    });
    expect(result.privateReads).toEqual([{ namespace: PULSE, collection: PROVIDERS }]);
  });

  it('reports the key-level metadata of every key it writes', async () => {
    const policy = new Map([['VALIDATION_PARAMETER', Buffer.from('policy')]]);
    const fill = await endorse(ledger, 'fill', (simulator) => {
      simulator.putState(PULSE, 'public', one);
      simulator.putStateMetadata(PULSE, 'public', policy);
      simulator.putPrivateData(PULSE, PROVIDERS, 'private', one);
      simulator.putPrivateDataMetadata(PULSE, PROVIDERS, 'private', policy);
    });
    await commit(ledger, fill);
    const { result } = await endorse(ledger, 'tx', (simulator) => {
      expect(text(simulator.getStateMetadata(PULSE, 'public').get('VALIDATION_PARAMETER'))).toBe(
        'policy',
      );
      expect(
        text(
          simulator.getPrivateDataMetadata(PULSE, PROVIDERS, 'private').get('VALIDATION_PARAMETER'),
        ),
      ).toBe('policy');
      simulator.putState(PULSE, 'public', two);
      simulator.deletePrivateData(PULSE, PROVIDERS, 'private');
      simulator.putState(PULSE, 'plain', two);
    });
    expect(
      result.writtenKeyMetadata.map(({ collection, key, metadata }) => [
        collection,
        key,
        metadata.size,
      ]),
    ).toEqual([
      ['', 'public', 1],
      [PROVIDERS, 'private', 1],
      ['', 'plain', 0],
    ]);
  });

  it('tells the history of a public key, newest first, deletes included', async () => {
    await commit(ledger, await endorse(ledger, 'tx1', write('key', one)));
    await commit(
      ledger,
      await endorse(ledger, 'tx2', write('key2', one)),
      await endorse(ledger, 'tx3', write('key', two)),
    );
    await commit(
      ledger,
      await endorse(ledger, 'tx4', (s) => {
        s.deleteState(PULSE, 'key');
      }),
    );
    await query(ledger, async (simulator) => {
      const history = simulator.getHistoryForKey(PULSE, 'key');
      const seen: unknown[] = [];
      for (let next = await history.next(); next; next = await history.next()) {
        seen.push([next.getTxId(), next.getIsDelete(), text(next.getValue_asU8())]);
      }
      expect(seen).toEqual([
        ['tx4', true, ''],
        ['tx3', false, 'two'],
        ['tx1', false, 'one'],
      ]);
    });
  });

  it('is over after done, and answers its result once', async () => {
    const simulator = ledger.newSimulator({ mspId: HOSPITAL, txId: 'tx' });
    simulator.result();
    expect(() => simulator.result()).toThrow(
      'this function should only be called once on a transaction simulator instance',
    );
    await simulator.done();
    await simulator.done();
    expect(() => simulator.getState(PULSE, 'a')).toThrow(
      'this instance should not be used after calling Done()',
    );
    expect(() => {
      simulator.putState(PULSE, 'a', one);
    }).toThrow('this instance should not be used after calling Done()');
  });
});
