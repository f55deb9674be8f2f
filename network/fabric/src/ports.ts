import { z } from 'zod';
import { readIfPresent, writePrivate } from '../../identity/src/index.ts';
import { choosePort, isPortFree } from '../../processes/src/index.ts';
import type { Ports } from './local-layout.ts';

const portsFile = z.strictObject({
  version: z.literal(1),
  fabric: z.record(z.string(), z.int().min(1).max(65_535)),
});

/** A port that the network used before belongs to another program now. */
export class PortTakenError extends Error {
  override readonly name = 'PortTakenError';
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
 * Free ports for those names that have none yet, kept in the file with the others. Ports that are known already may
 * be in use by the network itself.
 */
export async function addPorts(file: string, names: readonly string[]): Promise<Ports> {
  const kept = await readPorts(file);
  const missing = names.filter((name) => kept[name] === undefined);
  if (missing.length === 0) return kept;
  const ports: Record<string, number> = { ...kept };
  const taken = new Set(Object.values(kept));
  for (const name of missing) {
    const chosen = await choosePort(taken);
    taken.add(chosen);
    ports[name] = chosen;
  }
  await writePrivate(file, `${JSON.stringify({ version: 1, fabric: ports }, null, 2)}\n`);
  return ports;
}

/**
 * The ports of these names before the network starts: those kept in the file, and free ones for new names, which
 * are then kept.
 *
 * @throws PortTakenError when a kept port belongs to another program.
 */
export async function keepPorts(file: string, names: readonly string[]): Promise<Ports> {
  const kept = await readPorts(file);
  for (const name of names) {
    const port = kept[name];
    if (port === undefined || (await isPortFree(port))) continue;
    throw new PortTakenError(
      `Port ${port} of ${name} is taken by another program. Stop that program and start again; ` +
        'nodes keep their ports because the channel names them.',
    );
  }
  return addPorts(file, names);
}
