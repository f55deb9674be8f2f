import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { gunzipSync, gzipSync } from 'node:zlib';
import { peer } from '@hyperledger/fabric-protos';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { openLedger } from './open.ts';
import {
  BRIEF,
  CLINIC,
  commit,
  endorse,
  HOSPITAL,
  openTestLedger,
  PROVIDERS,
  PULSE,
  query,
  testOptions,
  text,
} from './testing/test-network.ts';
import type { DevelopmentLedger } from './types.ts';

const { VALID, MVCC_READ_CONFLICT } = peer.TxValidationCode;
let root: string;
let dir: string;
let ledger: DevelopmentLedger;
let transactions = 0;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'snapshots-'));
});

afterAll(() => rm(root, { recursive: true }));

beforeEach(async () => {
  dir = join(await mkdtemp(join(root, 'l-')), 'ledger');
  ledger = await openTestLedger(dir);
});

afterEach(() => ledger.close());

/** A transaction that writes a public value and, to two collections, the same privately. */
async function put(key: string, value: string, to: DevelopmentLedger = ledger): Promise<number[]> {
  transactions += 1;
  const endorsed = await endorse(to, `put-${transactions}`, (simulator) => {
    simulator.putState(PULSE, key, Buffer.from(value));
    simulator.putPrivateData(PULSE, PROVIDERS, key, Buffer.from(value));
    simulator.putPrivateData(PULSE, BRIEF, key, Buffer.from(value));
  });
  return commit(to, endorsed);
}

function publicValue(key: string, of: DevelopmentLedger = ledger): Promise<string | undefined> {
  return query(of, (simulator) => text(simulator.getState(PULSE, key)));
}

function privateValue(key: string, mspId: string): Promise<string | undefined> {
  return query(ledger, (s) => text(s.getPrivateData(PULSE, PROVIDERS, key)), mspId);
}

/** Everything that is in the ledger. */
async function contents(of: DevelopmentLedger = ledger): Promise<string> {
  return gunzipSync(await buffer(await of.dump())).toString('latin1');
}

const anyGenesis = (): undefined => undefined;

describe('snapshots of a ledger', () => {
  test('take back public and private state, blocks and history', async () => {
    await put('a', '1');
    const before = await contents();
    const { id, height } = await ledger.snapshot();
    await put('a', '2');
    await put('b', '1');
    expect(await privateValue('a', CLINIC)).toBe('2');
    await ledger.revert(id);
    expect(ledger.height).toBe(height);
    expect(await publicValue('a')).toBe('1');
    expect(await publicValue('b')).toBeUndefined();
    expect(await privateValue('a', CLINIC)).toBe('1');
    expect(await contents()).toBe(before);
    const history = await query(ledger, async (simulator) => {
      const iterator = simulator.getHistoryForKey(PULSE, 'a');
      return [await iterator.next(), await iterator.next()].filter((each) => each !== undefined);
    });
    expect(history).toHaveLength(1);
  });

  test('take back what waited in the transient store, and commit the same transaction again', async () => {
    const first = await endorse(ledger, 'again', (simulator) => {
      simulator.putPrivateData(PULSE, PROVIDERS, 'p', Buffer.from('v'));
    });
    const { id } = await ledger.snapshot();
    expect(await commit(ledger, first)).toEqual([VALID]);
    await ledger.revert(id);
    expect(await privateValue('p', HOSPITAL)).toBeUndefined();
    expect(ledger.hasTransaction('again')).toBe(false);
    expect(await commit(ledger, first)).toEqual([VALID]);
    expect(await privateValue('p', HOSPITAL)).toBe('v');
  });

  test('can be reverted to again and again; later ones are gone', async () => {
    const first = await ledger.snapshot();
    await put('a', '1');
    const second = await ledger.snapshot();
    for (const value of ['2', '3']) {
      await put('a', value);
      await ledger.revert(second.id);
      expect(await publicValue('a')).toBe('1');
    }
    await ledger.revert(first.id);
    expect(ledger.snapshots().map(({ id }) => id)).toEqual([first.id]);
    await expect(ledger.revert(second.id)).rejects.toThrow('there is no snapshot');
    expect(await publicValue('a')).toBeUndefined();
  });

  test('outlive the process', async () => {
    await put('a', '1');
    const { id } = await ledger.snapshot();
    await put('a', '2');
    await ledger.close();
    ledger = await openLedger(testOptions(dir));
    expect(ledger.snapshots()).toHaveLength(1);
    await ledger.revert(id);
    expect(await publicValue('a')).toBe('1');
  });

  test('tell whoever keeps something of the ledger', async () => {
    const { id } = await ledger.snapshot();
    let resets = 0;
    const stop = ledger.onReset(() => {
      resets += 1;
    });
    await ledger.revert(id);
    stop();
    await ledger.revert(id);
    expect(resets).toBe(1);
  });

  test('restore exactly what was there, whatever was done between', async () => {
    const act = fc.oneof(
      fc.record({
        do: fc.constant('put' as const),
        key: fc.constantFrom('a', 'b', 'c'),
        value: fc.constantFrom('1', '2'),
      }),
      fc.record({ do: fc.constant('snapshot' as const) }),
      fc.record({ do: fc.constantFrom('revert' as const, 'release' as const), at: fc.nat(5) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(act, { maxLength: 14 }), async (acts) => {
        const own = await openTestLedger(join(await mkdtemp(join(root, 'p-')), 'ledger'));
        let known: { id: number; state: string }[] = [];
        for (const each of acts) {
          if (each.do === 'put') await put(each.key, each.value, own);
          else if (each.do === 'snapshot') {
            known.push({ id: (await own.snapshot()).id, state: await contents(own) });
          } else {
            const at = known.length === 0 ? -1 : each.at % known.length;
            const target = known[at];
            if (target === undefined) continue;
            if (each.do === 'revert') {
              await own.revert(target.id);
              known = known.slice(0, at + 1);
              expect(await contents(own)).toBe(target.state);
            } else {
              await own.releaseSnapshot(target.id);
              known = known.filter(({ id }) => id !== target.id);
            }
          }
        }
        await own.verifyChain();
        await own.close();
      }),
      { numRuns: 15 },
    );
  });
});

describe('a dump of a ledger', () => {
  test('brings back everything in another folder', async () => {
    await put('a', '1');
    const dump = await buffer(await ledger.dump());
    const other = await openTestLedger(join(await mkdtemp(join(root, 'o-')), 'ledger'));
    await put('gone', '1', other);
    await other.snapshot();
    await other.load(Readable.from([dump]), anyGenesis);
    expect(await contents(other)).toBe(await contents());
    expect(other.height).toBe(ledger.height);
    expect(other.snapshots()).toHaveLength(0);
    expect(await publicValue('gone', other)).toBeUndefined();
    expect(await put('b', '2', other)).toEqual([VALID]);
    await other.close();
  });

  test('is of one moment, whatever is committed while it is written', async () => {
    await put('a', '1');
    const before = await contents();
    const stream = await ledger.dump();
    await put('a', '2');
    expect(gunzipSync(await buffer(stream)).toString('latin1')).toBe(before);
  });

  test('is refused when any byte is damaged or missing, and nothing is left over', async () => {
    await put('a', '1');
    const dump = await buffer(await ledger.dump());
    const plain = gunzipSync(dump);
    await put('a', '2');
    const before = await contents();
    const refused = async (bytes: Buffer): Promise<void> => {
      await expect(ledger.load(Readable.from([bytes]), anyGenesis)).rejects.toThrow(
        'the dump cannot be loaded',
      );
    };
    await fc.assert(
      fc.asyncProperty(fc.nat(plain.length - 1), fc.boolean(), async (at, isCut) => {
        const bytes = Buffer.from(plain);
        bytes[at] = (bytes[at] ?? 0) ^ 0x01;
        await refused(gzipSync(isCut ? plain.subarray(0, at) : bytes));
      }),
      { numRuns: 25 },
    );
    await refused(dump.subarray(0, dump.length - 9));
    await refused(Buffer.from('no dump at all'));
    expect(await contents()).toBe(before);
    expect(await publicValue('a')).toBe('2');
    expect(await readdir(join(dir, '..'))).toEqual(['ledger']);
  });

  test('is refused when its bytes are as written, but a block is another one', async () => {
    await put('a', '1');
    const plain = gunzipSync(await buffer(await ledger.dump()));
    // Blocks come first; the id is in the block's transaction.
    const at = plain.indexOf(`put-${transactions}`);
    plain.write('x', at);
    createHash('sha256')
      .update(plain.subarray(0, -32))
      .digest()
      .copy(plain, plain.length - 32);
    await expect(ledger.load(Readable.from([gzipSync(plain)]), anyGenesis)).rejects.toThrow(
      'block 1 does not hold the data of its data hash',
    );
    expect(await ledger.verifyChain()).toBe(2);
  });

  test('is refused when its genesis block is not wanted', async () => {
    const dump = await buffer(await ledger.dump());
    await put('a', '1');
    await expect(ledger.load(Readable.from([dump]), () => 'another network')).rejects.toThrow(
      'another network',
    );
    expect(await publicValue('a')).toBe('1');
  });
});

describe('faults at the commit', () => {
  test('make a transaction conflict, or a member lose its private data', async () => {
    await ledger.close();
    ledger = await openLedger({
      ...testOptions(dir),
      interventions: {
        codeOf: (txId) => (txId === 'conflicts' ? MVCC_READ_CONFLICT : undefined),
        losesPrivateData: (txId, mspId) => txId === 'loses' && mspId === CLINIC,
      },
    });
    const write = (txId: string): ReturnType<typeof endorse> =>
      endorse(ledger, txId, (s) => {
        s.putPrivateData(PULSE, PROVIDERS, txId, Buffer.from('v'));
      });
    const [a, b, c] = [await write('conflicts'), await write('loses'), await write('keeps')];
    expect(await commit(ledger, a, b, c)).toEqual([MVCC_READ_CONFLICT, VALID, VALID]);
    expect(await privateValue('conflicts', HOSPITAL)).toBeUndefined();
    expect(await privateValue('loses', HOSPITAL)).toBe('v');
    expect(await privateValue('keeps', CLINIC)).toBe('v');
    await expect(privateValue('loses', CLINIC)).rejects.toThrow(
      'private data matching public hash version is not available',
    );
    expect(await ledger.missingPrivateData(10)).toMatchObject([{ mspId: CLINIC, transaction: 1 }]);
  });

  test('tell which read a real conflict came from', async () => {
    await put('a', '1');
    const read = await endorse(ledger, 'late', (simulator) => {
      simulator.getState(PULSE, 'a');
    });
    await put('a', '2');
    expect(await commit(ledger, read)).toEqual([MVCC_READ_CONFLICT]);
    expect(ledger.conflictOf('late')).toEqual({
      code: MVCC_READ_CONFLICT,
      namespace: PULSE,
      collection: '',
      key: 'a',
      read: { block: 1, transaction: 0 },
      found: { block: 2, transaction: 0 },
    });
  });
});
