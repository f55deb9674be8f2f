/** `npm run test:aws` as a user runs it: dev is deployed to an emulated account, and used. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { CHECKOUT, lastJson, start } from '../integration/start.ts';
import type { NetworkKind } from '../negative/support/system.ts';
import { CHECKS } from './checks.ts';
import { EXIT } from './failure.ts';

const LIMIT_MS = 1_200_000;
const COMMAND = 'test/aws/main.ts';
const BEHAVIOURS = CHECKS.map(({ behaviour }) => behaviour);

const Report = z.object({
  network: z.enum(['devnet', 'fabric']),
  checks: z.array(
    z.object({
      behaviour: z.string(),
      detail: z.string().optional(),
      failure: z.string().optional(),
    }),
  ),
});

function describeDeployment(title: string, network: NetworkKind): void {
  describe(title, () => {
    let report: z.infer<typeof Report>;
    beforeAll(async () => {
      const run = start(COMMAND, ['--network', network, '--json']);
      const { code, stdout, stderr } = await run.finished;
      // Behaviours that were not seen are told one by one below.
      if (code !== EXIT.ok && stdout === '') throw new Error(`exit ${String(code)}\n${stderr}`);
      report = Report.parse(lastJson(stdout));
    }, LIMIT_MS);

    it.each(BEHAVIOURS)('%s', (behaviour) => {
      const found = report.checks.find((one) => one.behaviour === behaviour);
      expect(found).toMatchObject({ behaviour });
      expect(found?.failure).toBeUndefined();
    });
  });
}

describeDeployment('dev in an emulated account, with the devnet', 'devnet');

const onFabric = process.env['FABRIC_BIN'] === undefined ? describe.skip : describe;
onFabric('on native Fabric (skipped: FABRIC_BIN is not set)', () => {
  describeDeployment('dev in an emulated account, with native Fabric', 'fabric');
});

/** Processes that were started with this in their environment. */
async function processesWith(text: string): Promise<string[]> {
  if (!existsSync('/proc')) return [];
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const environments = pids.map((pid) => readFile(`/proc/${pid}/environ`, 'utf8').catch(() => ''));
  const texts = await Promise.all(environments);
  return pids.filter((_, index) => texts[index]?.includes(text) ?? false);
}

describe('Ctrl-C in the middle of a deployment', () => {
  it(
    'ends everything that was started, and leaves no file',
    async () => {
      const folder = await mkdtemp(join(tmpdir(), 'pulse-aws-interrupted-'));
      try {
        const child = spawn(process.execPath, [join(CHECKOUT, COMMAND), '--network', 'devnet'], {
          env: { ...process.env, TMPDIR: folder },
          stdio: ['ignore', 'ignore', 'pipe'],
        });
        const closed = once(child, 'close');
        for await (const line of createInterface(child.stderr)) {
          // The emulator runs by then, and the CDK begins.
          if (line.includes('cdk bootstrap')) break;
        }
        expect(await processesWith(folder)).not.toEqual([]);
        child.kill('SIGINT');
        child.stderr.resume();
        await closed;
        expect(child.exitCode).toBe(EXIT.interrupted);
        expect(await processesWith(folder)).toEqual([]);
        expect(await readdir(folder)).toEqual([]);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
    LIMIT_MS,
  );
});
