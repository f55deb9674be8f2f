import { Metrics } from '@aws-lambda-powertools/metrics';
import {
  METRICS,
  METRICS_NAMESPACE,
  type MetricDescription,
  type MetricName,
  type MetricSink,
} from '@pulseledger/domain';

/** CloudWatch takes 100 values of a metric a line; the library writes by itself when it has so many. */
const MAX_VALUES = 99;

interface Measured {
  readonly unit: MetricDescription['unit'];
  readonly values: number[];
}

/** What is measured under one set of dimensions. */
interface Series {
  readonly emf: Metrics;
  readonly measured: Map<string, Measured>;
}

/**
 * Measurements of one function or process, written in CloudWatch's embedded metric format
 * (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html):
 * one line of JSON for each set of dimensions. Names, units and values of dimensions are those of the
 * domain's table and no others.
 */
export class EmfMetrics implements MetricSink {
  readonly #service: string;
  readonly #write: (line: string) => void;
  readonly #series = new Map<string, Series>();

  /**
   * @param service becomes the dimension `service`.
   * @param write gets each line, without its end.
   */
  constructor(service: string, write: (line: string) => void) {
    this.#service = service;
    this.#write = write;
  }

  readonly record: MetricSink['record'] = (name, value, ...dimensions) => {
    this.#add(name, value, dimensions[0] ?? {});
  };

  #add(name: MetricName, value: number, given: Readonly<Record<string, string>>): void {
    const { unit, kind, dimensions } = METRICS[name];
    const { measured } = this.#of(allowedOf(dimensions, given));
    const entry = measured.get(name) ?? { unit, values: [] };
    measured.set(name, entry);
    join(kind, entry.values, value);
  }

  /** Writes what was measured since the last time. */
  flush(): void {
    for (const series of this.#series.values()) {
      while (series.measured.size > 0) this.#write(line(series));
    }
  }

  #of(dimensions: readonly (readonly [string, string])[]): Series {
    const key = JSON.stringify(dimensions);
    const known = this.#series.get(key);
    if (known !== undefined) return known;
    const emf = new Metrics({
      namespace: METRICS_NAMESPACE,
      serviceName: this.#service,
      defaultDimensions: Object.fromEntries(dimensions),
    });
    const series: Series = { emf, measured: new Map() };
    this.#series.set(key, series);
    return series;
  }
}

/** Types say it already; at run time nothing outside the lists gets into a line either. */
function allowedOf(
  dimensions: Readonly<Record<string, readonly string[]>>,
  given: Readonly<Record<string, string>>,
): (readonly [string, string])[] {
  return Object.entries(dimensions).map(([key, allowed]) => {
    const value = given[key] ?? '';
    return [key, allowed.includes(value) ? value : 'other'] as const;
  });
}

function join(kind: MetricDescription['kind'], values: number[], value: number): void {
  switch (kind) {
    case 'counter':
      values[0] = (values[0] ?? 0) + value;
      break;
    case 'gauge':
      values[0] = value;
      break;
    case 'distribution':
      values.push(value);
      break;
  }
}

/** One line with as many values as fit; takes them away. */
function line({ emf, measured }: Series): string {
  for (const [name, { unit, values }] of measured) {
    for (const value of values.splice(0, MAX_VALUES)) emf.addMetric(name, unit, value);
    if (values.length === 0) measured.delete(name);
  }
  const text = JSON.stringify(emf.serializeMetrics());
  emf.clearMetrics();
  return text;
}
