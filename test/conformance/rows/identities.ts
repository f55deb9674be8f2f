import { setTimeout as delay } from 'node:timers/promises';
import { type Outcome, outcomeOf } from '../person.ts';
import { type Row, step } from '../row.ts';
import type { Who, World } from '../world.ts';

/** Somebody asks everything that asks who they are. */
async function everything(world: World, who: Who): Promise<unknown> {
  const person = await world.person(who);
  const request = world.request({ script: [['creator']] });
  const both = ['hospital', 'clinic'];
  return {
    evaluate: await person.evaluate(request),
    endorse: await endorsed(world, who, both),
    endorseDerived: await endorsed(world, who, undefined),
    status: await status(world, who),
    events: await firstEvents(world, who),
  };
}

async function endorsed(
  world: World,
  who: Who,
  by: readonly string[] | undefined,
): Promise<Outcome> {
  const person = await world.person(who);
  return outcomeOf(async () => {
    await person.endorse({ script: [['creator']], ...(by === undefined ? {} : { by }) });
    return 'endorsed';
  });
}

/** Asks for the status of a transaction of somebody trustworthy. */
async function status(world: World, who: Who): Promise<Outcome> {
  const honest = await world.person('hospital');
  const transaction = await honest.endorse(world.request({ script: [['put', '@a', '1']] }));
  const commit = await transaction.submit();
  await commit.getStatus();
  const person = await world.person(who);
  const id = commit.getTransactionId();
  return outcomeOf(async () => (await person.commitOf(id).getStatus()).code);
}

async function firstEvents(world: World, who: Who): Promise<Outcome> {
  const person = await world.person(who);
  return outcomeOf(async () => {
    const events = await person.network().getChaincodeEvents('probe', { startBlock: 0n });
    try {
      // An event or none: what matters is that the stream is not refused.
      await Promise.race([events[Symbol.asyncIterator]().next(), delay(1000)]);
      return 'open';
    } finally {
      events.close();
    }
  });
}

function identity(id: string, behaviour: string, who: Who | ((world: World) => Promise<Who>)): Row {
  return step(`identities/${id}`, behaviour, async (world) =>
    everything(world, typeof who === 'function' ? await who(world) : who),
  );
}

const GARBAGE_CERTIFICATE = `-----BEGIN CERTIFICATE-----
${Buffer.from('no certificate').toString('base64')}
-----END CERTIFICATE-----
`;

/** Certificates and MSPs: who may do what. */
export const IDENTITIES: readonly Row[] = [
  identity('client', 'A client of the organization', { of: 'hospital' }),
  identity('administrator', 'An administrator', { of: 'hospital', node: 'administrator' }),
  identity('peer', 'A peer', { of: 'hospital', node: 'peer' }),
  identity('orderer', 'An orderer', { of: 'hospital', node: 'orderer' }),
  identity('no-unit', 'A certificate without an organizational unit', {
    of: 'hospital',
    odd: { unit: '' },
  }),
  identity('unknown-unit', 'A certificate of another organizational unit', {
    of: 'hospital',
    odd: { unit: 'visitor' },
  }),
  identity('expired', 'A certificate that has expired', {
    of: 'hospital',
    odd: { from: -7_200_000, until: -3_600_000 },
  }),
  identity('not-yet-valid', 'A certificate of the future', {
    of: 'hospital',
    odd: { from: 3_600_000, until: 7_200_000 },
  }),
  identity('by-root', 'A certificate that the root issued itself', {
    of: 'hospital',
    odd: { authority: 'root' },
  }),
  identity('by-other-authority', 'A certificate of an authority that is not the MSP’s', {
    of: 'hospital',
    odd: { authority: 'device' },
  }),
  identity('by-tls-authority', 'A certificate of the TLS authority', {
    of: 'hospital',
    odd: { authority: 'tls' },
  }),
  identity('other-msp', 'Another organization’s certificate', {
    of: 'clinic',
    at: 'hospital',
    mspId: 'HospitalMSP',
  }),
  identity('unknown-msp', 'An organization that is none', { of: 'hospital', mspId: 'GhostMSP' }),
  identity('wrong-key', 'Signed with another key', { of: 'hospital', wrongKey: true }),
  identity('garbage-certificate', 'A certificate that is none', {
    of: 'hospital',
    certificatePem: GARBAGE_CERTIFICATE,
  }),
  identity('no-pem', 'No PEM at all', { of: 'hospital', certificatePem: 'somebody' }),
  identity('other-gateway', 'A client at another organization’s gateway', {
    of: 'clinic',
    at: 'hospital',
  }),
  step(
    'identities/expires-before-submit',
    'A certificate that expires before the submission',
    async (world) => {
      const person = await world.person({ of: 'hospital', odd: { until: 2500 } });
      const transaction = await person.endorse(world.request({ script: [['put', '@a', '1']] }));
      await delay(3200);
      return outcomeOf(() => transaction.submit());
    },
  ),
  step(
    'identities/expires-before-status',
    'A certificate that expires before the status is asked',
    async (world) => {
      const person = await world.person({ of: 'hospital', odd: { until: 2500 } });
      const transaction = await person.endorse(world.request({ script: [['put', '@a', '1']] }));
      const commit = await transaction.submit();
      await delay(3200);
      return outcomeOf(async () => (await commit.getStatus()).code);
    },
  ),
];
