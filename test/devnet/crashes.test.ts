import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { runCrashes } from './crashes.ts';

const CHECKOUT = join(__dirname, '..', '..');
const ROUNDS = 3;
const SEED = 5;

test('kill -9 at seeded moments loses nothing that was answered as committed', async () => {
  const report = await runCrashes({
    checkout: CHECKOUT,
    seed: SEED,
    rounds: ROUNDS,
    say: () => undefined,
  });
  expect(report.lost).toEqual([]);
  expect(report.answered).toBeGreaterThan(0);
  expect(report.height).toBeGreaterThan(1);
  expect(report.readyMs).toHaveLength(ROUNDS + 1 - report.killsDuringStart);
}, 180_000);
