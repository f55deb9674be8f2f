import { randomInt } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { z } from 'zod';
import { writePrivate } from '../../identity/src/index.ts';
import { isMissing } from './is-missing.ts';

/** The network is for this machine only. */
export const HOST = '127.0.0.1';

/**
 * Below the range from which systems take the local ports of outgoing connections (Linux 32768 up, macOS 49152 up): a
 * port kept for later starts must not be somebody's by chance.
 */
const LOWEST_PORT = 20_000;
const HIGHEST_PORT = 32_000;
const MAX_TRIES = 1_000;

const portsFile = z.strictObject({
  version: z.literal(1),
  /** Port of each organization's gateway, by the organization's name. */
  gateways: z.record(z.string(), z.int().min(1).max(65_535)),
});

async function readPorts(file: string): Promise<Readonly<Record<string, number>>> {
  try {
    return portsFile.parse(JSON.parse(await readFile(file, 'utf8'))).gateways;
  } catch (error) {
    if (isMissing(error)) return {};
    throw new Error(
      `The file of ports, ${file}, cannot be read. Delete it: new ports are then chosen.`,
      { cause: error },
    );
  }
}

async function writePorts(file: string, gateways: Readonly<Record<string, number>>): Promise<void> {
  await writePrivate(file, `${JSON.stringify({ version: 1, gateways }, null, 2)}\n`);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => {
      resolve(false);
    });
    server.listen({ port, host: HOST, exclusive: true }, () => {
      server.close(() => {
        resolve(true);
      });
    });
  });
}

async function freePort(taken: readonly number[]): Promise<number> {
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const port = randomInt(LOWEST_PORT, HIGHEST_PORT);
    if (!taken.includes(port) && (await isFree(port))) return port;
  }
  throw new Error(`No free port was found between ${LOWEST_PORT} and ${HIGHEST_PORT}.`);
}

/**
 * Keeps wishes for gateways' ports, for {@link gatewayPorts} to find.
 *
 * @throws Error when the file cannot be read or written.
 */
export async function wishPorts(
  file: string,
  wishes: Readonly<Record<string, number>>,
): Promise<void> {
  const kept = await readPorts(file);
  if (Object.entries(wishes).every(([name, port]) => kept[name] === port)) return;
  await writePorts(file, { ...kept, ...wishes });
}

/** The error of a gateway that cannot have the port it had before. */
export function portTaken(organization: string, port: number, cause?: unknown): Error {
  return new Error(
    `Port ${port} of ${organization}'s gateway cannot be used. Stop the program that uses it, or delete the file of ports in the folder of keys so that others are chosen.`,
    { cause },
  );
}

/**
 * The port of each organization's gateway: as kept in the file, or a free one, which is then kept.
 *
 * @throws Error when a kept port is taken, or the file cannot be read or written.
 */
export async function gatewayPorts(
  file: string,
  organizations: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const kept = await readPorts(file);
  const ports = new Map<string, number>();
  for (const name of organizations) {
    const port = kept[name];
    if (port !== undefined && !(await isFree(port))) throw portTaken(name, port);
    const taken = [...Object.values(kept), ...ports.values()];
    ports.set(name, port ?? (await freePort(taken)));
  }
  if (organizations.some((name) => kept[name] === undefined)) {
    await writePorts(file, { ...kept, ...Object.fromEntries(ports) });
  }
  return ports;
}
