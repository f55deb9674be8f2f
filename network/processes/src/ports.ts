import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

const LOOPBACK = '127.0.0.1';
/**
 * Below the range from which systems take the local ports of outgoing connections (Linux 32768 up, macOS 49152
 * up): a port kept for later starts must not be somebody's by chance.
 */
const LOWEST_PORT = 20_000;
const HIGHEST_PORT = 32_000;
const MAX_TRIES = 1_000;

/** Whether nobody listens there on loopback. */
export async function isPortFree(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const server = createServer();
  server.once('error', () => {
    resolve(false);
  });
  server.listen({ port, host: LOOPBACK, exclusive: true }, () => {
    server.close(() => {
      resolve(true);
    });
  });
  return promise;
}

/**
 * A free port that is good to be kept.
 *
 * @param taken ports that are promised to others who do not listen yet
 * @throws Error when none was found
 */
export async function choosePort(taken: ReadonlySet<number>): Promise<number> {
  for (let i = 0; i < MAX_TRIES; i++) {
    const port = randomInt(LOWEST_PORT, HIGHEST_PORT);
    if (!taken.has(port) && (await isPortFree(port))) return port;
  }
  throw new Error(`No free port was found between ${LOWEST_PORT} and ${HIGHEST_PORT}.`);
}
