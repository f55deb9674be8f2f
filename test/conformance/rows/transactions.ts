import { common, ledger, peer } from '@hyperledger/fabric-protos';
import type {
  TestProposal,
  TransactionOptions,
} from '../../../network/devnet/src/testing/messages.ts';
import {
  changedHeader,
  forgeProposal,
  forgeTransaction,
  readWriteSet,
  seal,
  signerOf,
  submitEnvelope,
  validationOf,
} from '../forge.ts';
import { codeName } from '../person.ts';
import { alone, type Row, step } from '../row.ts';
import type { World } from '../world.ts';

const GARBAGE = Uint8Array.from([0x0a, 0xff, 0x01, 0x02]);

function forged(
  id: string,
  behaviour: string,
  options:
    | Partial<TransactionOptions>
    | ((world: World) => Partial<TransactionOptions> | Promise<Partial<TransactionOptions>>),
): Row {
  return step(`transactions/${id}`, behaviour, async (world) => {
    const from = await forgeProposal(world);
    const parts = await (typeof options === 'function' ? options(world) : options);
    return validationOf(world, await forgeTransaction(world, from, parts));
  });
}

type Parts = Parameters<typeof seal>[1];

/** A transaction whose envelope is made of changed parts, signed truly. */
function resealed(
  id: string,
  behaviour: string,
  change: (parts: Parts, from: TestProposal, world: World) => Parts,
): Row {
  return step(`transactions/${id}`, behaviour, async (world) => {
    const from = await forgeProposal(world);
    const bytes = await forgeTransaction(world, from, {});
    const payload = common.Payload.deserializeBinary(
      common.Envelope.deserializeBinary(bytes).getPayload_asU8(),
    );
    const parts = {
      channelHeader: from.channelHeader,
      signatureHeader: from.signatureHeader,
      data: payload.getData_asU8(),
    };
    return validationOf(world, seal(from.creator, change(parts, from, world)));
  });
}

/** The same with the channel header changed; what was endorsed is tied to the true one. */
function reheaded(
  id: string,
  behaviour: string,
  change: (header: common.ChannelHeader) => void,
): Row {
  return resealed(id, behaviour, (parts) => ({
    ...parts,
    channelHeader: changedHeader(parts.channelHeader, change),
  }));
}

function actionWith(change: (action: peer.TransactionAction) => void): Partial<TransactionOptions> {
  return {
    change: {
      actions: (actions) => {
        for (const action of actions) change(action);
        return actions;
      },
    },
  };
}

/**
 * Alone in their blocks: a native peer of 3.1.5 waits for ever for a transaction that it cannot read when another one follows
 * in the same block.
 */
const HEADERS: readonly Row[] = [
  forged('honest', 'A forged transaction with true endorsements is valid', {}),
  reheaded('type-message', 'A transaction of type MESSAGE', (header) => {
    header.setType(common.HeaderType.MESSAGE);
  }),
  reheaded('type-config', 'A transaction of type CONFIG', (header) => {
    header.setType(common.HeaderType.CONFIG);
  }),
  reheaded('type-orderer', 'A transaction of type ORDERER_TRANSACTION', (header) => {
    header.setType(common.HeaderType.ORDERER_TRANSACTION);
  }),
  reheaded('type-seek', 'A transaction of type DELIVER_SEEK_INFO', (header) => {
    header.setType(common.HeaderType.DELIVER_SEEK_INFO);
  }),
  reheaded('type-unknown', 'A transaction of a type that is none', (header) => {
    header.setType(99);
  }),
  reheaded('epoch', 'An epoch', (header) => {
    header.setEpoch(1);
  }),
  reheaded('other-transaction-id', 'A transaction id that is not its nonce’s', (header) => {
    header.setTxId('cd'.repeat(32));
  }),
  reheaded('no-transaction-id', 'No transaction id', (header) => {
    header.setTxId('');
  }),
  reheaded('other-channel', 'Another channel in the header', (header) => {
    header.setChannelId('ghost');
  }),
  reheaded('other-extension', 'Another chaincode in the header', (header) => {
    const id = new peer.ChaincodeID();
    id.setName('other');
    const extension = new peer.ChaincodeHeaderExtension();
    extension.setChaincodeId(id);
    header.setExtension$(extension.serializeBinary());
  }),
  reheaded('later-time', 'Another time than was endorsed', (header) => {
    header.setVersion(7);
  }),
  resealed('garbage-data', 'Data that is no transaction', (parts) => ({ ...parts, data: GARBAGE })),
  resealed('no-data', 'No data', (parts) => ({ ...parts, data: new Uint8Array() })),
  resealed('garbage-signature-header', 'A signature header that is none', (parts) => ({
    ...parts,
    signatureHeader: GARBAGE,
  })),
  resealed('garbage-channel-header', 'A channel header that is none', (parts) => ({
    ...parts,
    channelHeader: GARBAGE,
  })),
  resealed('no-nonce', 'No nonce', (parts, from) => {
    const header = new common.SignatureHeader();
    header.setCreator(from.creator.serialized);
    return { ...parts, signatureHeader: header.serializeBinary() };
  }),
];

const ACTIONS: readonly Row[] = [
  forged('no-actions', 'A transaction without actions', { change: { actions: () => [] } }),
  forged('two-actions', 'A transaction of two actions', {
    change: { actions: (actions) => [...actions, ...actions] },
  }),
  forged(
    'garbage-action',
    'An action that is none',
    actionWith((a) => {
      a.setPayload(GARBAGE);
    }),
  ),
  forged(
    'action-without-header',
    'An action without a signature header',
    actionWith((a) => {
      a.setHeader('');
    }),
  ),
  forged(
    'garbage-action-header',
    'An action with a signature header that is none',
    actionWith((a) => {
      a.setHeader(GARBAGE);
    }),
  ),
  forged('other-proposal', 'Endorsed for another proposal', {
    change: { proposalHash: new Uint8Array(32) },
  }),
  forged('broken-endorsement', 'An endorsement with a broken signature', {
    change: {
      endorsement: (endorsement) => {
        endorsement.setSignature(GARBAGE);
      },
    },
  }),
  forged('endorsed-by-clients', 'Endorsed by clients instead of peers', async (world) => ({
    endorsers: [await signerOf(world, 'hospital'), await signerOf(world, 'clinic')],
  })),
  forged('endorsed-by-administrators', 'Endorsed by administrators', async (world) => ({
    endorsers: [
      await signerOf(world, 'hospital', 'administrator'),
      await signerOf(world, 'clinic', 'administrator'),
    ],
  })),
  forged('endorsed-twice', 'One peer’s endorsement twice', async (world) => {
    const peerSigner = await signerOf(world, 'hospital', 'peer');
    return { endorsers: [peerSigner, peerSigner] };
  }),
  forged(
    'endorsed-twice-and-other',
    'One peer’s endorsement twice, and the other’s',
    async (world) => {
      const peerSigner = await signerOf(world, 'hospital', 'peer');
      return { endorsers: [peerSigner, peerSigner, await signerOf(world, 'clinic', 'peer')] };
    },
  ),
  forged('no-endorsements', 'No endorsements', { endorsers: [] }),
];

const RESULTS: readonly Row[] = [
  forged('garbage-results', 'Results that are no read-write set', { results: GARBAGE }),
  forged('empty-results', 'Empty results', { results: new Uint8Array() }),
  forged('garbage-namespace-results', 'A namespace whose results are none', {
    results: readWriteSet([{ name: 'probe', raw: GARBAGE }]),
  }),
  forged('other-version', 'Another version of the chaincode', { version: '9.9' }),
  forged('no-version', 'No version of the chaincode', { version: '' }),
  forged('other-chaincode', 'Another chaincode in the response', { chaincode: 'other' }),
  forged('no-chaincode', 'No chaincode in the response', { chaincode: '' }),
  forged('unknown-namespace', 'Writes to a chaincode that is not defined', (world) => ({
    results: readWriteSet([{ name: 'ghost', writes: { [world.key('a')]: '1' } }]),
  })),
  forged('other-namespace', 'Writes to another chaincode that its policy allows', (world) => ({
    results: readWriteSet([{ name: 'other', writes: { [world.key('a')]: '1' } }]),
  })),
  forged('namespace-twice', 'A namespace twice', (world) => ({
    results: readWriteSet([
      { name: 'probe', writes: { [world.key('a')]: '1' } },
      { name: 'probe', writes: { [world.key('b')]: '2' } },
    ]),
  })),
  forged('system-namespace', 'Writes to the lifecycle’s namespace', (world) => ({
    results: readWriteSet([{ name: '_lifecycle', writes: { [world.key('a')]: '1' } }]),
  })),
  forged('lscc-namespace', 'Writes to the old lifecycle’s namespace', (world) => ({
    results: readWriteSet([{ name: 'lscc', writes: { [world.key('a')]: '1' } }]),
  })),
  forged('empty-key', 'A write to the empty key', {
    results: readWriteSet([{ name: 'probe', writes: { '': '1' } }]),
  }),
  forged('event-of-other', 'An event of another chaincode', (world) => {
    const event = new peer.ChaincodeEvent();
    event.setChaincodeId('other');
    event.setEventName(world.key('e'));
    return { event };
  }),
  forged('event-of-other-transaction', 'An event of another transaction', (world) => {
    const event = new peer.ChaincodeEvent();
    event.setChaincodeId('probe');
    event.setTxId('ef'.repeat(32));
    event.setEventName(world.key('e'));
    return { event };
  }),
  forged('stale-read', 'A read of a version that never was', (world) => {
    const read = new ledger.rwset.kvrwset.KVRead();
    read.setKey(world.key('a'));
    const version = new ledger.rwset.kvrwset.Version();
    version.setBlockNum(1);
    version.setTxNum(7);
    read.setVersion(version);
    const kv = new ledger.rwset.kvrwset.KVRWSet();
    kv.addReads(read);
    return { results: readWriteSet([{ name: 'probe', raw: kv.serializeBinary() }]) };
  }),
];

async function large(world: World, size: number): Promise<unknown> {
  const person = await world.person('hospital');
  return person.submit(
    world.request({ script: [['putLarge', '@a', size]], by: ['hospital', 'clinic'] }),
  );
}

const LIMITS: readonly Row[] = [
  step(
    'transactions/large',
    'A transaction larger than a block should be gets a block of its own',
    async (world) => {
      const person = await world.person('hospital');
      const by = ['hospital', 'clinic'];
      const [small, big] = [
        await person.endorse(world.request({ script: [['put', '@s', '1']], by })),
        await person.endorse(world.request({ script: [['putLarge', '@b', 700_000]], by })),
      ];
      const commits = [await small.submit(), await big.submit()];
      const [first, second] = await Promise.all(commits.map((commit) => commit.getStatus()));
      return {
        codes: [codeName(first?.code ?? -1), codeName(second?.code ?? -1)],
        isOwnBlock: first?.blockNumber !== second?.blockNumber,
      };
    },
  ),
  step('transactions/too-large', 'A transaction larger than the channel takes', async (world) => {
    const outcome = await large(world, 1_100_000);
    return JSON.parse(
      JSON.stringify(outcome).replace(/payload is \d+ bytes/, 'payload is <n> bytes'),
    ) as unknown;
  }),
  step('transactions/large-evaluate', 'A large result', async (world) => {
    const person = await world.person('hospital');
    const proposal = person.proposal({ script: [['large', 3_000_000]] });
    return (await proposal.evaluate()).length;
  }),
  step('transactions/large-argument', 'A large argument', async (world) => {
    const person = await world.person('hospital');
    const bytes = await person
      .proposal({ call: ['run', '[["arguments"]]', 'x'.repeat(3_000_000)] })
      .evaluate();
    return bytes.length;
  }),
  alone(
    step(
      'transactions/block-of-ten',
      'A block is cut when it has as many transactions as it may',
      async (world) => {
        const person = await world.person('hospital');
        const by = ['hospital', 'clinic'];
        for (let attempt = 0; ; attempt += 1) {
          const transactions = [];
          for (let n = 0; n < 10; n += 1) {
            const script = [['put', `@${attempt}-${n}`, '1']] as const;
            transactions.push(await person.endorse(world.request({ script, by })));
          }
          const commits = await Promise.all(transactions.map((t) => t.submit()));
          const statuses = await Promise.all(commits.map((commit) => commit.getStatus()));
          const blocks = new Set(statuses.map((s) => s.blockNumber));
          if (blocks.size === 1) return { transactions: statuses.length, blocks: 1 };
          if (attempt === 20) return { blocks: blocks.size };
        }
      },
    ),
  ),
  alone(
    step(
      'transactions/blocks-of-more',
      'More transactions than a block may have',
      async (world) => {
        const person = await world.person('hospital');
        const by = ['hospital', 'clinic'];
        const transactions = [];
        for (let n = 0; n < 12; n += 1) {
          const script = [['put', `@${n}`, '1']] as const;
          transactions.push(await person.endorse(world.request({ script, by })));
        }
        const commits = await Promise.all(transactions.map((t) => t.submit()));
        const statuses = await Promise.all(commits.map((commit) => commit.getStatus()));
        const counts = new Map<bigint, number>();
        for (const { blockNumber } of statuses) {
          counts.set(blockNumber, (counts.get(blockNumber) ?? 0) + 1);
        }
        return {
          codes: [...new Set(statuses.map((s) => codeName(s.code)))],
          isNoneLarger: Math.max(...counts.values()) <= 10,
          isMoreThanOne: counts.size > 1,
        };
      },
    ),
  ),
];

const REFUSED: readonly Row[] = [
  step(
    'transactions/not-a-writer',
    'Signed by a peer: it is no writer of the channel',
    async (world) => {
      const creator = await signerOf(world, 'hospital', 'peer');
      const from = await forgeProposal(world, { creator });
      return submitEnvelope(world, await forgeTransaction(world, from, {}));
    },
  ),
  step(
    'transactions/by-orderer',
    'Signed by an orderer: it is a writer of the channel',
    async (world) => {
      const creator = await signerOf(world, 'hospital', 'orderer');
      const from = await forgeProposal(world, { creator });
      return validationOf(world, await forgeTransaction(world, from, {}));
    },
  ),
  step('transactions/wrong-signature', 'Signed by somebody else', async (world) => {
    const from = await forgeProposal(world);
    const bytes = await forgeTransaction(world, from, {});
    const envelope = common.Envelope.deserializeBinary(bytes);
    const other = await signerOf(world, 'clinic');
    envelope.setSignature(other.sign(envelope.getPayload_asU8()));
    return submitEnvelope(world, envelope.serializeBinary());
  }),
  step('transactions/configuration-update', 'An empty configuration update', async (world) => {
    const from = await forgeProposal(world);
    const channelHeader = changedHeader(from.channelHeader, (header) => {
      header.setType(common.HeaderType.CONFIG_UPDATE);
    });
    const { signatureHeader, creator } = from;
    const data = new common.ConfigUpdateEnvelope().serializeBinary();
    return submitEnvelope(world, seal(creator, { channelHeader, signatureHeader, data }));
  }),
];

/** What becomes of transactions that no honest client makes. */
export const TRANSACTIONS: readonly Row[] = [
  ...[...HEADERS, ...ACTIONS, ...RESULTS].map(alone),
  ...LIMITS,
  ...REFUSED,
];
