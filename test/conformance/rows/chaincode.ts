import { setTimeout as delay } from 'node:timers/promises';
import { type Outcome, outcomeOf, passedDeadline } from '../person.ts';
import { alone, type Row, script, step } from '../row.ts';
import { EXECUTE_TIMEOUT_MS } from '../start-network.ts';
import type { Organization, World } from '../world.ts';

const BACK_MS = 60_000;
const POLL_MS = 250;

/** The answer of an organization's chaincode when it is there again. */
async function back(world: World, organization: Organization): Promise<Outcome> {
  const person = await world.person(organization);
  const end = Date.now() + BACK_MS;
  for (;;) {
    const outcome = await person.evaluate({ script: [['channel']], by: [organization] });
    if ('result' in outcome || Date.now() > end) return outcome;
    await delay(POLL_MS);
  }
}

/** What a chaincode is told, what it may answer, and how it fails. */
export const CHAINCODE: readonly Row[] = [
  script('chaincode/context', 'Channel, creator, arguments and time', {
    evaluate: [
      ['channel'],
      ['creator'],
      ['txId'],
      ['isTimeNow'],
      ['hasBinding'],
      ['transientNames'],
    ],
  }),
  script('chaincode/transient', 'Transient data reaches the chaincode', {
    transient: { one: 'eins', two: '' },
    evaluate: [['transientNames'], ['transient', 'one']],
  }),
  step('chaincode/bytes', 'Arguments are bytes', async (world) => {
    const person = await world.person('hospital');
    const script = JSON.stringify([['argumentsHex']]);
    return person.evaluate({ call: ['run', script, Uint8Array.from([0, 255, 128]), ''] });
  }),
  step('chaincode/unknown-function', 'The chaincode’s own refusal', async (world) => {
    const person = await world.person('hospital');
    return [await person.evaluate({ call: ['ghost'] }), await person.submit({ call: ['ghost'] })];
  }),
  step('chaincode/no-arguments', 'No arguments at all', async (world) => {
    const person = await world.person('hospital');
    return person.evaluate({ call: [''] });
  }),
  step('chaincode/void', 'An empty result', async (world) => {
    const person = await world.person('hospital');
    return [await person.evaluate({ call: ['void'] }), await person.submit({ call: ['void'] })];
  }),
  step('chaincode/no-response', 'A chaincode that answers no response', async (world) => {
    const person = await world.person('hospital');
    return person.evaluate({ call: ['nothing'] });
  }),
  script('chaincode/fail-evaluate', 'A chaincode that fails, evaluated', {
    evaluate: [['fail', 'no luck today']],
  }),
  script('chaincode/fail-submit', 'A chaincode that fails, submitted to both', {
    by: ['hospital', 'clinic'],
    submit: [
      ['put', '@a', '1'],
      ['fail', 'no luck today'],
    ],
    after: [['get', '@a']],
  }),
  script('chaincode/fail-derived', 'A chaincode that fails, submitted without named endorsers', {
    submit: [['fail', 'no luck today']],
  }),
  script('chaincode/fail-unicode', 'An error text in any language', {
    evaluate: [['fail', 'кончилось “так” 💥']],
  }),
  script('chaincode/fail-empty', 'An error without a text', { evaluate: [['end', 500, '', '']] }),
  script('chaincode/fail-long', 'A long error text', {
    evaluate: [['fail', 'long'.repeat(600)]],
  }),
  script('chaincode/status-201', 'A status of success other than 200', {
    evaluate: [['end', 201, 'created', 'made']],
    submit: [['end', 201, 'created', 'made']],
  }),
  script('chaincode/status-399', 'The last status of success', {
    evaluate: [['end', 399, 'nearly', 'done']],
    submit: [['end', 399, 'nearly', 'done']],
  }),
  script('chaincode/status-400', 'The first status of failure', {
    evaluate: [['end', 400, 'bad', 'input']],
    submit: [['end', 400, 'bad', 'input']],
  }),
  script('chaincode/status-404', 'A status of failure of the chaincode’s own', {
    evaluate: [['end', 404, 'not here', 'payload']],
    submit: [['end', 404, 'not here', 'payload']],
  }),
  script('chaincode/status-500-payload', 'A failure with a payload', {
    evaluate: [['end', 500, 'broken', 'payload']],
    submit: [['end', 500, 'broken', 'payload']],
  }),
  script('chaincode/status-100', 'A status below 200', {
    evaluate: [['end', 100, 'go on', 'payload']],
    submit: [['end', 100, 'go on', 'payload']],
  }),
  script('chaincode/status-600', 'A status above 500', {
    evaluate: [['end', 600, 'beyond', 'payload']],
    submit: [['end', 600, 'beyond', 'payload']],
  }),
  script('chaincode/try-and-go-on', 'A refused call does not end the transaction', {
    submit: [
      ['try', 'putPrivate', 'ghost', '@a', '1'],
      ['try', 'getPrivate', 'ghost', '@a'],
      ['put', '@a', '1'],
    ],
    after: [['get', '@a']],
  }),
  script('chaincode/invoke', 'A chaincode reads another’s state by calling it', {
    evaluate: [['invoke', 'other', '[["get","@a"]]']],
  }),
  script('chaincode/invoke-write', 'What the called chaincode writes is in its own namespace', {
    by: ['hospital', 'clinic'],
    submit: [
      ['put', '@a', 'probe'],
      ['invoke', 'other', '[["put","@a","other"]]'],
    ],
    after: [
      ['get', '@a'],
      ['invoke', 'other', '[["get","@a"]]'],
    ],
  }),
  script('chaincode/invoke-write-derived', 'The gateway finds endorsers for both chaincodes', {
    submit: [['invoke', 'other', '[["put","@a","other"]]']],
    after: [['invoke', 'other', '[["get","@a"]]']],
  }),
  script('chaincode/invoke-policy', 'Both chaincodes’ policies hold', {
    chaincode: 'other',
    by: ['insurer'],
    submit: [['invoke', 'probe', '[["put","@a","1"]]']],
  }),
  script(
    'chaincode/invoke-read-policy',
    'A called chaincode that only reads asks for no endorsement',
    {
      chaincode: 'other',
      by: ['insurer'],
      submit: [
        ['invoke', 'probe', '[["get","@a"]]'],
        ['put', '@b', '1'],
      ],
    },
  ),
  script('chaincode/invoke-fails', 'A called chaincode that fails', {
    evaluate: [['invoke', 'other', '[["fail","not me"]]']],
  }),
  script('chaincode/invoke-status', 'A called chaincode’s status reaches the caller', {
    evaluate: [['invoke', 'other', '[["end",404,"not here","payload"]]']],
  }),
  script('chaincode/invoke-failed-writes', 'What a failed call wrote stays', {
    by: ['hospital', 'clinic'],
    submit: [
      ['invoke', 'other', '[["put","@a","1"],["fail","too late"]]'],
      ['put', '@b', '1'],
    ],
    after: [
      ['get', '@b'],
      ['invoke', 'other', '[["get","@a"]]'],
    ],
  }),
  script('chaincode/invoke-unknown', 'A call of a chaincode that is not there', {
    evaluate: [['try', 'invoke', 'ghost', '[]']],
  }),
  script('chaincode/invoke-unknown-fails', 'The same, not caught', {
    evaluate: [['invoke', 'ghost', '[]']],
  }),
  script('chaincode/invoke-itself', 'A chaincode that calls itself', {
    evaluate: [['try', 'invoke', 'probe', '[["get","@a"]]']],
  }),
  script('chaincode/invoke-channel', 'A call on a channel that is not there', {
    evaluate: [['try', 'invoke', 'other', '[]', 'ghost']],
  }),
  script('chaincode/invoke-same-channel', 'A call that names the own channel', {
    evaluate: [['invoke', 'other', '[["channel"]]', 'records']],
  }),
  script('chaincode/invoke-context', 'The called chaincode sees the same transaction', {
    evaluate: [['txId'], ['invoke', 'other', '[["txId"],["creator"],["channel"]]']],
  }),
  script('chaincode/invoke-transient', 'The called chaincode sees the transient data', {
    transient: { one: 'eins' },
    evaluate: [['invoke', 'other', '[["transient","one"]]']],
  }),
  script('chaincode/invoke-event', 'The event of a called chaincode is lost', {
    submit: [['invoke', 'other', '[["event","inner","x"]]']],
  }),
  script('chaincode/invoke-collection', 'The called chaincode has no collections of the caller', {
    evaluate: [['invoke', 'other', '[["try","getPrivate","pair","@a"]]']],
  }),
  script('chaincode/invoke-system', 'A chaincode that calls a system chaincode', {
    evaluate: [['try', 'invokeRaw', 'qscc', 'GetChainInfo']],
  }),
  alone(
    step(
      'chaincode/crash-evaluate',
      'A chaincode that ends during a transaction',
      async (world) => {
        const person = await world.person('insurer');
        const crashed = await person.evaluate({ script: [['exit']], by: ['insurer'] });
        return { crashed, again: await back(world, 'insurer') };
      },
    ),
  ),
  alone(
    step('chaincode/crash-submit', 'The same for one that is submitted', async (world) => {
      const person = await world.person('hospital');
      const crashed = await person.submit({ script: [['exit']], by: ['hospital'] });
      return { crashed, again: await back(world, 'hospital') };
    }),
  ),
  alone(
    step('chaincode/crash-others', 'Other transactions under way fail with it', async (world) => {
      const person = await world.person('hospital');
      const waiting = person.evaluate({ script: [['sleep', 3000]], by: ['hospital'] });
      const crashed = await person.evaluate({
        script: [['sleep', 500], ['exit']],
        by: ['hospital'],
      });
      return {
        waiting: await waiting,
        crashed,
        again: await back(world, 'hospital'),
      };
    }),
  ),
  step('chaincode/slow-evaluate', 'The client’s deadline ends the wait', async (world) => {
    const person = await world.person('hospital');
    const proposal = person.proposal({ script: [['sleep', 1500]] });
    const outcome = await outcomeOf(() => proposal.evaluate({ deadline: Date.now() + 300 }));
    return passedDeadline(outcome);
  }),
  step('chaincode/slow-endorse', 'The same for an endorsement', async (world) => {
    const person = await world.person('hospital');
    const proposal = person.proposal({ script: [['sleep', 1500]], by: ['hospital', 'clinic'] });
    const outcome = await outcomeOf(async () => {
      await proposal.endorse({ deadline: Date.now() + 300 });
    });
    return passedDeadline(outcome);
  }),
  step(
    'chaincode/timeout',
    'A chaincode that takes longer than the peer’s limit',
    async (world) => {
      const person = await world.person('hospital');
      // 30 s on native Fabric; the table's devnet has a shorter one.
      const tooLong = world.kind === 'fabric' ? 31_000 : EXECUTE_TIMEOUT_MS + 1000;
      return person.evaluate({ script: [['sleep', tooLong]], by: ['hospital'] });
    },
  ),
];
