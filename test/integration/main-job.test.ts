import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { lastJson, start, withFolder } from './start.ts';

const RUN_LIMIT_MS = 300_000;

const Report = z.object({
  network: z.enum(['devnet', 'fabric']),
  devices: z.number(),
  windowSeconds: z.number(),
  published: z.number(),
  acknowledged: z.number(),
  committed: z.number(),
  lost: z.number(),
  duplicated: z.number(),
  quarantined: z.number(),
  transactions: z.number(),
  readingsPerTransaction: z.number(),
  ledgerBytesPerReading: z.number(),
  commitLatencyMs: z.object({ p50: z.number(), p99: z.number() }),
  readySeconds: z.number(),
  seed: z.number(),
});

function runOnce(network: 'devnet' | 'fabric', devices: number): Promise<z.infer<typeof Report>> {
  return withFolder(async (folder) => {
    const args = ['--network', network, '--devices', devices.toString(), '--for', '8s', '--json'];
    const run = start('local/src/main.ts', [...args, '--data', folder]);
    const { code, stdout, stderr } = await run.finished;
    if (code !== 0) throw new Error(`exit ${String(code)}\n${stdout}\n${stderr}`);
    return Report.parse(lastJson(stdout));
  });
}

function expectNothingLost(report: z.infer<typeof Report>, devices: number): void {
  expect(report).toMatchObject({ devices, lost: 0, duplicated: 0, quarantined: 0 });
  expect(report.committed).toBe(report.published);
  expect(report.acknowledged).toBe(report.published);
  // Five signals a second and device for at least half of the time asked for.
  expect(report.committed).toBeGreaterThanOrEqual(devices * 5 * 4);
}

describe('wearables to ledger, recounted from the peers’ data alone', () => {
  it(
    'loses and doubles nothing on the devnet',
    async () => {
      expectNothingLost(await runOnce('devnet', 10), 10);
    },
    RUN_LIMIT_MS,
  );
});

const onFabric = process.env['FABRIC_BIN'] === undefined ? describe.skip : describe;

onFabric('wearables to native Fabric (skipped: FABRIC_BIN is not set)', () => {
  it(
    'loses and doubles nothing',
    async () => {
      expectNothingLost(await runOnce('fabric', 10), 10);
    },
    RUN_LIMIT_MS,
  );
});
