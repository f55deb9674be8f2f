import { expect, test } from '@jest/globals';
import { z } from 'zod';
import { lastJson, start, withFolder } from '../integration/start.ts';

const MINUTES = 60_000;
const Report = z.object({
  handedOver: z.int().min(1),
  lost: z.int(),
  duplicated: z.int(),
  altered: z.int(),
  wrongFates: z.array(z.object({ expected: z.string(), found: z.string() })),
  chaos: z.object({
    kills: z.record(z.string(), z.int()),
    redeliveries: z.int(),
    missing: z.array(z.string()),
    faults: z.array(z.object({ kind: z.string(), inFlight: z.object({}) })),
  }),
});

/**
 * A short one on the embedded network; ten seeds of a minute each, on both networks: `npm run chaos`. How much is under
 * way depends on the machine, so that a short run need not be a proof (exit code 8), but its account must be right.
 */
test(
  'npm start -- --chaos kills every process, and nothing is lost, doubled or altered',
  () =>
    withFolder(async (data) => {
      const run = start('local/src/main.ts', [
        ...['--chaos', '--json', '--devices', '8', '--for', '20s', '--seed', '4', '--data', data],
      ]);
      const { code, stdout, stderr } = await run.finished;
      expect({ code, stderr }).toEqual({ code: code === 8 ? 8 : 0, stderr: expect.anything() });
      const report = Report.parse(lastJson(stdout));
      expect(report).toMatchObject({ lost: 0, duplicated: 0, altered: 0 });
      const wrong = report.wrongFates.filter(({ expected }) => expected !== 'carried out');
      expect(wrong).toEqual([]);
      const { kills, missing, faults } = report.chaos;
      expect(Object.keys(kills)).toEqual(
        expect.arrayContaining(['cloud', 'lambda-host', 'http-api', 'network', 'chaincode.clinic']),
      );
      expect(missing.length + report.wrongFates.length === 0).toBe(code === 0);
      expect(faults.length).toBeGreaterThan(15);
    }),
  10 * MINUTES,
);
