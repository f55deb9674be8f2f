import { isDeepStrictEqual } from 'node:util';
import { LEFT_OUT } from './bridges.ts';
import { type Check, demand } from './check.ts';
import type { Deployment } from './deployment.ts';
import { invoke, MOST_VARIABLE_BYTES } from './functions.ts';
import { foreignListeners } from './listeners.ts';

const SCHEDULED = ['gap-watch', 'close-hour', 'purge-ended', 'late-entries'] as const;

/** What was deployed, and that its parts run. */
export const DEPLOYED_CHECKS: readonly Check[] = [
  {
    behaviour: 'all of it but the kinds of resource in the list is deployed',
    look: ({ leftOut }) => {
      const [listed, found] = [LEFT_OUT.map(({ type }) => type), [...leftOut.keys()]];
      demand(
        isDeepStrictEqual([...listed].sort(), found.sort()),
        `left out: ${found.join(', ')}; listed: ${listed.join(', ')}`,
      );
      return Promise.resolve(
        `${[...leftOut.values()].reduce((sum, one) => sum + one, 0)} left out`,
      );
    },
  },
  {
    behaviour: 'the variables of every function have room in what Lambda allows',
    look: ({ variableBytes }) => {
      const [name, most] = [...variableBytes].sort(([, one], [, other]) => other - one)[0] ?? [];
      demand(
        most !== undefined && most <= MOST_VARIABLE_BYTES,
        `${String(name)} has ${String(most)} bytes of ${MOST_VARIABLE_BYTES}`,
      );
      return Promise.resolve(
        `at most ${String(most)} of ${MOST_VARIABLE_BYTES} bytes, ${String(name)}`,
      );
    },
  },
  {
    behaviour: 'nothing of it listens beyond this machine',
    look: async ({ emulator }) => {
      const foreign = await foreignListeners(emulator.pid);
      demand(foreign.length === 0, `listens at ${foreign.join(', ')}`);
      return undefined;
    },
  },
  ...SCHEDULED.map((name) => ({
    behaviour: `the scheduled function ${name} does its work with the rights of its role`,
    look: async ({ clients }: Deployment) => {
      await invoke(clients, name, {});
      return undefined;
    },
  })),
];
