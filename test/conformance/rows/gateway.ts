import { common, gateway, peer } from '@hyperledger/fabric-protos';
import { forgeProposal, submitEnvelope } from '../forge.ts';
import { CHANNEL, type Outcome, outcomeOf, passedDeadline } from '../person.ts';
import { type Row, script, step } from '../row.ts';
import type { World } from '../world.ts';

const NOTHING = new Uint8Array();
/** A field of a length that is not there. */
const GARBAGE = Uint8Array.from([0x0a, 0xff, 0x01, 0x02]);

type Method = 'Evaluate' | 'Endorse' | 'Submit' | 'CommitStatus';

function raw(id: string, method: Method, behaviour: string, bytes: () => Uint8Array): Row {
  return step(`gateway/${id}`, behaviour, async (world) => {
    const person = await world.person('hospital');
    return person.raw(`/gateway.Gateway/${method}`, bytes());
  });
}

async function ask(
  world: World,
  method: 'Evaluate' | 'Endorse',
  signed: peer.SignedProposal,
  channel: string = CHANNEL,
): Promise<Outcome> {
  const person = await world.person('hospital');
  const request =
    method === 'Evaluate' ? new gateway.EvaluateRequest() : new gateway.EndorseRequest();
  request.setChannelId(channel);
  request.setProposedTransaction(signed);
  const outcome = await person.raw(`/gateway.Gateway/${method}`, request.serializeBinary());
  // What is in an answer of success is of no interest here, and different every time.
  return 'result' in outcome ? { result: 'ok' } : outcome;
}

function proposed(
  id: string,
  behaviour: string,
  make: (world: World) => Promise<peer.SignedProposal>,
  channel?: string,
): Row {
  return step(`gateway/${id}`, behaviour, async (world) => ({
    evaluate: await ask(world, 'Evaluate', await make(world), channel),
    endorse: await ask(world, 'Endorse', await make(world), channel),
  }));
}

function broken(
  part: (proposal: peer.Proposal) => void,
): (world: World) => Promise<peer.SignedProposal> {
  return async (world) => {
    const { signed } = await forgeProposal(world);
    const message = peer.Proposal.deserializeBinary(signed.getProposalBytes_asU8());
    part(message);
    signed.setProposalBytes(message.serializeBinary());
    return signed;
  };
}

/** A transaction's status asked by whoever; the request is the test's own. */
async function askStatus(world: World, txId: string, channel: string = CHANNEL): Promise<Outcome> {
  const person = await world.person('hospital');
  return outcomeOf(async () => {
    const commit = person.commitOf(txId, channel);
    return (await commit.getStatus({ deadline: Date.now() + 1500 })).code;
  });
}

const SYSTEM: readonly Row[] = [
  step('gateway/qscc-height', 'qscc tells the height of the chain', async (world) => {
    const person = await world.person('hospital');
    const contract = person.network().getContract('qscc');
    return outcomeOf(async () => {
      const bytes = await contract.evaluateTransaction('GetChainInfo', CHANNEL);
      const info = common.BlockchainInfo.deserializeBinary(bytes);
      return {
        hasHeight: info.getHeight() > 1,
        hash: info.getCurrentblockhash_asU8().length,
        previous: info.getPreviousblockhash_asU8().length,
      };
    });
  }),
  step('gateway/qscc-transaction', 'qscc tells a transaction and its code', async (world) => {
    const person = await world.person('hospital');
    const transaction = await person.endorse(world.request({ script: [['put', '@a', '1']] }));
    await person.status(transaction);
    const contract = person.network().getContract('qscc');
    const id = transaction.getTransactionId();
    const ask = async (name: string): Promise<Uint8Array> =>
      contract.evaluateTransaction(name, CHANNEL, id);
    return outcomeOf(async () => {
      const found = peer.ProcessedTransaction.deserializeBinary(await ask('GetTransactionByID'));
      const block = common.Block.deserializeBinary(await ask('GetBlockByTxID'));
      const number = block.getHeader()?.getNumber() ?? -1;
      const same = common.Block.deserializeBinary(
        await contract.evaluateTransaction('GetBlockByNumber', CHANNEL, String(number)),
      );
      return {
        code: found.getValidationcode(),
        hasEnvelope: found.getTransactionenvelope() !== undefined,
        sameBlock: same.getHeader()?.getDataHash_asB64() === block.getHeader()?.getDataHash_asB64(),
      };
    });
  }),
  step('gateway/qscc-errors', 'What qscc does not find', async (world) => {
    const person = await world.person('hospital');
    const contract = person.network().getContract('qscc');
    const calls: readonly (readonly [string, ...string[]])[] = [
      ['GetTransactionByID', CHANNEL, 'ghost'],
      ['GetBlockByNumber', CHANNEL, '999999'],
      ['GetBlockByNumber', CHANNEL, 'x'],
      ['GetBlockByTxID', CHANNEL, 'ghost'],
      ['GetBlockByHash', CHANNEL, 'ghost'],
      ['GetChainInfo', 'ghost'],
      ['Ghost', CHANNEL],
      ['GetChainInfo'],
      ['GetBlockByNumber', CHANNEL],
    ];
    const answers = [];
    for (const [name, ...args] of calls) {
      answers.push(await outcomeOf(() => contract.evaluateTransaction(name, ...args)));
    }
    return answers;
  }),
  step('gateway/qscc-submit', 'qscc submitted', async (world) => {
    const person = await world.person('hospital');
    return outcomeOf(() =>
      person.network().getContract('qscc').submitTransaction('GetChainInfo', CHANNEL),
    );
  }),
  step('gateway/cscc', 'cscc tells the channels of a peer', async (world) => {
    const person = await world.person('hospital');
    const contract = person.network().getContract('cscc');
    const channels = await outcomeOf(async () => {
      const bytes = await contract.evaluateTransaction('GetChannels');
      const { channelsList } = peer.ChannelQueryResponse.deserializeBinary(bytes).toObject();
      return channelsList.map(({ channelId }) => channelId).sort();
    });
    const config = await outcomeOf(async () => {
      const bytes = await contract.evaluateTransaction('GetChannelConfig', CHANNEL);
      const group = common.Config.deserializeBinary(bytes).getChannelGroup();
      return [...(group?.getGroupsMap().keys() ?? [])].sort();
    });
    const block = await outcomeOf(async () => {
      const bytes = await contract.evaluateTransaction('GetConfigBlock', CHANNEL);
      return common.Block.deserializeBinary(bytes).getHeader()?.getNumber();
    });
    const ghost = await outcomeOf(() => contract.evaluateTransaction('GetConfigBlock', 'ghost'));
    const unknown = await outcomeOf(() => contract.evaluateTransaction('Ghost', CHANNEL));
    return { channels, config, block, ghost, unknown };
  }),
];

/** The Gateway's methods: what they take and what they refuse. */
export const GATEWAY: readonly Row[] = [
  script('gateway/evaluate-elsewhere', 'A named organization’s peer evaluates', {
    by: ['insurer'],
    evaluate: [['creator']],
  }),
  script('gateway/evaluate-several', 'One of several named organizations evaluates', {
    by: ['clinic', 'insurer'],
    evaluate: [['creator']],
  }),
  script('gateway/evaluate-unknown-organization', 'An organization that is none', {
    by: ['ghost'],
    evaluate: [['creator']],
    submit: [['creator']],
  }),
  script('gateway/endorse-unknown-and-known', 'One that is none and one that is', {
    by: ['hospital', 'ghost', 'spirit'],
    submit: [['creator']],
  }),
  script('gateway/unknown-chaincode', 'A chaincode that is not defined', {
    chaincode: 'ghost',
    evaluate: [['creator']],
    submit: [['creator']],
  }),
  script('gateway/unknown-chaincode-named', 'The same with named organizations', {
    chaincode: 'ghost',
    by: ['hospital', 'clinic'],
    evaluate: [['creator']],
    submit: [['creator']],
  }),
  script('gateway/unknown-chaincode-transient', 'The same with transient data', {
    chaincode: 'ghost',
    transient: { a: 'b' },
    evaluate: [['creator']],
    submit: [['creator']],
  }),
  script('gateway/unknown-channel', 'A channel that is not there', {
    channel: 'ghost',
    evaluate: [['creator']],
    submit: [['creator']],
  }),
  script('gateway/unknown-channel-named', 'The same with named organizations', {
    channel: 'ghost',
    by: ['hospital', 'clinic'],
    evaluate: [['creator']],
    submit: [['creator']],
  }),
  step('gateway/evaluate-twice', 'The same proposal evaluated twice', async (world) => {
    const person = await world.person('hospital');
    const proposal = person.proposal({ script: [['creator']] });
    const once = async (): Promise<Outcome> =>
      outcomeOf(async () => Buffer.from(await proposal.evaluate()).toString());
    return [await once(), await once()];
  }),
  step('gateway/duplicate-proposal', 'A proposal whose transaction is committed', async (world) => {
    const person = await world.person('hospital');
    const proposal = person.proposal(
      world.request({ script: [['put', '@a', '1']], by: ['hospital', 'clinic'] }),
    );
    await person.status(await proposal.endorse());
    return {
      evaluate: await outcomeOf(() => proposal.evaluate()),
      endorse: await outcomeOf(() => proposal.endorse()),
    };
  }),
  step('gateway/duplicate-envelope', 'A transaction submitted twice', async (world) => {
    const person = await world.person('hospital');
    const transaction = await person.endorse(world.request({ script: [['put', '@a', '1']] }));
    const first = await person.status(transaction);
    const again = await outcomeOf(async () => (await person.status(transaction)).code);
    const blocks = await person.network().getFilteredBlockEvents({ startBlock: first.blockNumber });
    const codes: number[] = [];
    for await (const block of blocks) {
      codes.push(
        ...block
          .getFilteredTransactionsList()
          .filter((one) => one.getTxid() === transaction.getTransactionId())
          .map((one) => one.getTxValidationCode()),
      );
      if (codes.length === 2) break;
    }
    blocks.close();
    return { first: first.code, again, codes };
  }),
  step('gateway/result', 'The result is known before the commit', async (world) => {
    const person = await world.person('hospital');
    const transaction = await person.endorse(world.request({ script: [['channel']] }));
    return Buffer.from(transaction.getResult()).toString();
  }),
  step('gateway/status-again', 'A status can be asked for as often as one likes', async (world) => {
    const person = await world.person('hospital');
    const transaction = await person.endorse(world.request({ script: [['put', '@a', '1']] }));
    const commit = await transaction.submit();
    const [a, b] = await Promise.all([commit.getStatus(), commit.getStatus()]);
    const c = await commit.getStatus();
    return [a, b, c].map((s) => [s.code, s.successful, s.blockNumber === a.blockNumber]);
  }),
  step(
    'gateway/status-elsewhere',
    'Another organization’s gateway tells the status, too',
    async (world) => {
      const person = await world.person('hospital');
      const transaction = await person.endorse(world.request({ script: [['put', '@a', '1']] }));
      const commit = await transaction.submit();
      await commit.getStatus();
      const other = await world.person({ of: 'hospital', at: 'insurer' });
      return outcomeOf(
        async () => (await other.gateway.newCommit(commit.getBytes()).getStatus()).code,
      );
    },
  ),
  step('gateway/status-unknown', 'The status of a transaction that is not there', async (world) => {
    return passedDeadline(await askStatus(world, 'ab'.repeat(32)));
  }),
  step('gateway/status-empty', 'The status of no transaction', (world) => askStatus(world, '')),
  step('gateway/status-unknown-channel', 'A status on a channel that is not there', (world) =>
    askStatus(world, 'ab'.repeat(32), 'ghost'),
  ),
  step('gateway/status-no-channel', 'A status on no channel', (world) =>
    askStatus(world, 'ab'.repeat(32), ''),
  ),
  raw('evaluate-nothing', 'Evaluate', 'An empty Evaluate request', () => NOTHING),
  raw('endorse-nothing', 'Endorse', 'An empty Endorse request', () => NOTHING),
  raw('submit-nothing', 'Submit', 'An empty Submit request', () => NOTHING),
  raw('status-nothing', 'CommitStatus', 'An empty CommitStatus request', () => NOTHING),
  raw('evaluate-garbage', 'Evaluate', 'An Evaluate request that is none', () => GARBAGE),
  raw('endorse-garbage', 'Endorse', 'An Endorse request that is none', () => GARBAGE),
  raw('submit-garbage', 'Submit', 'A Submit request that is none', () => GARBAGE),
  raw('status-garbage', 'CommitStatus', 'A CommitStatus request that is none', () => GARBAGE),
  raw('status-garbage-inside', 'CommitStatus', 'A signed status request that is none', () => {
    const request = new gateway.SignedCommitStatusRequest();
    request.setRequest(GARBAGE);
    return request.serializeBinary();
  }),
  step('gateway/unknown-method', 'Methods and services that are not there', async (world) => {
    const person = await world.person('hospital');
    const outcomes = await Promise.all(
      ['/gateway.Gateway/Ghost', '/ghost.Ghost/Ghost', '/protos.Deliver/Ghost'].map((method) =>
        person.raw(method, NOTHING),
      ),
    );
    // The text is the gRPC library's own.
    return outcomes.map((outcome) => ('code' in outcome ? outcome.code : outcome));
  }),
  proposed('no-proposal', 'A signed proposal without a proposal', () =>
    Promise.resolve(new peer.SignedProposal()),
  ),
  proposed('garbage-proposal', 'A proposal that is none', async (world) => {
    const { signed } = await forgeProposal(world);
    signed.setProposalBytes(GARBAGE);
    return signed;
  }),
  proposed(
    'garbage-header',
    'A header that is none',
    broken((p) => {
      p.setHeader(GARBAGE);
    }),
  ),
  proposed(
    'garbage-payload',
    'A payload that is none',
    broken((p) => {
      p.setPayload(GARBAGE);
    }),
  ),
  proposed(
    'no-header',
    'No header',
    broken((p) => {
      p.setHeader('');
    }),
  ),
  proposed(
    'no-payload',
    'No payload',
    broken((p) => {
      p.setPayload('');
    }),
  ),
  proposed(
    'other-channel-in-request',
    'A request for another channel than its proposal',
    async (world) => (await forgeProposal(world)).signed,
    'ghost',
  ),
  proposed(
    'no-channel',
    'A proposal for no channel',
    async (world) => (await forgeProposal(world, { channel: '' })).signed,
  ),
  proposed(
    'no-chaincode',
    'A proposal for no chaincode',
    async (world) => (await forgeProposal(world, { chaincode: '' })).signed,
  ),
  proposed('no-signature', 'A proposal that nobody signed', async (world) => {
    const { signed } = await forgeProposal(world);
    signed.setSignature('');
    return signed;
  }),
  proposed(
    'wrong-transaction-id',
    'A transaction id that is not its nonce’s',
    async (world) => (await forgeProposal(world, { txId: 'ab'.repeat(32) })).signed,
  ),
  proposed(
    'no-nonce',
    'No nonce',
    async (world) => (await forgeProposal(world, { nonce: NOTHING })).signed,
  ),
  proposed('epoch', 'An epoch', async (world) => (await forgeProposal(world, { epoch: 1 })).signed),
  proposed(
    'header-type-config',
    'A proposal of type CONFIG',
    async (world) => (await forgeProposal(world, { type: common.HeaderType.CONFIG })).signed,
  ),
  proposed(
    'header-type-message',
    'A proposal of type MESSAGE',
    async (world) => (await forgeProposal(world, { type: common.HeaderType.MESSAGE })).signed,
  ),
  proposed(
    'two-minutes-early',
    'A time two minutes ago',
    async (world) => (await forgeProposal(world, { timeMs: Date.now() - 120_000 })).signed,
  ),
  proposed(
    'two-minutes-late',
    'A time two minutes ahead',
    async (world) => (await forgeProposal(world, { timeMs: Date.now() + 120_000 })).signed,
  ),
  proposed(
    'half-a-minute-early',
    'A time half a minute ago',
    async (world) => (await forgeProposal(world, { timeMs: Date.now() - 30_000 })).signed,
  ),
  step('gateway/submit-unsigned', 'A transaction that nobody signed', async (world) => {
    const envelope = new common.Envelope();
    envelope.setPayload(GARBAGE);
    return submitEnvelope(world, envelope.serializeBinary());
  }),
  step('gateway/submit-garbage-payload', 'A transaction that is none', async (world) => {
    const envelope = new common.Envelope();
    envelope.setPayload(GARBAGE);
    envelope.setSignature(GARBAGE);
    return submitEnvelope(world, envelope.serializeBinary());
  }),
  step(
    'gateway/submit-unknown-channel',
    'A transaction for a channel that is not there',
    async (world) => {
      const envelope = new common.Envelope();
      envelope.setPayload(GARBAGE);
      envelope.setSignature(GARBAGE);
      return submitEnvelope(world, envelope.serializeBinary(), 'ghost');
    },
  ),
  ...SYSTEM,
];
