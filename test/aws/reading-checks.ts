import { isDeepStrictEqual } from 'node:util';
import { ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { QuarantineEntry } from '@pulseledger/domain';
import { z } from 'zod';
import { type Check, demand } from './check.ts';
import { connected } from './connected.ts';

const FIRST = { firstSequence: 0, count: 5 } as const;
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
      const { device, clients } = deployment;
      const session = await connected(device);
      try {
        await session.publish(Buffer.from('no chunk'));
      } finally {
        await session.close();
      }
      const QueueUrl = deployment.queueUrl('quarantine');
      const WaitTimeSeconds = MOST_WAIT_SECONDS;
      const command = new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds });
      const { Messages = [] } = await clients.sqs.send(command);
      const entries = Messages.map(({ Body = '' }) => QuarantineEntry.parse(JSON.parse(Body)));
      const reasons = entries.map(({ reason }) => reason);
      demand(isDeepStrictEqual(reasons, ['malformed']), `quarantined: ${reasons.join(', ')}`);
      return undefined;
    },
  },
];
