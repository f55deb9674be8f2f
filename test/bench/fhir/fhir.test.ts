import { describe, expect, it, jest } from '@jest/globals';
import { countsIn, countsOfPages, drawnBy, drawnByMeans } from './answers.ts';
import { parseArguments, SIZES } from './arguments.ts';
import { chartFile } from './chart-file.ts';
import { HeartRate, HOUR_MS } from './heart-rate.ts';
import { measurePaired, type Work } from './paired.ts';
import { ReferenceSide, readDefinitions } from './reference-side.ts';
import { toTable } from './report.ts';
import { runFhirBench } from './run.ts';

jest.setTimeout(240_000);

describe('the command line of the bench of FHIR', () => {
  it('measures the full size on the devnet when nothing is said', () => {
    expect(parseArguments([])).toEqual({ network: 'devnet', size: 'full', json: false });
    expect(SIZES.full).toMatchObject({ resources: 500, hours: 720, readers: 200 });
  });

  it('takes another network and size', () => {
    expect(parseArguments(['--network', 'fabric', '--size', 'small', '--json'])).toEqual({
      ...{ network: 'fabric', size: 'small', json: true },
    });
    expect(parseArguments(['--help'])).toBe('help');
  });

  it.each([
    [['--network', 'mainnet'], '--network is'],
    [['--size', 'huge'], '--size is'],
    [['--fast'], '--fast'],
  ])('refuses %j with a reason', (args, reason) => {
    expect(() => parseArguments(args)).toThrow(reason);
  });
});

describe('what is stored', () => {
  it('is a chart of exactly so many resources that name each other', () => {
    const file = chartFile(500);
    expect(file).toHaveLength(500);
    const names = new Set(file.map(({ fullUrl }) => fullUrl));
    expect(names.size).toBe(500);
    const references = JSON.stringify(file).matchAll(/"reference":"([^"]+)"/g);
    for (const [, name] of references) expect(names).toContain(name);
  });

  it('is heart rate without a gap, of hours that are over', () => {
    const nowMs = Date.UTC(2026, 2, 5, 10, 20);
    const heartRate = new HeartRate(3, nowMs);
    expect([...heartRate.chunks()]).toHaveLength(18);
    expect(heartRate.toMs).toBe(Date.UTC(2026, 2, 5, 9));
    const { fromMs, toMs } = heartRate;
    const hours = heartRate.means(fromMs, toMs, HOUR_MS);
    expect(hours.map(({ atMs }) => atMs)).toEqual([0, 1, 2].map((n) => fromMs + n * HOUR_MS));
  });
});

describe('what is read out of answers', () => {
  it('is how many there are of each type, over all pages', async () => {
    readDefinitions();
    const file = chartFile(25);
    const types = [...new Set(file.map(({ resource }) => resource.resourceType))].slice(1);
    const reference = new ReferenceSide(types);
    const id = await reference.store(file);
    const path = `Patient/${id}/$everything?_count=10&_offset=0`;
    const ask = jest.fn((asked: string) => reference.ask(asked));
    const counts = await countsOfPages(ask, path);
    expect(ask).toHaveBeenCalledTimes(3);
    const expected = Map.groupBy(file, ({ resource }) => resource.resourceType);
    expect(counts).toEqual(
      Object.fromEntries([...expected].map(([type, all]) => [type, all.length])),
    );
    expect(countsIn(await reference.ask(`Patient/${id}`))).toEqual({ Patient: 1 });
  });

  it('is the same of a line and of the Observations of its means', () => {
    const points = [70, 71].map((mean) => ({ mean }));
    const entry = points.map(({ mean }) => ({ resource: { valueQuantity: { value: mean } } }));
    const line = JSON.stringify({ step: 'hour', series: [{ points }] });
    expect(drawnBy(line)).toEqual({ points: 2, mean: 70.5 });
    expect(drawnByMeans([JSON.stringify({ entry })])).toEqual(drawnBy(line));
  });
});

describe('measuring in turns', () => {
  const work: Work = {
    ...{ name: 'nothing', turns: 2, readers: 3 },
    ours: (turn, reader) => Promise.resolve([turn, reader]),
    reference: (turn, reader) => Promise.resolve([turn, reader]),
  };

  it('takes the sides in turns, and leaves the first turn out', async () => {
    const asked: string[] = [];
    const noted = (side: string) => (turn: number) => {
      asked.push(`${side} ${turn}`);
      return Promise.resolve(turn);
    };
    const alone = { ...work, readers: 1, ours: noted('ours'), reference: noted('theirs') };
    const row = await measurePaired(alone);
    expect(asked).toEqual(['ours 0', 'theirs 0', 'theirs 1', 'ours 1', 'ours 2', 'theirs 2']);
    expect(row).toMatchObject({ name: 'nothing', readers: 1, samples: 2 });
  });

  it('counts each reader', async () => {
    expect((await measurePaired(work)).samples).toBe(6);
  });

  it('has no figure for sides that answer differently', async () => {
    const other = { ...work, reference: () => Promise.resolve('another') };
    await expect(measurePaired(other)).rejects.toThrow('nothing: the sides answer differently');
  });
});

describe('the small size', () => {
  it('has both sides give the same answers to everything, and a ratio for each', async () => {
    const options = { network: 'devnet', size: 'small', json: true } as const;
    const report = await runFhirBench(options, () => undefined);
    expect(report).toMatchObject({ network: 'devnet', size: 'small' });
    const { openings, turns, readers, rounds } = SIZES.small;
    expect(report.rows.map(({ samples }) => samples)).toEqual([
      ...[openings, openings, turns, readers * rounds, turns, turns],
    ]);
    for (const { ours, reference, ratio } of report.rows) {
      for (const { p50Ms, p99Ms } of [ours, reference]) {
        expect(p50Ms).toBeGreaterThan(0);
        expect(p99Ms).toBeGreaterThanOrEqual(p50Ms);
      }
      expect(ratio.p50).toBeCloseTo(ours.p50Ms / reference.p50Ms, 0);
    }
    const lines = toTable(report.rows).split('\n');
    expect(lines).toHaveLength(7);
    expect(new Set(lines.map((line) => line.length)).size).toBe(1);
  });
});
