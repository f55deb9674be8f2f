import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { z } from 'zod';
import { writePrivate } from '../../identity/src/index.ts';

/** The network is for this machine only. */
export const HOST = '127.0.0.1';

const portsFile = z.strictObject({
  version: z.literal(1),
  /** Port of each organization's gateway, by the organization's name. */
  gateways: z.record(z.string(), z.int().min(1).max(65_535)),
});

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

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

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, HOST, resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('No port could be chosen.');
  return address.port;
}

/**
 * The port of each organization's gateway: as kept in the file, or a free one, which is then kept.
 *
 * @throws Error when the file cannot be read or written.
 */
export async function gatewayPorts(
  file: string,
  organizations: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const kept = await readPorts(file);
  const ports = new Map<string, number>();
  for (const name of organizations) ports.set(name, kept[name] ?? (await freePort()));
  if (organizations.some((name) => kept[name] === undefined)) {
    const gateways = { ...kept, ...Object.fromEntries(ports) };
    await writePrivate(file, `${JSON.stringify({ version: 1, gateways }, null, 2)}\n`);
  }
  return ports;
}
