import { acknowledgementTopic, chunkPublishTopic } from '@pulseledger/domain';
import { randomId } from '../negative/support/ledger-world.ts';
import type { Session } from '../negative/support/wearable.ts';
import { connected } from './connected.ts';
import type { Deployment } from './deployment.ts';

/** What the policy of a device must not let it do, each tried on a connection of its own. */
const ATTEMPTS: readonly {
  readonly what: string;
  readonly tryIt: (session: Session, other: string) => void;
}[] = [
  {
    what: "publishing as another device's chunk",
    tryIt: (session, other) => {
      session.send(Buffer.from('x'), { topic: chunkPublishTopic(other) });
    },
  },
  {
    what: 'publishing an acknowledgement',
    tryIt: (session, other) => {
      session.send(Buffer.from('{}'), { topic: acknowledgementTopic(other) });
    },
  },
  {
    what: "listening to another device's acknowledgements",
    tryIt: (session, other) => {
      void session.subscribe(acknowledgementTopic(other)).catch(() => undefined);
    },
  },
  {
    what: 'listening to everything',
    tryIt: (session) => {
      void session.subscribe('#').catch(() => undefined);
    },
  },
];

/** Tries all of it. @returns what was not refused */
export async function refusals({ device }: Deployment): Promise<string[]> {
  const other = randomId();
  const wrong: string[] = [];
  const socket = await device.open();
  const code = await socket.connect(other).catch(() => undefined);
  if (code === 0) wrong.push('connecting under another name was allowed');
  await socket.close();
  for (const { what, tryIt } of ATTEMPTS) {
    const session = await connected(device);
    tryIt(session, other);
    if (!(await isRefused(session))) wrong.push(`${what} was allowed`);
    await session.close();
  }
  return wrong;
}

/** AWS IoT ends the connection of who does what it may not; it answers who may. */
async function isRefused(session: Session): Promise<boolean> {
  const answered = session.pubacks.length;
  try {
    await session.until(() => session.pubacks.length > answered || session.isSubscribed(2));
    return false;
  } catch {
    return true;
  }
}
