import { LiveAnswer } from '@pulseledger/domain';
import { type Check, demand } from './check.ts';
import { invoke } from './functions.ts';
import { refusals } from './refusals.ts';

/** Who is let in, and who is not. */
export const DOOR_CHECKS: readonly Check[] = [
  {
    behaviour: 'who is not logged in reads what is open to all, and nothing else',
    look: async (deployment) => {
      const { patientId } = deployment.device;
      const open = await deployment.ask('/metadata');
      const closed = await deployment.ask(`/Observation?patient=${patientId}`);
      const forged = await deployment.ask(`/Patient/${patientId}`, 'e30.e30.AAAA');
      demand(open.status === 200, `/metadata: ${open.status} ${open.body}`);
      demand(closed.status === 401, `without a token: ${closed.status}`);
      demand(forged.status === 401, `with a forged token: ${forged.status}`);
      return undefined;
    },
  },
  {
    behaviour: 'the device policy refuses other names, other topics and other listeners',
    look: async (deployment) => {
      const wrong = await refusals(deployment);
      demand(wrong.length === 0, wrong.join('; '));
      return undefined;
    },
  },
  {
    behaviour: 'a ticket of the API lets a page listen to exactly its topics',
    look: async (deployment) => {
      const { clients, device, doctor } = deployment;
      const { status, body } = await deployment.ask('/live', doctor, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ patientIds: [device.patientId] }),
      });
      demand(status === 200, `${status} ${body}`);
      const { ticket, clientId, topics } = LiveAnswer.parse(JSON.parse(body));
      const ask = (password: string): Promise<unknown> =>
        invoke(clients, 'live-authorizer', {
          protocolData: { mqtt: { clientId, password: Buffer.from(password).toString('base64') } },
        });
      const granted = JSON.stringify(await ask(ticket));
      demand(granted.includes('"isAuthenticated":true'), granted);
      demand(
        topics.every(({ topic }) => granted.includes(topic)),
        granted,
      );
      const refused = JSON.stringify(await ask(`${ticket.slice(0, -2)}AA`));
      demand(refused.includes('"isAuthenticated":false'), refused);
      return undefined;
    },
  },
];
