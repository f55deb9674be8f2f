import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Reading } from '../chunk/reading.ts';
import { summarizeReadings } from '../chunk/summary.ts';
import type { VitalCode } from '../vital-signs.ts';
import { type AlarmDeed, MAX_SNOOZE_MS, withDeeds } from './deeds.ts';
import {
  type AlarmEvent,
  type Arrival,
  evaluateArrival,
  isQuiet,
  isSameToReaders,
  LIVE_WITHIN_MS,
} from './evaluate.ts';
import { type AlarmLimit, AlarmSettings, DEFAULT_SETTINGS } from './limits.ts';
import { type Alarm, AlarmId, AlarmState, NO_ALARMS } from './state.ts';
import { escalationOf, noDataAlarm, openAlarms } from './view.ts';

const DEVICE = 'ab'.repeat(16);
const OTHER_DEVICE = 'cd'.repeat(16);
const NURSE = { by: '11'.repeat(16), mspId: 'HospitalMSP' };
const NOON_MS = Date.UTC(2026, 10, 22, 12);
const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const SPO2 = '59408-5';

/** Below 90 for 15 s; over at 92. */
const LIMIT: AlarmLimit = {
  side: 'low',
  value: 90,
  priority: 'high',
  persistenceMs: 15 * SECOND_MS,
  hysteresis: 2,
};
const SETTINGS: AlarmSettings = { ...DEFAULT_SETTINGS, limits: { [SPO2]: [LIMIT] } };
const RULE = `${SPO2}.low.high`;

type Value = number | 'off';

/** One reading a second from a second after noon on; `off` = the sensor has no value. */
function readingsOf(values: readonly Value[], fromSecond = 0, code: VitalCode = SPO2): Reading[] {
  return values.map((value, index): Reading => {
    const unit = code === SPO2 ? '%' : '/min';
    const common = { code, unit, atMs: NOON_MS + (fromSecond + index) * SECOND_MS };
    return value === 'off' ? { ...common, absent: 'error' } : { ...common, value };
  });
}

function arrivalOf(readings: readonly Reading[], deviceId = DEVICE): Arrival {
  const endMs = readings.at(-1)?.atMs ?? NOON_MS;
  return { deviceId, readings, endMs, receivedAtMs: endMs + 2 * SECOND_MS };
}

interface Told {
  readonly state: AlarmState;
  readonly events: readonly AlarmEvent[];
}

/** Everything that happens when arrivals are evaluated right when they come. */
function tell(arrivals: readonly Arrival[], settings = SETTINGS, from = NO_ALARMS): Told {
  return arrivals.reduce<Told>(
    ({ state, events }, arrival) => {
      const next = evaluateArrival(state, arrival, settings, arrival.receivedAtMs);
      return { state: next.state, events: [...events, ...next.events] };
    },
    { state: from, events: [] },
  );
}

function changes({ events }: Told): string[] {
  return events.map(
    ({ change, rule, atMs }) => `${change} ${rule} ${(atMs - NOON_MS) / SECOND_MS}`,
  );
}

function alarmsOf(state: AlarmState): Alarm[] {
  return state.devices.flatMap(({ tracks }) => tracks.flatMap(({ alarm }) => alarm ?? []));
}

function times(value: Value, count: number): Value[] {
  return Array.from({ length: count }, () => value);
}

function acknowledge(alarmId: string, atMs: number): AlarmDeed {
  return { ...NURSE, alarmId, atMs, untilMs: null };
}

describe('a limit', () => {
  it('raises an alarm once it is violated for as long as it says, and not before', () => {
    expect(changes(tell([arrivalOf(readingsOf(times(89, 15)))]))).toEqual([]);
    const told = tell([arrivalOf(readingsOf([95, ...times(89, 16)]))]);
    expect(changes(told)).toEqual([`raised ${RULE} 16`]);
    expect(alarmsOf(told.state)).toMatchObject([
      {
        rule: RULE,
        priority: 'high',
        kind: 'physiological',
        limit: 90,
        extreme: 89,
        sinceMs: NOON_MS + SECOND_MS,
      },
    ]);
  });

  it('is not violated by its own value', () => {
    expect(changes(tell([arrivalOf(readingsOf(times(90, 60)))]))).toEqual([]);
  });

  it('waits across chunks', () => {
    const parts = [readingsOf(times(88, 10)), readingsOf(times(88, 10), 10)];
    expect(changes(tell(parts.map((part) => arrivalOf(part))))).toEqual([`raised ${RULE} 15`]);
  });

  it('starts to wait anew when a value is well again, but not when it is only at the limit', () => {
    const broken = [...times(89, 10), 92, ...times(89, 10)];
    expect(changes(tell([arrivalOf(readingsOf(broken))]))).toEqual([]);
    const flickering = Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? 89 : 91));
    expect(changes(tell([arrivalOf(readingsOf(flickering))]))).toEqual([`raised ${RULE} 16`]);
  });

  it('is over only when a value comes back by the hysteresis', () => {
    const told = tell([arrivalOf(readingsOf([...times(80, 16), 90, 91, 91.9, 92, 95]))]);
    expect(changes(told)).toEqual([`raised ${RULE} 15`, `ended ${RULE} 19`]);
  });

  it('without persistence raises with the first value', () => {
    const limits = { [SPO2]: [{ ...LIMIT, persistenceMs: 0 }] };
    const told = tell([arrivalOf(readingsOf([89]))], { ...SETTINGS, limits });
    expect(changes(told)).toEqual([`raised ${RULE} 0`]);
  });

  it('that is taken away ends its alarm with the next readings, and still asks to be acknowledged', () => {
    const first = tell([arrivalOf(readingsOf(times(80, 20)))]);
    const off = { ...SETTINGS, limits: { [SPO2]: [] } };
    const second = tell([arrivalOf(readingsOf(times(80, 20), 20))], off, first.state);
    expect(changes(second)).toEqual([`ended ${RULE} 20`]);
    expect(openAlarms(second.state, [], NOON_MS)).toHaveLength(1);
  });

  it('is compared in its own unit', () => {
    const fever: Reading = { code: '8310-5', unit: '[degF]', atMs: NOON_MS, value: 102.4 };
    expect(changes(tell([arrivalOf([fever])], DEFAULT_SETTINGS))).toEqual([
      'raised 8310-5.high.low 0',
      'raised 8310-5.high.medium 0',
    ]);
  });
});

describe('settings', () => {
  const wrong: [string, unknown][] = [
    ['the same limit twice', [LIMIT, { ...LIMIT, value: 85 }]],
    ['a low limit above a high one', [LIMIT, { ...LIMIT, side: 'high', value: 80 }]],
    ['an endless persistence', [{ ...LIMIT, persistenceMs: 3_600_000 }]],
  ];
  it.each(wrong)('with %s are refused', (_what, limits) => {
    expect(AlarmSettings.safeParse({ ...SETTINGS, limits: { [SPO2]: limits } }).success).toBe(
      false,
    );
  });

  it('name known signs only', () => {
    expect(AlarmSettings.safeParse({ ...SETTINGS, limits: { '1-1': [LIMIT] } }).success).toBe(
      false,
    );
    expect(AlarmSettings.safeParse(SETTINGS).success).toBe(true);
  });
});

describe('an alarm', () => {
  const raised = tell([arrivalOf(readingsOf(times(85, 16)))]).state;
  const [alarm] = alarmsOf(raised);
  const ended = tell([arrivalOf(readingsOf([95], 16))], SETTINGS, raised).state;

  it('has a name that its readings make, and that is no secret of a value', () => {
    expect(alarm?.alarmId).toBe(`${DEVICE}.${RULE}.${NOON_MS + 15 * SECOND_MS}`);
    expect(AlarmId.safeParse(alarm?.alarmId).success).toBe(true);
  });

  it('that is over stays until it is acknowledged, and then is closed with who and when', () => {
    expect(openAlarms(ended, [], NOON_MS)).toMatchObject([{ endedAtMs: NOON_MS + 16_000 }]);
    const deed = acknowledge(alarm!.alarmId, NOON_MS + MINUTE_MS);
    const closed = withDeeds(ended, [deed]);
    expect(openAlarms(closed, [], NOON_MS)).toEqual([]);
    expect(closed.closed).toMatchObject([
      { acknowledgement: { ...NURSE, atMs: NOON_MS + MINUTE_MS } },
    ]);
    expect(withDeeds(closed, [deed])).toEqual(closed);
  });

  it('that is acknowledged while it lasts is closed when it is over', () => {
    const known = withDeeds(raised, [acknowledge(alarm!.alarmId, NOON_MS + 16_000)]);
    expect(openAlarms(known, [], NOON_MS)).toHaveLength(1);
    const after = tell([arrivalOf(readingsOf([95], 16))], SETTINGS, known).state;
    expect(openAlarms(after, [], NOON_MS)).toEqual([]);
    expect(after.closed).toHaveLength(1);
  });

  it('keeps the first who acknowledged', () => {
    const second = { ...acknowledge(alarm!.alarmId, NOON_MS + 30_000), by: '22'.repeat(16) };
    const first = acknowledge(alarm!.alarmId, NOON_MS + 20_000);
    const [one] = alarmsOf(withDeeds(raised, [second, first]));
    expect(one?.acknowledgement?.by).toBe(NURSE.by);
  });

  it('that comes back before anybody acknowledged is the same one', () => {
    const told = tell([arrivalOf(readingsOf(times(84, 16), 20))], SETTINGS, ended);
    expect(changes(told)).toEqual([`repeated ${RULE} 35`]);
    expect(alarmsOf(told.state)).toMatchObject([
      { alarmId: alarm?.alarmId, repeats: 1, endedAtMs: null, extreme: 84 },
    ]);
  });

  it('is silent while it is snoozed, no longer than its priority allows', () => {
    const snooze = { ...acknowledge(alarm!.alarmId, NOON_MS), untilMs: NOON_MS + 3_600_000 };
    const snoozed = withDeeds(raised, [snooze]);
    const endMs = NOON_MS + MAX_SNOOZE_MS.high;
    expect(openAlarms(snoozed, [], endMs - 1)).toMatchObject([{ isSnoozed: true, escalation: 0 }]);
    expect(openAlarms(snoozed, [], endMs)).toMatchObject([{ isSnoozed: false, escalation: 0 }]);
    expect(openAlarms(snoozed, [], endMs + MINUTE_MS)).toMatchObject([{ escalation: 1 }]);
  });

  it('goes up the chain until somebody acknowledges', () => {
    const at = (ms: number) => escalationOf(alarm!, alarm!.detectedAtMs + ms);
    expect([at(59_999), at(60_000), at(179_999), at(180_000)]).toEqual([0, 1, 1, 2]);
    const [known] = alarmsOf(withDeeds(raised, [acknowledge(alarm!.alarmId, NOON_MS)]));
    expect(escalationOf(known!, NOON_MS + 3_600_000)).toBe(0);
  });
});

describe('late data', () => {
  const readings = readingsOf([...times(80, 30), ...times(97, 5)]);
  const evaluateLate = (state: AlarmState, all = readings) =>
    evaluateArrival(state, arrivalOf(all), SETTINGS, NOON_MS + LIVE_WITHIN_MS + MINUTE_MS);

  it('never raises an alarm and is marked historical', () => {
    const { state, events } = evaluateLate(NO_ALARMS);
    expect(events).toMatchObject([{ change: 'historical', rule: RULE }]);
    expect(alarmsOf(state)).toEqual([]);
    expect(state.historical).toEqual([
      {
        deviceId: DEVICE,
        rule: RULE,
        fromMs: NOON_MS,
        untilMs: NOON_MS + 30_000,
        limit: 90,
        extreme: 80,
      },
    ]);
  });

  it('that comes twice is marked once', () => {
    const { state } = evaluateLate(NO_ALARMS);
    expect(evaluateLate(state)).toEqual({ state, events: [] });
  });

  it('that an alarm told of already is not marked', () => {
    const { state } = tell([arrivalOf(readings)]);
    expect(evaluateLate(state)).toEqual({ state, events: [] });
  });

  it('joins what belongs together', () => {
    const one = evaluateLate(NO_ALARMS, readingsOf(times(80, 30))).state;
    const both = evaluateLate(one, readingsOf(times(79, 30), 30)).state;
    expect(both.historical).toMatchObject([
      { fromMs: NOON_MS, untilMs: NOON_MS + 59_000, extreme: 79 },
    ]);
  });

  it('does not end an alarm that lasts', () => {
    const { state } = tell([arrivalOf(readingsOf(times(80, 20), 60))]);
    const after = evaluateArrival(
      state,
      arrivalOf(readingsOf(times(97, 20))),
      SETTINGS,
      NOON_MS + 90_000,
    );
    expect(alarmsOf(after.state)).toMatchObject([{ endedAtMs: null }]);
  });
});

describe('technical alarms', () => {
  it('tell of a sensor without values, and end by themselves', () => {
    const told = tell([arrivalOf(readingsOf([97, ...times('off', 61), 97]))]);
    expect(changes(told)).toEqual([
      `raised ${SPO2}.sensor-off.medium 61`,
      `ended ${SPO2}.sensor-off.medium 62`,
    ]);
    expect(told.state.closed).toMatchObject([{ kind: 'technical', acknowledgement: null }]);
  });

  it('end where the sign is not watched any more', () => {
    const first = tell([arrivalOf(readingsOf(times('off', 61)))]);
    const off = { ...SETTINGS, limits: { [SPO2]: [] } };
    const second = tell([arrivalOf(readingsOf(times('off', 5), 61))], off, first.state);
    expect(changes(second)).toEqual([`ended ${SPO2}.sensor-off.medium 61`]);
    expect(openAlarms(second.state, [], NOON_MS)).toEqual([]);
  });

  it('take values that nobody alive has as no values', () => {
    const told = tell([arrivalOf(readingsOf(times(36, 61)))]);
    expect(changes(told)).toEqual([`raised ${SPO2}.sensor-off.medium 60`]);
  });

  it('leave an alarm of the body standing when the sensor falls off', () => {
    const told = tell([arrivalOf(readingsOf([...times(80, 20), ...times('off', 70)]))]);
    expect(alarmsOf(told.state).map(({ kind }) => kind)).toEqual(['physiological', 'technical']);
  });

  it('tell of a clock that is ahead, until it is right', () => {
    const ahead = { ...arrivalOf(readingsOf([97])), receivedAtMs: NOON_MS - 31_000 };
    const right = arrivalOf(readingsOf([97], 1));
    expect(tell([ahead, right]).events.map(({ change, rule }) => `${change} ${rule}`)).toEqual([
      'raised device.clock.low',
      'ended device.clock.low',
    ]);
  });

  it('tell of a battery, where the device does', () => {
    const low = { ...arrivalOf(readingsOf([97])), batteryPercent: 14 };
    const charging = { ...arrivalOf(readingsOf([97], 1)), batteryPercent: 19 };
    const full = { ...arrivalOf(readingsOf([97], 2)), batteryPercent: 20 };
    expect(tell([low, charging, full]).events.map(({ change }) => change)).toEqual([
      'raised',
      'ended',
    ]);
  });

  it('tell of a device that says nothing, from the time alone', () => {
    const silence = { deviceId: DEVICE, measuredUntilMs: NOON_MS };
    const at = (ms: number) => noDataAlarm(silence, 900_000, NOON_MS + ms);
    expect(at(899_999)).toBeUndefined();
    expect(at(900_000)).toMatchObject({ kind: 'technical', rule: 'device.no-data.medium' });
    expect(at(9_000_000)?.alarmId).toBe(at(900_000)?.alarmId);
    expect(noDataAlarm(silence, null, NOON_MS * 2)).toBeUndefined();
    expect(noDataAlarm({ ...silence, measuredUntilMs: null }, 1, NOON_MS)).toBeUndefined();
  });
});

describe('the list of open alarms', () => {
  it('has the most urgent first', () => {
    const readings = [...readingsOf(times(85, 40)), ...readingsOf(times(125, 70), 0, '8867-4')];
    readings.sort((a, b) => a.atMs - b.atMs);
    const { state } = tell([arrivalOf(readings)], DEFAULT_SETTINGS);
    const silent = noDataAlarm(
      { deviceId: OTHER_DEVICE, measuredUntilMs: NOON_MS },
      60_000,
      NOON_MS * 2,
    );
    const list = openAlarms(state, silent === undefined ? [] : [silent], NOON_MS + 80_000);
    expect(list.map(({ rule }) => rule)).toEqual([
      '59408-5.low.high',
      '59408-5.low.medium',
      '8867-4.high.medium',
      'device.no-data.medium',
    ]);
  });
});

describe('any readings', () => {
  const value = fc.oneof(
    { weight: 8, arbitrary: fc.integer({ min: 84, max: 96 }) },
    { weight: 1, arbitrary: fc.constantFrom<Value>('off', 36) },
  );
  // Long runs, so that limits are violated for long enough.
  const values = fc
    .array(fc.tuple(value, fc.integer({ min: 1, max: 25 })), { minLength: 1, maxLength: 12 })
    .map((runs) => runs.flatMap(([one, count]) => times(one, count)));

  /** The same rules, written once more and otherwise: the seconds at which an alarm of the limit is raised first. */
  function firstRaised(all: readonly Value[]): number | undefined {
    let since: number | undefined;
    for (const [second, one] of all.entries()) {
      if (one === 'off' || one < 50 || one >= LIMIT.value + LIMIT.hysteresis) since = undefined;
      else if (one < LIMIT.value) {
        since ??= second;
        if (second - since >= 15) return second;
      }
    }
    return undefined;
  }

  it('raise the first alarm when a plain count of seconds says so', () => {
    fc.assert(
      fc.property(values, (all) => {
        const raised = tell([arrivalOf(readingsOf(all))]).events.find(({ rule }) => rule === RULE);
        const expected = firstRaised(all);
        expect(raised?.atMs).toBe(
          expected === undefined ? undefined : NOON_MS + expected * SECOND_MS,
        );
      }),
    );
  });

  it('come to the same however they are cut into chunks', () => {
    fc.assert(
      fc.property(
        values,
        fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 8 }),
        (all, cuts) => {
          const readings = readingsOf(all);
          const parts: Reading[][] = [];
          let rest = readings;
          for (const cut of cuts) {
            parts.push(rest.slice(0, cut));
            rest = rest.slice(cut);
          }
          const arrivals = [...parts, rest].filter((part) => part.length > 0);
          const cutUp = tell(arrivals.map((part) => arrivalOf(part)));
          const whole = tell([arrivalOf(readings)]);
          expect(changes(cutUp)).toEqual(changes(whole));
          expect(isSameToReaders(cutUp.state, whole.state)).toBe(true);
        },
      ),
    );
  });

  it('change nothing the second time', () => {
    fc.assert(
      fc.property(values, fc.nat({ max: 400_000 }), (all, laterMs) => {
        const arrival = arrivalOf(readingsOf(all));
        const { state } = tell([arrival]);
        const again = evaluateArrival(state, arrival, SETTINGS, arrival.receivedAtMs + laterMs);
        expect(again.events).toEqual([]);
        expect(again.state).toEqual(state);
      }),
    );
  });

  it('never raise anything when they are late', () => {
    fc.assert(
      fc.property(values, fc.integer({ min: 1, max: 100_000_000 }), (all, lateMs) => {
        const arrival = arrivalOf(readingsOf(all));
        const nowMs = arrival.endMs + LIVE_WITHIN_MS + lateMs;
        const { state, events } = evaluateArrival(NO_ALARMS, arrival, SETTINGS, nowMs);
        expect(alarmsOf(state)).toEqual([]);
        expect(events.every(({ change }) => change === 'historical')).toBe(true);
      }),
    );
  });

  it('never let an alarm of the body vanish that nobody acknowledged', () => {
    const deed = fc.record({ afterPart: fc.nat({ max: 5 }), snooze: fc.boolean() });
    fc.assert(
      fc.property(
        fc.array(values, { minLength: 1, maxLength: 6 }),
        fc.array(deed),
        (parts, deeds) => {
          let state = NO_ALARMS;
          let second = 0;
          const raised = new Set<string>();
          for (const [index, part] of parts.entries()) {
            state = tell([arrivalOf(readingsOf(part, second))], SETTINGS, state).state;
            second += part.length;
            const nowMs = NOON_MS + second * SECOND_MS;
            for (const { alarmId, kind } of alarmsOf(state)) {
              if (kind === 'physiological') raised.add(alarmId);
            }
            const done = deeds.filter(({ afterPart }) => afterPart === index);
            const named = done.flatMap(({ snooze }) =>
              alarmsOf(state).map(({ alarmId }) => ({
                ...acknowledge(alarmId, nowMs),
                untilMs: snooze ? nowMs + MINUTE_MS : null,
              })),
            );
            state = withDeeds(state, named);
            expect(AlarmState.safeParse(state).success).toBe(true);
          }
          const open = new Set(alarmsOf(state).map(({ alarmId }) => alarmId));
          const acknowledged = new Set(
            state.closed.flatMap((one) => (one.acknowledgement === null ? [] : [one.alarmId])),
          );
          for (const alarmId of raised) {
            expect(open.has(alarmId) || acknowledged.has(alarmId)).toBe(true);
          }
        },
      ),
    );
  });

  it('are worth decoding whenever they would change something', () => {
    fc.assert(
      fc.property(values, (all) => {
        const readings = readingsOf(all);
        const quiet = isQuiet(summarizeReadings(readings), SETTINGS, []);
        const { state } = tell([arrivalOf(readings)]);
        if (quiet) expect(isSameToReaders(state, NO_ALARMS)).toBe(true);
      }),
    );
  });
});
