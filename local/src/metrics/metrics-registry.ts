import {
  METRICS,
  METRICS_NAMESPACE,
  type MetricDescription,
  type MetricName,
} from '@pulseledger/domain';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { z } from 'zod';

/** Bounds of the histograms: from a commit at once to a device's message that waited for minutes. */
const SECONDS_BUCKETS = [0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 10, 30, 60, 180, 600];
const MS_PER_SECOND = 1_000;
const MAX_VALUES = 100;

/** The part of an embedded metric format line that we use. */
const EmfLine = z.object({
  _aws: z.object({
    CloudWatchMetrics: z.array(
      z.object({
        Namespace: z.literal(METRICS_NAMESPACE),
        Dimensions: z.array(z.array(z.string())),
        Metrics: z.array(z.object({ Name: z.string() })),
      }),
    ),
  }),
});
const Values = z.union([
  z.number().transform((value) => [value]),
  z.array(z.number()).max(MAX_VALUES),
]);
const Fields = z.record(z.string(), z.unknown());

type Collector = Counter | Gauge | Histogram;
type Labels = Record<string, string>;

/**
 * What CloudWatch is on AWS: takes the embedded metric lines of all processes and keeps them for
 * Prometheus. It lives in the supervisor, so that counts survive the processes that counted.
 */
export class MetricsRegistry {
  readonly #registry = new Registry();
  readonly #collectors: ReadonlyMap<string, Collector>;

  constructor() {
    this.#collectors = new Map(
      Object.entries(METRICS).map(([name, description]) => [name, this.#make(name, description)]),
    );
  }

  /** Content type of {@link text}. */
  get contentType(): string {
    return this.#registry.contentType;
  }

  /** Everything in Prometheus' text format. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  /** Takes a line when it is one of metrics; false: it is something else. */
  take(line: string): boolean {
    if (!line.startsWith('{"_aws"')) return false;
    const fields = parsed(line);
    const emf = EmfLine.safeParse(fields);
    if (fields === undefined || !emf.success) return false;
    for (const { Dimensions, Metrics } of emf.data._aws.CloudWatchMetrics) {
      const labels = labelsOf(fields, Dimensions[0] ?? []);
      for (const { Name } of Metrics) this.#add(Name, labels, fields[Name]);
    }
    return true;
  }

  /** Sum of a metric over all its labels: of a counter the count, of a distribution how many values. */
  async total(name: MetricName): Promise<number> {
    const collector = this.#collectors.get(name);
    if (!(collector instanceof Histogram)) return sum((await collector?.get())?.values ?? []);
    const { values } = await collector.get();
    return sum(values.filter(({ metricName }) => metricName?.endsWith('_count')));
  }

  #add(name: string, labels: Labels, given: unknown): void {
    const collector = this.#collectors.get(name);
    const values = Values.safeParse(given);
    if (collector === undefined || !values.success) return;
    for (const value of values.data) record(collector, labels, value * scale(name));
  }

  #make(name: string, { kind, help, dimensions }: MetricDescription): Collector {
    const options = {
      name: prometheusName(name),
      help,
      labelNames: ['service', ...Object.keys(dimensions)],
      registers: [this.#registry],
    };
    switch (kind) {
      case 'counter':
        return new Counter(options);
      case 'gauge':
        return new Gauge(options);
      case 'distribution':
        return new Histogram({ ...options, buckets: SECONDS_BUCKETS });
    }
  }
}

/** Prometheus' name of a metric: base units, and `_total` for what sums up. */
export function prometheusName(name: string): string {
  const words = name.replace(/(?<!^)([A-Z])/g, '_$1').toLowerCase();
  const description = descriptionOf(name);
  const unit = description?.unit === 'Milliseconds' ? '_seconds' : '';
  return `pulse_${words}${unit}${description?.kind === 'counter' ? '_total' : ''}`;
}

function descriptionOf(name: string): MetricDescription | undefined {
  return new Map<string, MetricDescription>(Object.entries(METRICS)).get(name);
}

function scale(name: string): number {
  return descriptionOf(name)?.unit === 'Milliseconds' ? 1 / MS_PER_SECOND : 1;
}

function record(collector: Collector, labels: Labels, value: number): void {
  if (collector instanceof Counter) collector.inc(labels, value);
  else if (collector instanceof Gauge) collector.set(labels, value);
  else collector.observe(labels, value);
}

function sum(values: readonly { readonly value: number }[]): number {
  return values.reduce((total, { value }) => total + value, 0);
}

function parsed(line: string): Record<string, unknown> | undefined {
  try {
    return Fields.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

function labelsOf(fields: Record<string, unknown>, names: readonly string[]): Labels {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = fields[name];
      return typeof value === 'string' ? [[name, value]] : [];
    }),
  );
}
