import { setTimeout as delay } from 'node:timers/promises';
import {
  type ChaincodeEvent,
  type ChaincodeEventsOptions,
  checkpointers,
} from '@hyperledger/fabric-gateway';
import { gateway } from '@hyperledger/fabric-protos';
import { outcomeOf, type Person } from '../person.ts';
import { type Row, step } from '../row.ts';
import type { World } from '../world.ts';

interface Emitted {
  readonly block: bigint;
  readonly id: string;
}

/** Commits a transaction that emits an event. */
async function emit(world: World, payload: string, chaincode = 'probe'): Promise<Emitted> {
  const person = await world.person('hospital');
  const script = [
    ['put', `@${payload}`, '1'],
    ['event', world.prefix, payload],
  ] as const;
  const transaction = await person.endorse(world.request({ script, chaincode }));
  const { blockNumber } = await world.commit(transaction);
  return { block: blockNumber, id: transaction.getTransactionId() };
}

/** This row's first events, at most as many as wanted, waiting for each a little. */
async function own(
  world: World,
  wanted: number,
  options: ChaincodeEventsOptions,
  chaincode = 'probe',
): Promise<readonly unknown[]> {
  const person = await world.person('hospital');
  const events = await person.network().getChaincodeEvents(chaincode, options);
  const found: unknown[] = [];
  try {
    const iterator = events[Symbol.asyncIterator]();
    while (found.length < wanted) {
      const next = await Promise.race([iterator.next(), delay(3000)]);
      if (next === undefined || next.done === true) break;
      if (next.value.eventName === world.prefix) found.push(shown(next.value));
    }
  } finally {
    events.close();
  }
  return found;
}

function shown(event: ChaincodeEvent): unknown {
  const { chaincodeName, eventName, payload, transactionId } = event;
  return { chaincodeName, eventName, payload: Buffer.from(payload).toString(), transactionId };
}

async function rawEvents(person: Person, request: Uint8Array): Promise<unknown> {
  return new Promise((resolve) => {
    const stream = person.grpc.makeServerStreamRequest(
      '/gateway.Gateway/ChaincodeEvents',
      (bytes: Uint8Array) => Buffer.from(bytes),
      (bytes: Buffer) => bytes,
      request,
      { deadline: Date.now() + 10_000 },
    );
    stream.on('data', () => {
      resolve('data');
      stream.cancel();
    });
    stream.on('error', (error: Error & { code?: number; details?: string }) => {
      resolve({ code: error.code, message: error.details });
    });
    stream.on('end', () => {
      resolve('end');
    });
  });
}

export const EVENTS: readonly Row[] = [
  step('events/emitted', 'A valid transaction’s event', async (world) => {
    const { block } = await emit(world, 'one');
    return own(world, 1, { startBlock: block });
  }),
  step('events/live', 'Events as they come', async (world) => {
    const person = await world.person('hospital');
    const events = await person.network().getChaincodeEvents('probe');
    const iterator = events[Symbol.asyncIterator]();
    const next = iterator.next();
    await delay(500);
    await emit(world, 'one');
    try {
      for (let found = await next; found.done !== true; found = await iterator.next()) {
        if (found.value.eventName === world.prefix) return shown(found.value);
      }
      return 'none';
    } finally {
      events.close();
    }
  }),
  step('events/order', 'Events come in the order of the blocks', async (world) => {
    const { block } = await emit(world, 'one');
    await emit(world, 'two');
    await emit(world, 'three');
    return own(world, 3, { startBlock: block });
  }),
  step('events/other-chaincode', 'Events of one chaincode only', async (world) => {
    const { block } = await emit(world, 'one', 'other');
    await emit(world, 'two');
    return {
      probe: await own(world, 1, { startBlock: block }),
      other: await own(world, 1, { startBlock: block }, 'other'),
    };
  }),
  step('events/invalid', 'An invalid transaction’s event is not sent', async (world) => {
    const person = await world.person('hospital');
    await world.given([['put', '@a', '0']]);
    const late = await person.endorse(
      world.request({
        script: [
          ['get', '@a'],
          ['put', '@a', '1'],
          ['event', world.prefix, 'late'],
        ],
      }),
    );
    const { block } = await emit(world, 'first');
    await world.given([['put', '@a', '2']]);
    const status = await world.commit(late);
    await emit(world, 'second');
    return { code: status.code, events: await own(world, 2, { startBlock: block }) };
  }),
  step(
    'events/last-counts',
    'The last of several events of a transaction counts',
    async (world) => {
      const person = await world.person('hospital');
      const script = [
        ['put', '@a', '1'],
        ['event', '@', 'one'],
        ['event', '@', 'two'],
      ] as const;
      const transaction = await person.endorse(world.request({ script }));
      const status = await world.commit(transaction);
      return own(world, 1, { startBlock: status.blockNumber });
    },
  ),
  step('events/of-failure', 'A failed transaction has no event', async (world) => {
    const person = await world.person('hospital');
    const script = [
      ['event', '@', 'one'],
      ['end', 400, 'no', ''],
    ] as const;
    return person.evaluate(world.request({ script }));
  }),
  step('events/empty-payload', 'An event without a payload', async (world) => {
    const person = await world.person('hospital');
    const script = [
      ['put', '@a', '1'],
      ['event', '@', ''],
    ] as const;
    const status = await world.commit(await person.endorse(world.request({ script })));
    return own(world, 1, { startBlock: status.blockNumber });
  }),
  step('events/after-transaction', 'From the transaction after a checkpoint on', async (world) => {
    const first = await emit(world, 'one');
    await emit(world, 'two');
    const checkpoint = checkpointers.inMemory();
    await checkpoint.checkpointTransaction(first.block, first.id);
    return own(world, 1, { checkpoint });
  }),
  step('events/after-block', 'From the block after a checkpoint on', async (world) => {
    const first = await emit(world, 'one');
    await emit(world, 'two');
    const checkpoint = checkpointers.inMemory();
    await checkpoint.checkpointBlock(first.block);
    return own(world, 1, { checkpoint });
  }),
  step('events/replay', 'The same events again', async (world) => {
    const { block } = await emit(world, 'one');
    const options = { startBlock: block };
    return [await own(world, 1, options), await own(world, 1, options)];
  }),
  step('events/insurer', 'Any organization sees them', async (world) => {
    const { block } = await emit(world, 'one');
    const person = await world.person('insurer');
    const events = await person.network().getChaincodeEvents('probe', { startBlock: block });
    try {
      for await (const event of events) {
        if (event.eventName === world.prefix) return shown(event);
      }
      return 'none';
    } finally {
      events.close();
    }
  }),
  step('events/unknown-chaincode', 'A chaincode that is not there has none', async (world) =>
    own(world, 1, { startBlock: 0n }, 'ghost'),
  ),
  step('events/unknown-channel', 'A channel that is not there', async (world) => {
    const person = await world.person('hospital');
    return outcomeOf(async () => {
      const events = await person.network('ghost').getChaincodeEvents('probe');
      try {
        await events[Symbol.asyncIterator]().next();
      } finally {
        events.close();
      }
    });
  }),
  step('events/far-future', 'From a block far in the future', async (world) => {
    const person = await world.person('hospital');
    const events = await person.network().getChaincodeEvents('probe', { startBlock: 1_000_000n });
    try {
      const next = await outcomeOf(() =>
        Promise.race([events[Symbol.asyncIterator]().next(), delay(1000, 'waits')]),
      );
      return next;
    } finally {
      events.close();
    }
  }),
  step('events/nothing', 'An empty request', async (world) =>
    rawEvents(await world.person('hospital'), new Uint8Array()),
  ),
  step('events/garbage', 'A request that is none', async (world) =>
    rawEvents(await world.person('hospital'), Uint8Array.from([0x0a, 0xff, 0x01, 0x02])),
  ),
  step('events/garbage-inside', 'A signed request that is none', async (world) => {
    const request = new gateway.SignedChaincodeEventsRequest();
    request.setRequest(Uint8Array.from([0x0a, 0xff, 0x01, 0x02]));
    return rawEvents(await world.person('hospital'), request.serializeBinary());
  }),
];
