import { isDeepStrictEqual } from 'node:util';
import { ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { QuarantineEntry } from '@pulseledger/domain';
import { z } from 'zod';
import { CHECKOUT } from '../integration/start.ts';
import { awsEnvironment } from './aws-environment.ts';
import { type Check, demand } from './check.ts';
import { lastLines, run } from './child.ts';
import { connected } from './connected.ts';
import type { Deployment } from './deployment.ts';

const FIRST = { firstSequence: 0, count: 5 } as const;
const QUARANTINE = 'local/src/quarantine-command/main.ts';
const Listed = z.object({ entries: z.array(z.object({ reason: z.string() })) });
const Redriven = z.object({ redriven: z.number() });
const HEART_RATE = '8867-4';
/** Long polling: the answer comes with the first message, or after so long. */
const MOST_WAIT_SECONDS = 20;

const Bundle = z.object({
  resourceType: z.literal('Bundle'),
  entry: z.array(
    z.object({ resource: z.object({ valueQuantity: z.object({ value: z.number() }).optional() }) }),
  ),
});

/** The way of a reading, from the wearable to whoever reads it. In this order: later ones build on earlier ones. */
export const READING_CHECKS: readonly Check[] = [
  {
    behaviour: 'a wearable that publishes with its certificate hears that the ledger has its chunk',
    look: async ({ device }) => {
      const session = await connected(device);
      try {
        const answer = await session.deliver(device.chunk(FIRST), FIRST.firstSequence);
        demand(answer.status === 'committed', `the acknowledgement says ${JSON.stringify(answer)}`);
      } finally {
        await session.close();
      }
      return undefined;
    },
  },
  {
    behaviour: 'the ledger holds exactly what the wearable signed, once, though it is sent twice',
    look: async ({ device, world }) => {
      const chunk = device.chunk({ firstSequence: 100 });
      const session = await connected(device);
      try {
        await session.deliver(chunk, 100);
        await session.deliver(chunk, 100, 2);
      } finally {
        await session.close();
      }
      const held = await world.chunksOf(device.patientId);
      const same = held.filter((one) => one.equals(chunk)).length;
      demand(same === 1 && held.length === 2, `${held.length} chunks, ${same} of them the same`);
      return undefined;
    },
  },
  {
    behaviour: 'a doctor who logs in with password and authenticator reads it as FHIR',
    look: async (deployment) => {
      const { device, doctor } = deployment;
      const path = `/Observation?patient=${device.patientId}&code=${HEART_RATE}`;
      const { status, body } = await deployment.ask(path, doctor);
      demand(status === 200, `${status} ${body}`);
      const { entry } = Bundle.parse(JSON.parse(body));
      const values = entry.flatMap(({ resource }) => resource.valueQuantity?.value ?? []);
      demand(values.length === 10 && values.includes(64), `values ${values.join(', ')}`);
      return `${values.length} readings`;
    },
  },
  {
    behaviour: 'what is no chunk ends in the quarantine, under its reason',
    look: async (deployment) => {
      const session = await connected(deployment.device);
      try {
        await session.publish(Buffer.from('no chunk'));
      } finally {
        await session.close();
      }
      const reasons = (await quarantined(deployment)).map(({ reason }) => reason);
      demand(isDeepStrictEqual(reasons, ['malformed']), `quarantined: ${reasons.join(', ')}`);
      return undefined;
    },
  },
  {
    behaviour:
      'an operator lists it with npm run quarantine, and sends it through ingest again, which refuses it again',
    look: async (deployment) => {
      const { entries } = Listed.parse(await quarantineCommand(deployment, 'list'));
      const reasons = entries.map(({ reason }) => reason);
      demand(isDeepStrictEqual(reasons, ['malformed']), `listed: ${reasons.join(', ')}`);
      const { redriven } = Redriven.parse(await quarantineCommand(deployment, 'redrive'));
      demand(redriven === 1, `redriven: ${redriven}`);
      const again = await quarantined(deployment);
      demand(again.length === 1, `in the quarantine after it: ${again.length}`);
      return undefined;
    },
  },
];

/** What is in the quarantine, as soon as something is; it stays there. */
async function quarantined({ clients, queueUrl }: Deployment): Promise<QuarantineEntry[]> {
  const command = new ReceiveMessageCommand({
    QueueUrl: queueUrl('quarantine'),
    WaitTimeSeconds: MOST_WAIT_SECONDS,
    VisibilityTimeout: 0,
  });
  const { Messages = [] } = await clients.sqs.send(command);
  return Messages.map(({ Body = '' }) => QuarantineEntry.parse(JSON.parse(Body)));
}

async function quarantineCommand({ emulator }: Deployment, action: string): Promise<unknown> {
  const { code, output } = await run(
    process.execPath,
    [QUARANTINE, action, '--env', 'dev', '--json'],
    { cwd: CHECKOUT, env: awsEnvironment(emulator, emulator.folder) },
  );
  demand(code === 0, `npm run quarantine -- ${action} failed:\n${lastLines(output)}`);
  return JSON.parse(output.split('\n').find((line) => line.startsWith('{')) ?? '');
}
