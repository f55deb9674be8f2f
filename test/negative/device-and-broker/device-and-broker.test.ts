import { afterAll, beforeAll, describe } from '@jest/globals';
import { type NetworkKind, System } from '../support/system.ts';
import { theBytes } from './bytes.ts';
import { theChunks } from './chunks.ts';
import { theDoors } from './doors.ts';
import { Scene } from './shared.ts';

const LIMIT_MS = 240_000;

/** D1-D16 over MQTT, against a system as `npm start` runs it. */
function attacks(kind: NetworkKind): void {
  let system: System;
  let scene: Scene;

  beforeAll(async () => {
    system = await System.start(kind);
    scene = await Scene.open(system);
  }, LIMIT_MS);

  afterAll(async () => {
    await scene.close();
    await system.stop();
  }, LIMIT_MS);

  theDoors(() => scene);
  theChunks(() => scene);
  theBytes(() => scene);
}

describe('devices and broker, on the devnet', () => {
  attacks('devnet');
});

const onFabric = process.env['FABRIC_BIN'] === undefined ? describe.skip : describe;

onFabric('devices and broker, on native Fabric (skipped: FABRIC_BIN is not set)', () => {
  attacks('fabric');
});
