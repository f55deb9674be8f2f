import { setTimeout as delay } from 'node:timers/promises';
import {
  LiveAnswer,
  SeriesAnswer,
  VITAL_CODES,
  VITAL_SIGNS,
  type VitalCode,
} from '@pulseledger/domain';
import type { Command } from 'commander';
import mqtt, { type MqttClient } from 'mqtt';
import { duration, wholeNumber } from '../base/arguments.ts';
import { type LoginOptions, withLogin } from '../base/common-options.ts';
import { withExamples } from '../base/examples.ts';
import { EXIT } from '../base/failure.ts';
import { untilInterrupted } from '../base/interrupts.ts';
import { print, printJson, say } from '../base/output.ts';
import { Api } from '../system/api.ts';
import { patientNamed } from '../system/system-file.ts';

/** Readings that come later than this after their measurement are not told as new ones. */
const LOOK_BACK_MS = 10 * 60_000;
/** Where readings are so dense that an answer would sum them up, less is looked at. */
const LEAST_LOOK_BACK_MS = 15_000;
/** A device's clock may run before ours. */
const AHEAD_MS = 60_000;
/** Also without a hint: a hint may be lost with its connection. */
const LOOK_MS = 10_000;
const MAX_READINGS = 1_000_000;

interface Options extends LoginOptions {
  readonly for?: number;
  readonly count?: number;
}

/** A reading as `--json` prints it, one a line. */
interface Line {
  readonly code: VitalCode;
  readonly display: string;
  readonly unit: string;
  /** Null where the sensor said that it had none. */
  readonly value: number | null;
  readonly atMs: number;
  readonly shownAtMs: number;
}

export function addTail(program: Command): void {
  const command = program
    .command('tail')
    .description('new readings of a patient, as they are committed; Ctrl-C ends it')
    .argument('<patient>', 'id, or test login')
    .option('--for <time>', 'end after this time, such as 10s or 5m', duration)
    .option('--count <n>', 'end after this many readings', wholeNumber(1, MAX_READINGS));
  withExamples(withLogin(command), [
    'tail patient-ada --login hospital-doctor --for 10s',
    'tail patient-ada --login patient-ada --count 5 --json',
  ]).action(tail);
}

async function tail(patient: string, options: Options): Promise<void> {
  const api = await Api.open(options);
  const patientId = patientNamed(api.system, patient);
  const interrupted = untilInterrupted();
  const limits = options.for === undefined ? [] : [AbortSignal.timeout(options.for)];
  const ended = AbortSignal.any([interrupted, ...limits]);
  const reader = new NewReadings(api, patientId);
  await reader.read();
  const hints = await Hints.listen(api, patientId);
  say(`Listening for new readings${options.for === undefined ? '; Ctrl-C ends it' : ''}.`);
  let left = options.count ?? Number.POSITIVE_INFINITY;
  try {
    while (!ended.aborted && left > 0) {
      await hints.next(ended);
      for (const line of (await reader.read()).slice(0, left)) {
        if (options.json) printJson(line);
        else print(text(line));
        left -= 1;
      }
    }
  } finally {
    await hints.close();
  }
  if (interrupted.aborted) process.exitCode = EXIT.interrupted;
}

function text({ atMs, shownAtMs, display, value, unit }: Line): string {
  const age = ((shownAtMs - atMs) / 1_000).toFixed(1);
  const measured = value === null ? 'no value' : `${value} ${unit}`;
  return `${new Date(atMs).toISOString()}  ${display}  ${measured}  (${age} s ago)`;
}

/** What has been committed since the last look. */
class NewReadings {
  readonly #api: Api;
  readonly #patientId: string;
  readonly #seen = new Map<string, number>();
  #lookBackMs = LOOK_BACK_MS;

  constructor(api: Api, patientId: string) {
    this.#api = api;
    this.#patientId = patientId;
  }

  async read(): Promise<Line[]> {
    const nowMs = Date.now();
    for (const [key, atMs] of this.#seen) {
      if (atMs < nowMs - 2 * LOOK_BACK_MS) this.#seen.delete(key);
    }
    const lines = (await this.#series(nowMs)).flatMap(({ code, unit, points }) =>
      points.map((point) => ({ code, unit, ...point })),
    );
    return lines
      .filter(({ code, unit, atMs }) => this.#isNew(`${code} ${unit} ${atMs}`, atMs))
      .map(({ code, unit, atMs, mean, count }) => ({
        ...{ code, display: VITAL_SIGNS[code].display, unit, value: count === 0 ? null : mean },
        ...{ atMs, shownAtMs: Date.now() },
      }))
      .sort((one, other) => one.atMs - other.atMs);
  }

  async #series(nowMs: number): Promise<SeriesAnswer['series']> {
    const codes = VITAL_CODES.map((code) => `code=${code}`).join('&');
    for (;;) {
      const time = `fromMs=${nowMs - this.#lookBackMs}&toMs=${nowMs + AHEAD_MS}`;
      const path = `patients/${this.#patientId}/series?${codes}&${time}&step=raw`;
      const { step, series } = await this.#api.ask(path, SeriesAnswer);
      if (step === 'raw' || this.#lookBackMs <= LEAST_LOOK_BACK_MS) return series;
      this.#lookBackMs /= 2;
    }
  }

  #isNew(key: string, atMs: number): boolean {
    if (this.#seen.has(key)) return false;
    this.#seen.set(key, atMs);
    return true;
  }
}

/** The live channel: says that something new is committed, without saying what. */
class Hints {
  readonly #client: MqttClient | undefined;
  #heard = Promise.withResolvers<true>();

  constructor(client: MqttClient | undefined) {
    this.#client = client;
    client?.on('message', () => {
      this.#heard.resolve(true);
    });
    client?.on('error', () => undefined);
  }

  /** Without the channel, readings come a little later. */
  static async listen(api: Api, patientId: string): Promise<Hints> {
    const ticket = await api.ask('live', LiveAnswer, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ patientIds: [patientId] }),
    });
    const url = new URL('live', api.system.pageUrl.replace(/^http/, 'ws'));
    try {
      const client = await mqtt.connectAsync(url.href, {
        ...{ protocolVersion: 4, clientId: ticket.clientId, password: ticket.ticket, username: '' },
        ...{ clean: true, reconnectPeriod: 0, connectTimeout: LOOK_MS },
      });
      const hints = new Hints(client);
      await client.subscribeAsync(ticket.topics.map(({ topic }) => topic));
      return hints;
    } catch {
      say(`The live channel cannot be reached: looking every ${LOOK_MS / 1_000} s instead.`);
      return new Hints(undefined);
    }
  }

  /** Resolves when it is time to look. */
  async next(ended: AbortSignal): Promise<void> {
    const woken = new AbortController();
    const signal = AbortSignal.any([ended, woken.signal]);
    const timer = delay(LOOK_MS, undefined, { signal }).catch(() => undefined);
    await Promise.race([this.#heard.promise, timer]);
    woken.abort();
    this.#heard = Promise.withResolvers<true>();
  }

  async close(): Promise<void> {
    await this.#client?.endAsync(true);
  }
}
