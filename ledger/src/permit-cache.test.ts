import { beforeEach, describe, expect, it } from '@jest/globals';
import { PulseError, type RecordClass } from '@pulseledger/domain';
import type { OpenedChart } from './opened-chart.ts';
import { PermitCache } from './permit-cache.ts';

const KEY = 'who/why/whom';
const HALF_HOUR_MS = 1_800_000;

let nowMs = 0;
let opened: (readonly RecordClass[])[] = [];
let cache: PermitCache;

beforeEach(() => {
  nowMs = 0;
  opened = [];
  cache = new PermitCache(() => nowMs);
});

/** Everything is permitted but results. */
function open(missing: readonly RecordClass[]): Promise<OpenedChart> {
  opened.push(missing);
  const decisions = missing.map((recordClass) => ({
    ...{ action: 'read' as const, recordClass, labels: [], reason: 'treating' as const },
    outcome: recordClass === 'result' ? ('deny' as const) : ('permit' as const),
  }));
  const recordClasses = missing.filter((recordClass) => recordClass !== 'result');
  const permitId = String(opened.length).repeat(32);
  return Promise.resolve({ permitId, recordClasses, decisions, untilMs: nowMs + HALF_HOUR_MS });
}

const ask = (...wanted: RecordClass[]) => cache.charts(KEY, wanted, open);

describe('open charts that are remembered', () => {
  it('are opened once for all who ask meanwhile', async () => {
    await Promise.all([ask('vitals'), ask('vitals'), ask('basics', 'vitals')]);
    expect(opened).toEqual([['vitals'], ['basics']]);
  });

  it('are used until shortly before they end', async () => {
    await ask('vitals');
    nowMs = HALF_HOUR_MS - 20_000;
    await ask('vitals');
    expect(opened).toHaveLength(1);
    nowMs = HALF_HOUR_MS - 10_000;
    await ask('vitals');
    expect(opened).toHaveLength(2);
  });

  it('remember a refusal for moments, and as long as something else of what is wanted is open', async () => {
    await ask('result', 'vitals');
    nowMs = 4_000;
    await ask('result');
    nowMs = 60_000;
    await ask('result', 'vitals');
    expect(opened).toHaveLength(1);
    await ask('result');
    expect(opened).toEqual([['result', 'vitals'], ['result']]);
    await ask('vitals');
    expect(opened).toHaveLength(2);
  });

  it('answer for what they were not asked for when they are told to', async () => {
    const chart = await open(['vitals']);
    cache.remember(KEY, chart, ['vitals', 'encounter']);
    const charts = await ask('vitals', 'encounter');
    expect([...charts.values()]).toEqual([chart, chart]);
    expect(opened).toHaveLength(1);
  });

  it('are forgotten by the permit that is closed, not by another one', async () => {
    const [first] = (await ask('vitals')).values();
    cache.forget(KEY, [first?.permitId ?? '']);
    const [second] = (await ask('vitals')).values();
    cache.forget(KEY, [first?.permitId ?? '']);
    expect([...(await ask('vitals')).values()]).toEqual([second]);
    expect(opened).toHaveLength(2);
  });

  it('fail for all who wait, and are opened anew by who comes later', async () => {
    const fail = () => Promise.reject(new PulseError('unavailable'));
    const tries = [cache.charts(KEY, ['vitals'], fail), ask('vitals')];
    for (const outcome of await Promise.allSettled(tries)) expect(outcome.status).toBe('rejected');
    expect(await ask('vitals')).toHaveProperty('size', 1);
  });
});
