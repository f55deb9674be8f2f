import type { MetricName } from '@pulseledger/domain';
import type { FleetProcess } from '../fleet.ts';
import type { ProcessContext } from '../managed-process.ts';
import type { System } from '../system.ts';
import { LINKS, type Link, type LinkName } from '../system-parts.ts';
import { Chaos } from './chaos.ts';
import { type ChaosReport, type Counted, chaosReport } from './chaos-report.ts';
import { Forwarder } from './forwarder.ts';
import type { InFlight } from './in-flight.ts';
import { chaosSchedule } from './schedule.ts';

export interface ChaosPlan {
  readonly seed: number;
  readonly durationMs: number;
}

/** A run in which things go wrong: what is put between the parts, what is done to them, and what came of it. */
export class ChaosRun {
  readonly #plan: ChaosPlan;
  readonly #context: ProcessContext;
  readonly #links = new Map<LinkName, Forwarder>();
  #chaos: Chaos | undefined;
  #targets: readonly string[] = [];

  constructor(plan: ChaosPlan, context: ProcessContext) {
    this.#plan = plan;
    this.#context = context;
  }

  /** For {@link SystemOptions}: puts a forwarder on each way. */
  readonly link: Link = async (name, port) => {
    const forwarder = await Forwarder.start(() => port);
    this.#links.set(name, forwarder);
    return forwarder.port;
  };

  /** Carries the schedule out; resolves when all of it is done and undone. */
  async run(system: System, fleet: FleetProcess, signal: AbortSignal): Promise<void> {
    const { targets } = system;
    this.#targets = targets.map(({ name }) => name);
    const schedule = chaosSchedule({ ...this.#plan, targets: this.#targets });
    this.#chaos = new Chaos({
      targets,
      links: {
        'device-broker': this.#link('device-broker'),
        'lambda-queue': this.#link('lambda-queue'),
        'lambda-gateway': this.#link('lambda-gateway'),
        'lambda-broker': this.#link('lambda-broker'),
      },
      inFlight: async (): Promise<InFlight> => ({
        outboxReadings: fleet.progress?.pending ?? null,
        ...(await system.inFlight()),
      }),
      disturbCloud: (disturbance) => {
        system.disturbCloud(disturbance);
      },
    });
    await this.#chaos.run(schedule, this.#plan.durationMs, signal);
  }

  /** Once everything has come to rest. */
  async report(drainSeconds: number): Promise<ChaosReport> {
    const total = (name: MetricName): Promise<number> => this.#context.metrics.total(name);
    const counted: Counted = {
      redeliveries: await total('Redeliveries'),
      redeliveriesResolved: await total('RedeliveriesResolved'),
      unknownCommitsResolved: await total('UnknownCommitsResolved'),
      retries: await total('Retries'),
      messagesReturned: await total('MessagesReturned'),
    };
    const records = this.#chaos?.records ?? [];
    return chaosReport({ targets: this.#targets, records, counted, drainSeconds });
  }

  async close(): Promise<void> {
    this.#chaos?.calm();
    await Promise.all([...this.#links.values()].map((link) => link.close()));
  }

  #link(name: (typeof LINKS)[number]): Forwarder {
    const found = this.#links.get(name);
    if (found === undefined) throw new Error(`Nothing was put on the way ${name}.`);
    return found;
  }
}
