import { type SeedOptions, type SeedReport, Simulation } from './simulation.ts';

let world: Simulation['world'] | undefined;

/** Simulated time for libraries that read the clock; undefined outside a run. */
export function nowMs(): number | undefined {
  return world?.nowMs;
}

/** Bytes of this run for libraries that ask for random ones. */
export function randomBytes(length: number): Uint8Array | undefined {
  return world?.choices.bytes(length);
}

/** Something was thrown where nobody catches it. */
export function uncaught(error: unknown): void {
  world?.violated(
    `nobody has caught: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
  );
}

/** Runs one seed to its end. */
export async function runSeed(options: SeedOptions): Promise<SeedReport> {
  const simulation = new Simulation(options);
  world = simulation.world;
  try {
    return await simulation.run();
  } finally {
    world = undefined;
  }
}
