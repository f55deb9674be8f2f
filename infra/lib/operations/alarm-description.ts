import type { IMetric } from 'aws-cdk-lib/aws-cloudwatch';

/** One thing that somebody must act on. `docs/runbooks/<name>.md` says how. */
export interface AlarmDescription {
  readonly name: string;
  /**
   * Which of several of that name, e.g. a machine's host.
   *
   * @default - there is only one
   */
  readonly of?: string;
  /** What is the matter, in one sentence. */
  readonly means: string;
  readonly metric: IMetric;
  /** The alarm sounds on the other side of it. */
  readonly threshold: number;
  /** @default - above */
  readonly sounds?: 'above' | 'below';
  /** Periods in a row. */
  readonly evaluationPeriods: number;
  /**
   * Nothing measured is a reason to sound.
   *
   * @default - it is nothing going on: nights have no readings in dev
   */
  readonly isSilenceBad?: boolean;
}
