import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { Disturbance } from '../../process/messages.ts';
import type { LinkName } from '../system-parts.ts';
import { Chaos, type ChaosGround, type ChaosTarget, type DisturbedLink } from './chaos.ts';
import { type Counted, chaosReport } from './chaos-report.ts';
import type { InFlight } from './in-flight.ts';

const BUSY: InFlight = {
  outboxReadings: 300,
  queueVisible: 4,
  queueInFlight: 12,
  invocations: 1,
  transactions: 2,
};
const COUNTED: Counted = {
  redeliveries: 5,
  redeliveriesResolved: 4,
  unknownCommitsResolved: 1,
  retries: 9,
  messagesReturned: 3,
};

/** A real process that is started again whenever it dies. */
class Phoenix implements ChaosTarget {
  readonly name: string;
  readonly lives: ChildProcess[] = [];
  #isOver = false;

  constructor(name: string) {
    this.name = name;
    this.#rise();
  }

  readonly pids = (): number[] => this.lives.slice(-1).flatMap(({ pid }) => pid ?? []);
  readonly isUp = (): boolean => this.lives.at(-1)?.exitCode === null;

  async end(): Promise<void> {
    this.#isOver = true;
    const last = this.lives.at(-1);
    const ended = last === undefined ? undefined : once(last, 'exit');
    last?.kill('SIGKILL');
    await ended;
  }

  #rise(): void {
    const child = spawn('sleep', ['600'], { stdio: 'ignore' });
    child.once('exit', () => {
      if (!this.#isOver) this.#rise();
    });
    this.lives.push(child);
  }
}

class FakeLink implements DisturbedLink {
  connections = 1;
  heldBytes = 0;
  readonly said: string[] = [];

  holdAnswers(): void {
    this.said.push('hold');
    this.heldBytes = 7;
  }

  reset(): { connections: number; droppedBytes: number } {
    this.said.push('reset');
    const droppedBytes = this.heldBytes;
    this.heldBytes = 0;
    return { connections: this.connections, droppedBytes };
  }
}

let phoenixes: Phoenix[] = [];
afterEach(async () => {
  for (const phoenix of phoenixes) await phoenix.end();
  phoenixes = [];
});

function ground(...names: string[]) {
  phoenixes = names.map((name) => new Phoenix(name));
  const links: Record<LinkName, FakeLink> = {
    'device-broker': new FakeLink(),
    'lambda-queue': new FakeLink(),
    'lambda-gateway': new FakeLink(),
    'lambda-broker': new FakeLink(),
  };
  const disturbances: Disturbance[] = [];
  const made: ChaosGround = {
    targets: phoenixes,
    links,
    inFlight: () => Promise.resolve(BUSY),
    disturbCloud: (one) => void disturbances.push(one),
  };
  return { chaos: new Chaos(made), links, disturbances };
}

const never = new AbortController().signal;

describe('chaos', () => {
  test('kills with -9, says what was under way, and when the process was there again', async () => {
    const { chaos } = ground('cloud');
    const [first] = phoenixes[0]!.lives;
    const fault = { kind: 'kill', target: 'cloud' } as const;
    await chaos.run([{ atMs: 5, fault }], 60_000, never);
    expect(first?.signalCode).toBe('SIGKILL');
    expect(chaos.records).toEqual([
      {
        plannedMs: 5,
        atMs: expect.any(Number),
        kind: 'kill',
        what: 'cloud',
        inFlight: BUSY,
        upAgainMs: expect.any(Number),
      },
    ]);
  });

  test('cuts a link, and drops the answers of another one', async () => {
    const { chaos, links } = ground('cloud');
    await chaos.run(
      [
        { atMs: 0, fault: { kind: 'cut', link: 'device-broker' } },
        { atMs: 0, fault: { kind: 'drop-answers', link: 'lambda-gateway', forMs: 10 } },
        { atMs: 1, fault: { kind: 'cut', link: 'lambda-gateway' } },
      ],
      60_000,
      never,
    );
    expect(links['device-broker'].said).toEqual(['reset']);
    expect(links['lambda-gateway'].said).toEqual(['hold', 'reset', 'reset']);
    expect(chaos.records).toContainEqual(
      expect.objectContaining({ what: 'lambda-gateway', connections: 1, droppedBytes: 7 }),
    );
  });

  test('tells the cloud to be slow and to deliver again, and in the end to be quick', async () => {
    const { chaos, disturbances } = ground('cloud');
    const slow = { kind: 'slow-fsync', delayMs: 9, forMs: 50 } as const;
    await chaos.run(
      [
        { atMs: 0, fault: slow },
        { atMs: 5, fault: { kind: 'redeliver' } },
      ],
      60_000,
      never,
    );
    expect(disturbances).toEqual([
      slow,
      { kind: 'redeliver' },
      { kind: 'slow-fsync', delayMs: 0, forMs: 0 },
    ]);
  });

  test('lets what is frozen go on, also when it is told to stop', async () => {
    const { chaos } = ground('cloud');
    const over = new AbortController();
    const fault = { kind: 'freeze', target: 'cloud', forMs: 600_000 } as const;
    const running = chaos.run([{ atMs: 0, fault }], 600_000, over.signal);
    while (chaos.records.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    over.abort();
    await running;
    // A process that stands still would not end by a signal that can be handled.
    const [child] = phoenixes[0]!.lives;
    const ended = once(child!, 'exit');
    child!.kill('SIGTERM');
    await ended;
    expect(child!.signalCode).toBe('SIGTERM');
  });

  test('leaves out what comes too late, but kills each target and cuts each link once', async () => {
    const { chaos, links } = ground('cloud', 'network');
    await chaos.run(
      [
        { atMs: 20, fault: { kind: 'kill', target: 'cloud' } },
        { atMs: 20, fault: { kind: 'kill', target: 'network' } },
        { atMs: 30, fault: { kind: 'cut', link: 'lambda-queue' } },
        { atMs: 31, fault: { kind: 'cut', link: 'lambda-queue' } },
      ],
      10,
      never,
    );
    // The first disturbance of a link is made up for, the second is not.
    expect(links['lambda-queue'].said).toEqual(['reset']);
    const missed = chaos.records.filter((record) => record.missed);
    expect(missed.map(({ what }) => what)).toEqual(['lambda-queue']);
    expect(phoenixes.every(({ lives }) => lives.length === 2)).toBe(true);
  });
});

describe('the report of a chaos run', () => {
  const killed = (what: string) =>
    ({ plannedMs: 0, atMs: 0, kind: 'kill', what, inFlight: BUSY, upAgainMs: 5 }) as const;
  const cuts = (['device-broker', 'lambda-queue', 'lambda-gateway', 'lambda-broker'] as const).map(
    (what) =>
      ({ plannedMs: 0, atMs: 0, kind: 'cut', what, inFlight: BUSY, connections: 1 }) as const,
  );
  const facts = {
    targets: ['cloud', 'network'],
    records: [killed('cloud'), killed('network'), killed('cloud'), ...cuts],
    counted: COUNTED,
    drainSeconds: 12,
  };

  test('counts kills and says what was under way', () => {
    const report = chaosReport(facts);
    expect(report).toMatchObject({
      ...COUNTED,
      kills: { cloud: 2, network: 1 },
      mostInFlight: BUSY,
      missing: [],
    });
    expect(report.faults).toHaveLength(7);
  });

  test('of a run in which nothing was under way says that it proves nothing', () => {
    const idle: InFlight = {
      outboxReadings: 0,
      queueVisible: 0,
      queueInFlight: 0,
      invocations: null,
      transactions: 0,
    };
    const records = facts.records.map((record) => ({ ...record, inFlight: idle }));
    const { missing } = chaosReport({ ...facts, records });
    expect(missing).toContain('no kill met anything under way');
    expect(missing).toContain('no transaction was between submit and commit');
  });

  test.each([
    [{ redeliveries: 0 }, 'no message was delivered again'],
    [{ redeliveriesResolved: 0 }, 'no redelivery was resolved by the contract'],
    [{ unknownCommitsResolved: 0 }, 'no commit of unknown fate was resolved'],
  ])('without that counted (%p) says so', (less, text) => {
    const { missing } = chaosReport({ ...facts, counted: { ...COUNTED, ...less } });
    expect(missing).toEqual([text]);
  });

  test('names what was never killed or cut, also when it was planned and missed', () => {
    const records = [
      killed('cloud'),
      { ...killed('network'), missed: true } as const,
      ...cuts.map((cut) => (cut.what === 'lambda-queue' ? { ...cut, connections: 0 } : cut)),
    ];
    expect(chaosReport({ ...facts, records }).missing).toEqual([
      'network was never killed',
      'lambda-queue was never cut while connected',
    ]);
  });
});
