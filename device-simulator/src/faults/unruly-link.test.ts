import { describe, expect, test } from '@jest/globals';
import type { Reading } from '@pulseledger/domain';
import type { Clock } from '../clock.ts';
import { makeChunks } from '../device/chunk-maker.ts';
import type { LinkListener, Transport } from '../device/link.ts';
import { DeviceLife } from './device-life.ts';
import type { Episode, EpisodicFault } from './fault-plan.ts';
import { UnrulyLink } from './unruly-link.ts';

const HOUR = 3_600_000;
const DEVICE = 'd'.repeat(32);
const TOPIC = 'topic';

/** A clock that the test moves; waiting takes no real time worth the name. */
class HandClock implements Clock {
  nowMs = 0;
  now(): number {
    return this.nowMs;
  }
  realMsUntil(moment: number): number {
    return Math.max(0, moment - this.nowMs) / 1_000;
  }
  restart(): void {
    this.nowMs = 0;
  }
}

class Wire implements Transport {
  reconnects = 0;
  connected = false;
  closedAbruptly: boolean | undefined;
  readonly #listener: LinkListener;
  readonly #sent: string[];
  constructor(listener: LinkListener, sent: string[]) {
    this.#listener = listener;
    this.#sent = sent;
  }
  open(): void {
    this.connected = true;
    this.#listener.connected();
  }
  /** The way to the broker is lost for a moment, and found again by the link itself. */
  flicker(): void {
    this.#listener.disconnected();
    this.reconnects += 1;
    this.#listener.connected();
  }
  publish(_topic: string, payload: Uint8Array): Promise<void> {
    if (!this.connected) return Promise.reject(new Error('not connected'));
    this.#sent.push(nameOf(payload));
    return Promise.resolve();
  }
  close(how: { readonly abruptly: boolean } = { abruptly: false }): Promise<void> {
    this.connected = false;
    this.closedAbruptly = how.abruptly;
    return Promise.resolve();
  }
}

const names = new Map<string, string>();
function nameOf(payload: Uint8Array): string {
  return names.get(Buffer.from(payload).toString('base64')) ?? '';
}

const CHUNKS: Uint8Array[] = Array.from({ length: 12 }, (_, i) => {
  const readings: Reading[] = [{ code: '8867-4', unit: '/min', atMs: i * 1_000, value: 60 }];
  const sign = (): Uint8Array => new Uint8Array(64);
  const base = { deviceId: DEVICE, boot: 1, sign, zoneOffsetAt: () => 0, closedAtMs: 0 };
  const [chunk] = makeChunks({ ...base, firstSequence: i }, readings);
  const bytes = chunk?.bytes ?? new Uint8Array();
  names.set(Buffer.from(bytes).toString('base64'), `c${i}`);
  return bytes;
});

function setUp(episodes: readonly [EpisodicFault, number, number][], label = '1/device/0') {
  const clock = new HandClock();
  const plan: Episode[] = episodes.map(([fault, from, until]) => ({
    fault,
    fromMs: from * HOUR,
    untilMs: until * HOUR,
    aheadMs: 0,
  }));
  const life = new DeviceLife({
    days: () => ({ skewMs: 0, driftPpm: 0, episodes: plan }),
    scale: 1,
  });
  life.begin(0);
  const sent: string[] = [];
  const copies: string[] = [];
  const wires: Wire[] = [];
  const heard: string[] = [];
  const link = new UnrulyLink(
    {
      life,
      clock,
      windowMs: 10_000,
      label,
      connect: (listener) => {
        const wire = new Wire(listener, sent);
        wires.push(wire);
        return wire;
      },
      onCopy: (payload) => copies.push(nameOf(payload)),
    },
    {
      connected: () => heard.push('connected'),
      disconnected: () => heard.push('disconnected'),
      message: () => undefined,
    },
  );
  const at = (hours: number): void => {
    clock.nowMs = hours * HOUR;
    link.follow();
  };
  link.open();
  return { link, life, sent, copies, wires, heard, at };
}

async function publishAll(link: UnrulyLink): Promise<PromiseSettledResult<void>[]> {
  return Promise.allSettled(CHUNKS.map((chunk) => link.publish(TOPIC, chunk)));
}

const inOrder = CHUNKS.map((_, i) => `c${i}`);

describe('the link of a device with faults', () => {
  test('does nothing to what is sent while nothing is wrong', async () => {
    const { link, sent, copies } = setUp([]);
    await publishAll(link);
    expect([sent, copies]).toEqual([inOrder, []]);
  });

  test('is gone while the device is offline, without a word, and comes back', async () => {
    const { link, wires, heard, sent, at } = setUp([['offline', 2, 6]]);
    at(1);
    expect(link.connected).toBe(true);
    at(2);
    expect([link.connected, wires[0]?.closedAbruptly]).toEqual([false, true]);
    const results = await publishAll(link);
    expect(results.every(({ status }) => status === 'rejected')).toBe(true);
    expect(sent).toEqual([]);
    at(6);
    expect(link.connected).toBe(true);
    expect(link.reconnects).toBe(1);
    expect(heard).toEqual(['connected', 'disconnected', 'connected']);
    await publishAll(link);
    expect(sent).toEqual(inOrder);
  });

  test('sends up to three times more what was taken, and tells of each', async () => {
    const { link, sent, copies, at } = setUp([['duplicate', 1, 2]]);
    at(1.5);
    await publishAll(link);
    await new Promise((resolve) => setTimeout(resolve, 50));
    const times = inOrder.map((name) => sent.filter((one) => one === name).length);
    expect(Math.min(...times)).toBeGreaterThanOrEqual(2);
    expect(Math.max(...times)).toBeLessThanOrEqual(4);
    expect(copies.length).toBe(sent.length - inOrder.length);
  });

  test('sends later things first while messages change places: all of them, each once', async () => {
    const { link, sent, at } = setUp([['reorder', 1, 2]]);
    at(1.5);
    await publishAll(link);
    expect(sent).not.toEqual(inOrder);
    expect([...sent].sort()).toEqual([...inOrder].sort());
  });

  test('does to a chunk what seed and chunk alone decide', async () => {
    const copiesOf = async (label: string): Promise<number[]> => {
      const { link, sent, at } = setUp([['duplicate', 1, 2]], label);
      at(1.5);
      await publishAll(link);
      await new Promise((resolve) => setTimeout(resolve, 50));
      return inOrder.map((name) => sent.filter((one) => one === name).length);
    };
    const first = await copiesOf('1/device/0');
    expect(await copiesOf('1/device/0')).toEqual(first);
    expect(await copiesOf('2/device/0')).not.toEqual(first);
  });

  test('gives up what it holds back when the connection is lost, so that it is sent again', async () => {
    const { link, wires, sent, at } = setUp([['reorder', 1, 2]]);
    at(1.5);
    const results = publishAll(link);
    wires[0]?.flicker();
    expect((await results).every(({ status }) => status === 'rejected')).toBe(true);
    expect(sent).toEqual([]);
  });

  test('at the end is there, and sends at once what it held back', async () => {
    const { link, life, sent, at } = setUp([
      ['offline', 3, 23],
      ['reorder', 1, 2],
    ]);
    at(1.5);
    const results = publishAll(link);
    life.end();
    link.calm();
    expect((await results).every(({ status }) => status === 'fulfilled')).toBe(true);
    expect([...sent].sort()).toEqual([...inOrder].sort());
    at(4);
    expect(link.connected).toBe(true);
    await link.close();
    expect(link.connected).toBe(false);
  });
});
