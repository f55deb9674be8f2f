import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { FAULTS, type Fault } from '../faults/fault-plan.ts';
import { type Fleet, startFleet } from '../fleet/fleet.ts';
import { JudgingSystem } from '../test-support/judging-system.ts';
import { readTruth } from '../truth.ts';
import type { Fate, TruthLine } from '../truth-lines.ts';
import { FLOOD_CHUNKS } from './assaults.ts';
import { attackMoment } from './attackers.ts';
import { ATTACK_FATES, ATTACKS, type Attack } from './attacks.ts';

let system: JudgingSystem;
let fleet: Fleet | undefined;

beforeEach(async () => {
  system = await JudgingSystem.start();
});
afterEach(async () => {
  await fleet?.close();
  fleet = undefined;
  await system.close();
});

async function run(kinds: readonly Attack[], faults: readonly Fault[]): Promise<TruthLine[]> {
  const truthFile = join(system.folder, 'truth.ndjson');
  fleet = await startFleet({
    devices: 3,
    seed: 21,
    windowSeconds: 1,
    rate: 10,
    zone: 'UTC',
    patients: system.patients,
    enrol: system.enrol,
    folder: join(system.folder, 'fleet'),
    truthFile,
    faults: { kinds: new Set(faults), dayMs: 4_000 },
    attackers: { kinds: new Set(kinds), revoke: system.revoke },
  });
  await new Promise((resolve) => setTimeout(resolve, 4_000));
  fleet.stopMeasuring();
  expect(await fleet.drain(90_000)).toBe(true);
  expect(Object.values(fleet.attacks()).filter(({ done }) => done)).toHaveLength(kinds.length);
  await fleet.close();
  fleet = undefined;
  const lines: TruthLine[] = [];
  for await (const line of readTruth(truthFile)) lines.push(line);
  return lines;
}

/** What the system did with these bytes of this sender. */
function becameOf(device: string, sha256: string): string[] {
  const reasons = [...(system.quarantined.get(`${device}/${sha256}`) ?? [])];
  const isRecorded = system.recorded.get(sha256) === 1;
  return [...reasons, ...(isRecorded ? ['recorded'] : [])];
}

function expected(fate: Fate): string[] {
  if (fate === 'refused') return [];
  return typeof fate === 'string' ? ['recorded'] : [fate.quarantined];
}

describe('attackers', () => {
  test('try everything that is asked of them, and each thing has the fate that the truth tells', async () => {
    const lines = await run(ATTACKS, []);
    const attempts = lines.filter((line) => line.t === 'attempt');
    const taken = new Set(lines.flatMap((line) => (line.t === 'taken' ? [line.attempt] : [])));
    const away = new Set(lines.flatMap((line) => (line.t === 'turnedAway' ? [line.attempt] : [])));
    const ofOthers = new Set(lines.flatMap((line) => (line.t === 'chunk' ? [line.sha256] : [])));
    for (const { attempt, attack, device, sha256, fate } of attempts) {
      // A replayed chunk is rightly on the ledger by its own device.
      const became = becameOf(device, sha256).filter(
        (what) => what !== 'recorded' || !ofOthers.has(sha256),
      );
      const known = ATTACK_FATES[attack as Attack].map((one) => JSON.stringify(one));
      expect([attempt, known.includes(JSON.stringify(fate))]).toEqual([attempt, true]);
      if (taken.has(attempt) || fate === 'refused') {
        expect([attempt, became]).toEqual([attempt, expected(fate)]);
      }
      const seen = [attempt, taken.has(attempt), away.has(attempt)];
      if (fate === 'refused') expect(seen).toEqual([attempt, false, true]);
    }
    // Every fate of the table was really tried.
    for (const attack of ATTACKS) {
      const tried = attempts.filter((one) => one.attack === attack).map(({ fate }) => fate);
      for (const fate of ATTACK_FATES[attack]) expect(tried).toContainEqual(fate);
    }
    expect(attempts.filter(({ attack }) => attack === 'flood')).toHaveLength(FLOOD_CHUNKS);
    // Nobody honest suffers, and nothing else is in the quarantine.
    const honest = lines.filter((line) => line.t === 'chunk');
    for (const { device, sha256, fate } of honest) {
      expect([fate, becameOf(device, sha256)]).toEqual(['committed', ['recorded']]);
    }
    const senders = new Set(attempts.map((one) => `${one.device}/${one.sha256}`));
    expect([...system.quarantined.keys()].filter((key) => !senders.has(key))).toEqual([]);
  }, 120_000);

  test('begin at moments that follow from seed and kind, within the first half of the time', () => {
    const moments = ATTACKS.map((attack) => attackMoment(5, attack));
    expect(ATTACKS.map((attack) => attackMoment(5, attack))).toEqual(moments);
    expect(Math.min(...moments)).toBeGreaterThanOrEqual(0.1);
    expect(Math.max(...moments)).toBeLessThan(0.5);
    expect(ATTACKS.map((attack) => attackMoment(6, attack))).not.toEqual(moments);
  });
});

describe('a fleet with every fault', () => {
  test('hands over what it told, and each chunk has its fate', async () => {
    const lines = await run([], FAULTS);
    const chunks = lines.filter((line) => line.t === 'chunk');
    const fates = new Set(chunks.map(({ fate }) => JSON.stringify(fate)));
    expect(fates).toEqual(new Set(['"committed"', '{"quarantined":"clock_out_of_range"}']));
    for (const { device, sha256, fate } of chunks) {
      expect(becameOf(device, sha256)).toEqual(expected(fate));
    }
    // Everything that was measured is handed over or told as lost.
    const lost = lines.filter((line) => line.t === 'lost').map(({ cause }) => cause);
    expect(new Set(lost)).toEqual(new Set(['battery', 'reboot']));
    const boots = new Set(lines.flatMap((line) => (line.t === 'device' ? [line.boot] : [])));
    expect(boots.size).toBeGreaterThan(1);
    const told = new Set(lines.flatMap((line) => (line.t === 'fault' ? [line.fault] : [])));
    expect(told.size).toBe(FAULTS.length - 2);
    expect(lines.find((line) => line.t === 'run')).toMatchObject({ faultScale: 21_600 });
  }, 120_000);
});
