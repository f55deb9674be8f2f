import { randomInt } from 'node:crypto';
import { createServer, type Server } from 'node:net';
import { z } from 'zod';
import { readIfPresent, writePrivate } from '../../identity/src/index.ts';
import { HOST, type Ports } from './layout.ts';

/**
 * Ports are chosen here, below the range from which systems take the local ports of outgoing connections
 * (Linux 32768 up, macOS 49152 up): a port kept for later starts must not be somebody's by chance.
 */
const LOWEST_PORT = 20_000;
const HIGHEST_PORT = 32_000;
const MAX_TRIES = 1_000;

const portsFile = z.strictObject({
  version: z.literal(1),
  fabric: z.record(z.string(), z.int().min(1).max(65_535)),
});

/** A port that the network used before belongs to another program now. */
export class PortTakenError extends Error {
  override readonly name = 'PortTakenError';
}

async function tryListen(port: number): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => {
      resolve(undefined);
    });
    server.listen({ port, host: HOST, exclusive: true }, () => {
      resolve(server);
    });
  });
}

async function close(server: Server): Promise<void> {
  await new Promise((resolve) => server.close(resolve));
}

async function isFree(port: number): Promise<boolean> {
  const server = await tryListen(port);
  if (server === undefined) return false;
  await close(server);
  return true;
}

async function choose(taken: ReadonlySet<number>): Promise<number> {
  for (let i = 0; i < MAX_TRIES; i++) {
    const port = randomInt(LOWEST_PORT, HIGHEST_PORT);
    if (!taken.has(port) && (await isFree(port))) return port;
  }
  throw new PortTakenError(`No free port was found between ${LOWEST_PORT} and ${HIGHEST_PORT}.`);
}

/** The ports kept in the file; none when it does not exist. */
export async function readPorts(file: string): Promise<Ports> {
  const text = await readIfPresent(file);
  if (text === undefined) return {};
  const parsed = portsFile.safeParse(JSON.parse(text));
  if (parsed.success) return parsed.data.fabric;
  throw new TypeError(
    `${file} is not this network's list of ports. Use another --data folder for this network.`,
  );
}

/**
 * The ports of these names: those kept in the file, and free ones for new names, which are then kept.
 *
 * @throws PortTakenError when a kept port belongs to another program.
 */
export async function keepPorts(file: string, names: readonly string[]): Promise<Ports> {
  const kept = await readPorts(file);
  const ports: Record<string, number> = { ...kept };
  const taken = new Set(Object.values(kept));
  for (const name of names) {
    const port = kept[name];
    if (port === undefined) {
      const chosen = await choose(taken);
      taken.add(chosen);
      ports[name] = chosen;
    } else if (!(await isFree(port))) {
      throw new PortTakenError(
        `Port ${port} of ${name} is taken by another program. Stop that program and start again; ` +
          'nodes keep their ports because the channel names them.',
      );
    }
  }
  if (names.some((name) => kept[name] === undefined)) {
    await writePrivate(file, `${JSON.stringify({ version: 1, fabric: ports }, null, 2)}\n`);
  }
  return ports;
}
