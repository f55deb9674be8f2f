import { setTimeout as delay } from 'node:timers/promises';
import { checkpointers } from '@hyperledger/fabric-gateway';
import { common, ledger } from '@hyperledger/fabric-protos';
import { Signer } from '../../../network/devnet/src/msp/signer.ts';
import { signerOf } from '../forge.ts';
import { issue } from '../identities.ts';
import { outcomeOf } from '../person.ts';
import { alone, type Row, step } from '../row.ts';
import {
  type BlockStream,
  type Delivered,
  openBlocks,
  type SeekOptions,
  seekEnvelope,
  told,
} from '../seek.ts';
import type { Organization, World } from '../world.ts';

const GARBAGE = Uint8Array.from([0x0a, 0xff, 0x01, 0x02]);

/** A block of this row's own, and its number. */
async function ownBlock(world: World, name: string): Promise<number> {
  const person = await world.person('hospital');
  const script = [['put', `@${name}`, '1']] as const;
  const transaction = await person.endorse(world.request({ script }));
  return Number((await world.commit(transaction)).blockNumber);
}

async function answered(world: World, options: SeekOptions): Promise<unknown> {
  const stream = await openBlocks(world, options);
  try {
    return told(await stream.rest());
  } finally {
    stream.close();
  }
}

function seek(
  id: string,
  behaviour: string,
  options: SeekOptions | ((world: World) => Promise<SeekOptions>),
): Row {
  return step(`deliver/${id}`, behaviour, async (world) =>
    answered(world, typeof options === 'function' ? await options(world) : options),
  );
}

/** What ends a stream; blocks before it do not matter. */
async function lastOf(stream: BlockStream): Promise<Delivered | string | undefined> {
  const last = (await stream.rest()).at(-1);
  return last !== undefined && 'block' in last ? 'a block' : last;
}

const POSITIONS: readonly Row[] = [
  seek('oldest', 'From the oldest to the oldest: one block, then SUCCESS', {
    start: 'oldest',
    stop: 'oldest',
  }),
  seek('newest', 'From the newest to the newest: one block', { start: 'newest', stop: 'newest' }),
  seek('specified', 'A range of blocks by number', async (world) => {
    const number = await ownBlock(world, 'a');
    return { start: number - 1, stop: number };
  }),
  seek('one', 'One block by number', { start: 2, stop: 2 }),
  seek('reversed', 'A range that ends before it starts', { start: 3, stop: 2 }),
  seek('beyond', 'From a block far in the future', { start: 1_000_000, stop: 1_000_001 }),
  seek('beyond-fail', 'The same, not waiting', {
    start: 1_000_000,
    stop: 1_000_001,
    failIfNotReady: true,
  }),
  seek('no-start', 'No start', { start: 'none' }),
  seek('no-stop', 'No end', { stop: 'none' }),
  step(
    'deliver/fail-if-not-ready',
    'Up to a block that is not there, not waiting',
    async (world) => {
      const number = await ownBlock(world, 'a');
      const stream = await openBlocks(world, {
        start: number,
        stop: 1_000_000,
        failIfNotReady: true,
      });
      const last = await lastOf(stream);
      stream.close();
      return last;
    },
  ),
  step('deliver/waits', 'Up to a block that is not there, waiting for it', async (world) => {
    const number = await ownBlock(world, 'a');
    const stream = await openBlocks(world, { start: number, stop: 1_000_000 });
    const first = await stream.next();
    const other = await ownBlock(world, 'b');
    const found: boolean[] = [];
    for (let one = await stream.next(); one !== undefined; one = await stream.next()) {
      found.push('block' in one && one.block === other);
      if (found.at(-1) === true) break;
    }
    stream.close();
    return {
      first: first !== undefined && 'block' in first && first.block === number,
      found: found.at(-1),
    };
  }),
  step('deliver/next-commit', 'From the next commit on', async (world) => {
    await ownBlock(world, 'a');
    const stream = await openBlocks(world, { start: 'next', stop: 1_000_000 });
    await delay(500);
    const number = await ownBlock(world, 'b');
    const first = await stream.next();
    stream.close();
    return first !== undefined && 'block' in first && first.block <= number;
  }),
  step('deliver/again', 'A stream takes another request after SUCCESS', async (world) => {
    const stream = await openBlocks(world, { start: 0, stop: 0 });
    const first = told(await stream.rest());
    stream.write(await seekEnvelope(world, { start: 1, stop: 1 }));
    const second = told(await stream.rest());
    stream.close();
    return { first, second };
  }),
  step('deliver/not-again', 'A stream ends after a refusal', async (world) => {
    const stream = await openBlocks(world, { start: 3, stop: 2 });
    const first = await stream.rest();
    const second = await stream.next();
    stream.close();
    return { first, second };
  }),
  step('deliver/half-close', 'A client that has no more requests', async (world) => {
    const stream = await openBlocks(world, { start: 0, stop: 0 });
    stream.halfClose();
    const all = await stream.rest();
    const end = await stream.next();
    return { all: told(all), end };
  }),
  step('deliver/headers-only', 'Headers without data, but for a configuration', async (world) => {
    const number = await ownBlock(world, 'a');
    const stream = await openBlocks(world, { start: number, stop: number, headersOnly: true });
    const [found] = await stream.rest();
    stream.close();
    const first = await openBlocks(world, { start: 0, stop: 0, headersOnly: true });
    const [genesis] = await first.rest();
    first.close();
    const has = (one: Delivered | undefined): unknown => {
      const block = one !== undefined && 'block' in one ? one.message.getBlock() : undefined;
      return {
        header: block?.hasHeader(),
        data: block?.hasData(),
        metadata: block?.hasMetadata(),
      };
    };
    return { own: has(found), genesis: has(genesis) };
  }),
];

const REFUSED: readonly Row[] = [
  seek('garbage-seek', 'A seek that is none', { data: GARBAGE }),
  seek('empty-seek', 'No seek', { data: new Uint8Array() }),
  seek('empty-envelope', 'An empty request', { envelope: new Uint8Array() }),
  seek('garbage-envelope', 'A request that is none', { envelope: GARBAGE }),
  seek('unknown-channel', 'A channel that is not there', { channel: 'ghost' }),
  seek('no-channel', 'No channel', { channel: '' }),
  seek('no-time', 'No time', { noTime: true }),
  seek('early', 'A time two minutes ago', { at: -120_000 }),
  seek('late', 'A time two minutes ahead', { at: 120_000 }),
  seek('wrong-signature', 'Signed by somebody else', async (world) => ({
    signer: await signerOf(world, 'clinic'),
  })),
  seek('peer', 'A peer may read', async (world) => ({
    start: 0,
    stop: 0,
    creator: await signerOf(world, 'hospital', 'peer'),
  })),
  seek('insurer', 'Another organization’s user may read', async (world) => ({
    start: 0,
    stop: 0,
    creator: await signerOf(world, 'insurer'),
  })),
  seek('expired', 'A certificate that has expired', async (world) => {
    const { certificatePem, privateKeyPem } = await issue(world.keysDir, 'hospital', {
      from: -7_200_000,
      until: -3_600_000,
    });
    return { creator: new Signer('HospitalMSP', certificatePem, privateKeyPem) };
  }),
  seek('no-unit', 'A certificate without a role', async (world) => {
    const key = await issue(world.keysDir, 'hospital', { unit: '' });
    return { creator: new Signer('HospitalMSP', key.certificatePem, key.privateKeyPem) };
  }),
  step(
    'deliver/expires',
    'A certificate that expires ends the stream at the next block',
    async (world) => {
      const number = await ownBlock(world, 'a');
      const key = await issue(world.keysDir, 'hospital', { until: 3000 });
      const creator = new Signer('HospitalMSP', key.certificatePem, key.privateKeyPem);
      const stream = await openBlocks(world, { start: number, stop: 1_000_000, creator });
      const first = await stream.next();
      await delay(3500);
      await ownBlock(world, 'b');
      const last = await lastOf(stream);
      stream.close();
      return { first: first !== undefined && 'block' in first, last };
    },
  ),
];

/** A transaction with an event, and where it is. */
async function withEvent(world: World): Promise<{ readonly block: number; readonly id: string }> {
  const person = await world.person('hospital');
  const script = [
    ['put', '@a', '1'],
    ['event', 'happened', 'secret payload'],
  ] as const;
  const transaction = await person.endorse(world.request({ script }));
  const status = await world.commit(transaction);
  return { block: Number(status.blockNumber), id: transaction.getTransactionId() };
}

const CONTENT: readonly Row[] = [
  step('deliver/block', 'What a block is made of', async (world) => {
    const number = await ownBlock(world, 'a');
    const person = await world.person('hospital');
    const blocks = await person.network().getBlockEvents({ startBlock: BigInt(number) });
    for await (const block of blocks) {
      blocks.close();
      const entries = block.getMetadata()?.getMetadataList_asU8() ?? [];
      const signatures = common.Metadata.deserializeBinary(
        entries[common.BlockMetadataIndex.SIGNATURES] ?? new Uint8Array(),
      );
      const own = common.OrdererBlockMetadata.deserializeBinary(signatures.getValue_asU8());
      return {
        sizes: {
          previous: block.getHeader()?.getPreviousHash_asU8().length,
          data: block.getHeader()?.getDataHash_asU8().length,
        },
        entries: entries.length,
        filled: entries.map((entry) => entry.length > 0),
        lastConfiguration: own.getLastConfig()?.getIndex(),
        codes: [...(entries[common.BlockMetadataIndex.TRANSACTIONS_FILTER] ?? [])].every(
          (c) => c === 0,
        ),
      };
    }
    return 'none';
  }),
  step('deliver/filtered', 'A block without payloads', async (world) => {
    const { block, id } = await withEvent(world);
    const person = await world.person('hospital');
    const blocks = await person.network().getFilteredBlockEvents({ startBlock: BigInt(block) });
    for await (const found of blocks) {
      blocks.close();
      const own = found.getFilteredTransactionsList().find((one) => one.getTxid() === id);
      return { channel: found.getChannelId(), transaction: own?.toObject() };
    }
    return 'none';
  }),
  step('deliver/filtered-genesis', 'The first block without payloads', async (world) => {
    const person = await world.person('hospital');
    const blocks = await person.network().getFilteredBlockEvents({ startBlock: 0n });
    for await (const found of blocks) {
      blocks.close();
      const transactions = found.getFilteredTransactionsList().map((one) => ({
        ...one.toObject(),
        txid: one.getTxid().length,
      }));
      return { channel: found.getChannelId(), number: found.getNumber(), transactions };
    }
    return 'none';
  }),
  ...(['hospital', 'clinic', 'insurer'] as const).map((organization) =>
    step(
      `deliver/private-data-${organization}`,
      `Blocks with the private data that the ${organization} may read`,
      (world) => privateDataFor(world, organization),
    ),
  ),
  alone(
    step('deliver/private-data-purged', 'Purged data is not delivered any more', async (world) => {
      const number = await putPrivate(world);
      await world.given([['purgePrivate', 'pair', '@a']]);
      return privateSets(world, 'hospital', number);
    }),
  ),
  step('deliver/private-data-deleted', 'Deleted data is still delivered', async (world) => {
    const number = await putPrivate(world);
    await world.given([['deletePrivate', 'pair', '@a']]);
    return privateSets(world, 'hospital', number);
  }),
  step(
    'deliver/private-data-expires',
    'Data past its blockToLive is not delivered any more',
    async (world) => {
      const person = await world.person('hospital');
      const script = [['putPrivate', 'brief', '@a', 'short']] as const;
      const transaction = await person.endorse(world.request({ script }));
      const number = Number((await world.commit(transaction)).blockNumber);
      for (const name of ['b', 'c', 'd', 'e']) await ownBlock(world, name);
      return privateSets(world, 'hospital', number);
    },
  ),
  step('deliver/checkpoint', 'From a checkpoint on, nothing twice', async (world) => {
    const person = await world.person('hospital');
    const number = await ownBlock(world, 'a');
    await ownBlock(world, 'b');
    const checkpoint = checkpointers.inMemory();
    await checkpoint.checkpointBlock(BigInt(number));
    const blocks = await person.network().getBlockEvents({ checkpoint, startBlock: 0n });
    for await (const block of blocks) {
      blocks.close();
      return (block.getHeader()?.getNumber() ?? 0) - number;
    }
    return 'none';
  }),
  step(
    'deliver/gateway-unknown-channel',
    'fabric-gateway tells a refusal by its status',
    async (world) => {
      const person = await world.person('hospital');
      const blocks = await person.network('ghost').getBlockEvents();
      try {
        return await outcomeOf(async () => {
          try {
            await blocks[Symbol.asyncIterator]().next();
            return 'a block';
          } catch (error) {
            if (error instanceof Error && error.constructor === Error) return error.message;
            throw error;
          }
        });
      } finally {
        blocks.close();
      }
    },
  ),
];

async function putPrivate(world: World): Promise<number> {
  const person = await world.person('hospital');
  const script = [
    ['putPrivate', 'pair', '@a', 'pair'],
    ['putPrivate', 'open', '@b', 'open'],
    ['putPrivate', 'all', '@c', 'all'],
  ] as const;
  const request = world.request({ script, by: ['hospital', 'clinic'] });
  const status = await world.commit(await person.endorse(request));
  return Number(status.blockNumber);
}

/** Private write sets of a block as an organization's own peer gives them to its user, this row's keys only. */
async function privateSets(
  world: World,
  organization: Organization,
  number: number,
): Promise<unknown> {
  const person = await world.person(organization);
  const blocks = await person
    .network()
    .getBlockAndPrivateDataEvents({ startBlock: BigInt(number) });
  for await (const found of blocks) {
    blocks.close();
    const sets: unknown[] = [];
    found.getPrivateDataMapMap().forEach((set: ledger.rwset.TxPvtReadWriteSet) => {
      for (const namespace of set.getNsPvtRwsetList()) {
        for (const part of namespace.getCollectionPvtRwsetList()) {
          const writes = ledger.rwset.kvrwset.KVRWSet.deserializeBinary(part.getRwset_asU8());
          const own = writes
            .getWritesList()
            .filter((write) => write.getKey().startsWith(world.prefix))
            .map((write) => [write.getKey(), Buffer.from(write.getValue_asU8()).toString()]);
          if (own.length > 0) sets.push([namespace.getNamespace(), part.getCollectionName(), own]);
        }
      }
    });
    return { sets: sets.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)) };
  }
  return 'none';
}

async function privateDataFor(world: World, organization: Organization): Promise<unknown> {
  const number = await putPrivate(world);
  return privateSets(world, organization, number);
}

export const DELIVER: readonly Row[] = [...POSITIONS, ...REFUSED, ...CONTENT];
