import { send } from './https.ts';

const LINE = /^(pulse_[a-z0-9_]+?)(?:\{(.*)\})? (\S+)$/;

/** Figures of the running system, by name and labels as Prometheus writes them. */
export class Metrics {
  readonly #values: readonly {
    readonly name: string;
    readonly labels: string;
    readonly value: number;
  }[];

  constructor(text: string) {
    this.#values = text.split('\n').flatMap((line) => {
      const [, name = '', labels = '', value = ''] = LINE.exec(line) ?? [];
      return name === '' ? [] : [{ name, labels, value: Number(value) }];
    });
  }

  /** @throws Error when there is no answer */
  static async read(metricsUrl: string): Promise<Metrics> {
    const { body } = await send(metricsUrl, { timeoutMs: 10_000 });
    return new Metrics(body);
  }

  /** Sum over all labels that contain the text; null when nothing has been measured yet. */
  sum(name: string, label = ''): number | null {
    const found = this.#values.filter((one) => one.name === name && one.labels.includes(label));
    return found.length === 0 ? null : found.reduce((total, { value }) => total + value, 0);
  }
}
