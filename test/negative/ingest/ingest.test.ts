import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe } from '@jest/globals';
import { Lane, type LaneOptions } from '../support/ingest-lane.ts';
import { LedgerWorld } from '../support/ledger-world.ts';
import type { NetworkKind } from '../support/system.ts';
import { theBatches } from './batches.ts';
import { theClocks } from './clocks.ts';
import { theCrashes } from './crashes.ts';
import { theIdentities } from './identities.ts';
import { theOutages } from './outages.ts';

const LIMIT_MS = 240_000;

/** The network that the functions record on, and a way to run one beside it. */
export interface IngestScene {
  readonly world: LedgerWorld;
  /** Runs a test in a lane of its own, which is gone afterwards. */
  readonly lane: <T>(use: (lane: Lane) => Promise<T>, options?: Partial<LaneOptions>) => Promise<T>;
  /**
   * Runs a test in a lane that stays, with the functions that are running there: for what asks nothing of their start, which
   * is the most expensive part of a test.
   */
  readonly running: <T>(kind: Running, use: (lane: Lane) => Promise<T>) => Promise<T>;
}

/** One process that takes all messages at once, or two that take two at a time, in two invocations each. */
export type Running = 'one' | 'pair';

interface KeptLane {
  readonly lane: Lane;
  readonly folder: string;
}

async function keep(world: LedgerWorld, kind: Running): Promise<KeptLane> {
  const folder = await mkdtemp(join(tmpdir(), 'pulse-lane-'));
  const lane = await Lane.open({ world, folder });
  if (kind === 'one') await lane.host();
  else await Promise.all([lane.host(2, 2), lane.host(2, 2)]);
  return { lane, folder };
}

/** I1-I12 with the function in its real host process. */
function attacks(kind: NetworkKind): void {
  let scene: IngestScene;
  const kept = new Map<Running, Promise<KeptLane>>();

  beforeAll(async () => {
    const world = await LedgerWorld.start(kind);
    const lane: IngestScene['lane'] = async (use, options = {}) => {
      const folder = await mkdtemp(join(tmpdir(), 'pulse-lane-'));
      const opened = await Lane.open({ world, folder, ...options });
      try {
        return await use(opened);
      } finally {
        await opened.close();
        await rm(folder, { recursive: true, force: true });
      }
    };
    const running: IngestScene['running'] = async (kind, use) => {
      const opened = kept.get(kind) ?? keep(world, kind);
      kept.set(kind, opened);
      return use((await opened).lane);
    };
    scene = { world, lane, running };
  }, LIMIT_MS);

  afterAll(async () => {
    for (const opened of kept.values()) {
      const { lane, folder } = await opened;
      await lane.close();
      await rm(folder, { recursive: true, force: true });
    }
    await scene.world.stop();
  }, LIMIT_MS);

  theCrashes(() => scene);
  theBatches(() => scene);
  theOutages(() => scene);
  theIdentities(() => scene);
  theClocks(() => scene);
}

describe('ingest, on the devnet', () => {
  attacks('devnet');
});

const onFabric = process.env['FABRIC_BIN'] === undefined ? describe.skip : describe;

onFabric('ingest, on native Fabric (skipped: FABRIC_BIN is not set)', () => {
  attacks('fabric');
});
