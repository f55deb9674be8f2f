import { common, peer } from '@hyperledger/fabric-protos';
import { EXTRA } from '../definition.ts';
import { Deployment } from '../deployment.ts';
import { signerOf } from '../forge.ts';
import { CHANNEL, outcomeOf, type Person, passedDeadline } from '../person.ts';
import { type Row, step } from '../row.ts';
import { openBlocks, told } from '../seek.ts';
import type { Who, World } from '../world.ts';

const OTHER = 'other';

type Script = readonly (readonly string[])[];

async function run(
  world: World,
  who: Who,
  script: Script,
  how: 'evaluate' | 'submit',
  by?: readonly string[],
): Promise<unknown> {
  const person = await world.person(who);
  const call = ['run', JSON.stringify(world.own(script as never))];
  const request = { chaincode: OTHER, channel: EXTRA, call, ...(by === undefined ? {} : { by }) };
  if (how === 'evaluate') return person.evaluate(request);
  return person.submit(request, async (id) => {
    for (const at of ['hospital', 'clinic'] as const) {
      const reader = await world.person({ of: 'hospital', at });
      await reader.commitOf(id, EXTRA).getStatus();
    }
  });
}

async function statusOf(person: Person, id: string, channel: string): Promise<unknown> {
  return passedDeadline(
    await outcomeOf(async () => {
      const status = await person.commitOf(id, channel).getStatus({ deadline: Date.now() + 2_000 });
      return status.code;
    }),
  );
}

async function apart(world: World): Promise<unknown> {
  const hospital: Who = { of: 'hospital' };
  const submitted = await run(world, hospital, [['put', '@a', 'there'], ['channel']], 'submit');
  const here = await world.evaluate('hospital', { chaincode: OTHER, script: [['get', '@a']] });
  const clinic = await run(world, { of: 'clinic' }, [['get', '@a']], 'evaluate');
  return { submitted, here, clinic };
}

async function asNoMember(world: World): Promise<unknown> {
  const own: Who = { of: 'insurer' };
  const guest: Who = { of: 'insurer', at: 'hospital' };
  const script = [['creator']];
  const person = await world.person(own);
  const visitor = await world.person(guest);
  return {
    evaluate: await run(world, own, script, 'evaluate'),
    endorse: await run(world, own, script, 'submit'),
    endorseNamed: await run(world, own, script, 'submit', ['hospital']),
    evaluateThere: await run(world, guest, script, 'evaluate'),
    endorseThere: await run(world, guest, script, 'submit'),
    status: await statusOf(person, 'ghost', EXTRA),
    statusThere: await statusOf(visitor, 'ghost', EXTRA),
    member: await run(world, { of: 'hospital', at: 'insurer' }, script, 'evaluate'),
  };
}

async function heights(world: World): Promise<unknown> {
  const ask = async (who: Who, on: string, about: string): Promise<unknown> => {
    const person = await world.person(who);
    return outcomeOf(async () => {
      const contract = person.network(on).getContract('qscc');
      const bytes = await contract.evaluateTransaction('GetChainInfo', about);
      return common.BlockchainInfo.deserializeBinary(bytes).getHeight() > 0;
    });
  };
  return {
    same: await ask({ of: 'hospital' }, EXTRA, EXTRA),
    other: await ask({ of: 'hospital' }, CHANNEL, EXTRA),
    back: await ask({ of: 'clinic' }, EXTRA, CHANNEL),
    stranger: await ask({ of: 'insurer', at: 'hospital' }, CHANNEL, EXTRA),
    notJoined: await ask({ of: 'insurer' }, CHANNEL, EXTRA),
    unknownFunction: await outcomeOf(async () => {
      const person = await world.person('hospital');
      return person.network().getContract('qscc').evaluateTransaction('Ghost', CHANNEL, 'x');
    }),
  };
}

async function joined(world: World): Promise<unknown> {
  const channels = async (who: Who): Promise<unknown> => {
    const person = await world.person(who);
    const bytes = await person.network().getContract('cscc').evaluateTransaction('GetChannels');
    return peer.ChannelQueryResponse.deserializeBinary(bytes)
      .getChannelsList()
      .map((one) => one.getChannelId())
      .sort();
  };
  const config = async (who: Who): Promise<unknown> => {
    const person = await world.person(who);
    const contract = person.network().getContract('cscc');
    return outcomeOf(async () => {
      const bytes = await contract.evaluateTransaction('GetChannelConfig', EXTRA);
      const groups = common.Config.deserializeBinary(bytes).getChannelGroup()?.getGroupsMap();
      return [...(groups?.get('Application')?.getGroupsMap().keys() ?? [])].sort();
    });
  };
  return {
    hospital: await channels({ of: 'hospital' }),
    insurer: await channels({ of: 'insurer' }),
    config: await config({ of: 'hospital' }),
    stranger: await config({ of: 'insurer', at: 'hospital' }),
    notJoined: await config({ of: 'insurer' }),
  };
}

async function calls(world: World): Promise<unknown> {
  await run(world, { of: 'hospital' }, [['put', '@a', 'there']], 'submit');
  const key = world.key('a');
  const [get, put] = [JSON.stringify([['get', key]]), JSON.stringify([['put', key, 'x']])];
  const invoke = (script: string, channel: string): readonly ['invoke', string, string, string] => [
    'invoke',
    OTHER,
    script,
    channel,
  ];
  const by = ['hospital', 'clinic'];
  const write = await world.submit('hospital', { by, script: [invoke(put, EXTRA)] });
  return {
    read: await world.evaluate('hospital', { script: [invoke(get, EXTRA)] }),
    channel: await world.evaluate('hospital', {
      script: [invoke(JSON.stringify([['channel'], ['txId']]), EXTRA)],
    }),
    submitted: await world.submit('hospital', { by, script: [invoke(get, EXTRA)] }),
    write,
    unwritten: await run(world, { of: 'clinic' }, [['get', '@a']], 'evaluate'),
    notJoined: await world.evaluate('insurer', {
      by: ['insurer'],
      script: [['try', ...invoke(get, EXTRA)]],
    }),
    stranger: await world.evaluate(
      { of: 'insurer', at: 'hospital' },
      { by: ['hospital'], script: [['try', ...invoke(get, EXTRA)]] },
    ),
    undefinedThere: await world.evaluate('hospital', {
      script: [['try', 'invoke', 'probe', get, EXTRA]],
    }),
    system: await world.evaluate('hospital', {
      script: [['try', 'invokeRaw', `qscc/${EXTRA}`, 'GetChainInfo']],
    }),
    unknown: await world.evaluate('hospital', { script: [['try', ...invoke(get, 'ghost')]] }),
    back: await run(
      world,
      { of: 'hospital' },
      [['invoke', 'probe', JSON.stringify([['channel']]), CHANNEL]],
      'evaluate',
    ),
  };
}

async function blocks(world: World): Promise<unknown> {
  await run(world, { of: 'hospital' }, [['put', '@a', '1']], 'submit');
  const stranger = await signerOf(world, 'insurer');
  const read = async (options: Parameters<typeof openBlocks>[1]): Promise<unknown> => {
    const stream = await openBlocks(world, { start: 'newest', stop: 'newest', ...options });
    try {
      return told(await stream.rest());
    } finally {
      stream.close();
    }
  };
  return {
    member: await read({ channel: EXTRA }),
    filtered: await read({ channel: EXTRA, method: 'DeliverFiltered' }),
    stranger: await read({ channel: EXTRA, creator: stranger }),
    strangerElsewhere: await read({ creator: stranger }),
  };
}

async function definitions(world: World): Promise<unknown> {
  const [there, here] = [new Deployment(world, 'cc', EXTRA), new Deployment(world, 'cc')];
  return {
    define: await there.define(),
    there: await there.definition('clinic'),
    here: await here.definition('clinic'),
    hereApproved: await here.approved('hospital'),
    approve: await here.approve('hospital'),
    thereApproved: await there.approved('hospital'),
  };
}

async function events(world: World): Promise<unknown> {
  const person = await world.person('hospital');
  const listen = (
    channel: string,
  ): ReturnType<ReturnType<Person['network']>['getChaincodeEvents']> =>
    person.network(channel).getChaincodeEvents(OTHER);
  const stream = await listen(EXTRA);
  try {
    await run(
      world,
      { of: 'hospital' },
      [
        ['put', '@a', '1'],
        ['event', 'made', 'x'],
      ],
      'submit',
    );
    for await (const event of stream) {
      return { name: event.eventName, payload: Buffer.from(event.payload).toString() };
    }
    return undefined;
  } finally {
    stream.close();
  }
}

/** A second channel, of which the insurer is no member. */
export const CHANNELS: readonly Row[] = [
  step('channels/apart', 'Each channel has its own state', apart),
  step('channels/no-member', 'Somebody who is no member', asNoMember),
  step('channels/heights', 'qscc answers about the channel it is asked for', heights),
  step('channels/joined', 'cscc tells the channels of each peer', joined),
  step('channels/call', 'A chaincode calls one on another channel', calls),
  step('channels/blocks', 'Blocks of each channel for its own readers', blocks),
  step('channels/definitions', 'Each channel has its own definitions', definitions),
  step('channels/events', 'Events of one channel', events),
];
