import { NETWORK } from '@pulseledger/network/definition';
import { Duration } from 'aws-cdk-lib';
import {
  GraphWidget,
  type IMetric,
  MathExpression,
  Metric,
  SearchExpression,
  Stats,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { Environment } from '../../environments/environment.ts';
import { NODE_METRICS, nodeNamespace } from '../fabric/agent.ts';
import { LEDGER_MOUNT } from '../fabric/host-scripts.ts';
import { nodesOf } from '../fabric/nodes.ts';
import type { AlarmDescription } from './alarm-description.ts';

const MINUTE = Duration.minutes(1);
const FIVE_MINUTES = Duration.minutes(5);
/** Machines measure once a minute, each at its own second: so each is in every period. */
const HEIGHT_PERIOD = Duration.minutes(2);
/** Certificates are looked at once an hour. */
const CERTIFICATES_PERIOD = Duration.hours(3);

const MS_A_SECOND = 1_000;
/** Nodes that keep up differ by what is cut in a period at full load; half as much again is a node that does not. */
const HEIGHT_GAP = (1.5 * HEIGHT_PERIOD.toSeconds() * MS_A_SECOND) / NETWORK.block.batchTimeoutMs;
const REJECTED_IN_FIVE_MINUTES = 20;
const LEAST_CERTIFICATE_DAYS = 30;
const LEDGER_FULL_PERCENT = 80;
const GRAPH_WIDTH = 12;

/** What an alarm can look at; CloudWatch's limit. */
const MOST_METRICS = 10;

interface NodeMetric {
  readonly metricName: string;
  readonly statistic: string;
  readonly period: Duration;
  readonly dimensionsMap?: Record<string, string>;
}

const HEIGHT_DIMENSIONS = { channel: NETWORK.channel };

/** Accounts that machines are in, each once. */
function accountsOf({ organizations }: Environment): string[] {
  return [...new Set(organizations.map(({ account }) => account))];
}

/** A metric of one account's machines; of another account than the alarm's it comes through the sink. */
function nodeMetric(environment: Environment, account: string, metric: NodeMetric): Metric {
  const elsewhere = account === environment.account ? {} : { account };
  return new Metric({ namespace: nodeNamespace(environment), ...elsewhere, ...metric });
}

type Combination = 'MAX' | 'MIN' | 'SUM';

/** An expression over metrics by their ids. */
function combined(combination: Combination, ids: readonly string[]): string {
  const [only = ''] = ids;
  return ids.length === 1 ? only : `${combination}([${ids.join(', ')}])`;
}

function calculated(
  expression: string,
  usingMetrics: Readonly<Record<string, IMetric>>,
  period: Duration,
): IMetric {
  if (Object.keys(usingMetrics).length > MOST_METRICS) {
    throw new RangeError(`An alarm looks at ${MOST_METRICS} metrics at most: too many accounts.`);
  }
  return new MathExpression({ expression, usingMetrics, period, label: expression });
}

/** A metric of each account, by an id. */
function byAccount(
  environment: Environment,
  word: string,
  metric: NodeMetric,
): Readonly<Record<string, IMetric>> {
  const accounts = accountsOf(environment);
  return Object.fromEntries(
    accounts.map((account, index) => [`${word}${index}`, nodeMetric(environment, account, metric)]),
  );
}

/** One value of what the machines of all accounts measure. */
function acrossAccounts(
  environment: Environment,
  combination: Combination,
  metric: NodeMetric,
): IMetric {
  const metrics = byAccount(environment, 'account', metric);
  const [[, only] = [], ...others] = Object.entries(metrics);
  if (only !== undefined && others.length === 0) return only;
  return calculated(combined(combination, Object.keys(metrics)), metrics, metric.period);
}

/** Blocks between the node that has the most and the one that has the fewest, of all organizations. */
function heightGap(environment: Environment): IMetric {
  const height = (statistic: string): NodeMetric => ({
    metricName: NODE_METRICS.height,
    statistic,
    period: HEIGHT_PERIOD,
    dimensionsMap: HEIGHT_DIMENSIONS,
  });
  const most = byAccount(environment, 'most', height(Stats.MAXIMUM));
  const fewest = byAccount(environment, 'fewest', height(Stats.MINIMUM));
  const gap = `${combined('MAX', Object.keys(most))} - ${combined('MIN', Object.keys(fewest))}`;
  return calculated(gap, { ...most, ...fewest }, HEIGHT_PERIOD);
}

/** Alarms of what the machines of an environment measure, in whichever account they are. */
export function nodeAlarms(environment: Environment): AlarmDescription[] {
  return [
    {
      name: 'height-gap',
      means: 'A node of the ledger is blocks behind another one and does not catch up.',
      metric: heightGap(environment),
      threshold: HEIGHT_GAP,
      evaluationPeriods: 3,
    },
    {
      name: 'gateway-rejections',
      means: 'Peers turn requests away because they have too many at once.',
      metric: acrossAccounts(environment, 'SUM', {
        metricName: NODE_METRICS.gatewayRejections,
        statistic: Stats.SUM,
        period: FIVE_MINUTES,
      }),
      threshold: REJECTED_IN_FIVE_MINUTES,
      evaluationPeriods: 2,
    },
    {
      name: 'certificate-expiry',
      means: 'A certificate on a machine of the network ends within 30 days.',
      metric: acrossAccounts(environment, 'MIN', {
        metricName: NODE_METRICS.certificateDaysLeft,
        statistic: Stats.MINIMUM,
        period: CERTIFICATES_PERIOD,
      }),
      threshold: LEAST_CERTIFICATE_DAYS,
      sounds: 'below',
      evaluationPeriods: 1,
    },
    {
      name: 'ledger-disk',
      means: 'The volume of a ledger is four fifths full; a node stops when it is full.',
      metric: acrossAccounts(environment, 'MAX', {
        metricName: NODE_METRICS.diskUsed,
        statistic: Stats.MAXIMUM,
        period: FIVE_MINUTES,
        dimensionsMap: { path: LEDGER_MOUNT },
      }),
      threshold: LEDGER_FULL_PERCENT,
      evaluationPeriods: 3,
    },
    ...nodesOf(environment).map((node) => silent(environment, node)),
  ];
}

/** A node that is away is in no gap: it says nothing about its height. */
function silent(
  environment: Environment,
  { host, organization, name }: ReturnType<typeof nodesOf>[number],
): AlarmDescription {
  const owner = environment.organizations.find((one) => one.name === organization);
  return {
    name: 'node-silent',
    of: `${name}-${organization}`,
    means:
      'A node of the ledger has measured nothing for five minutes: it, its machine or its agent is away.',
    metric: nodeMetric(environment, owner?.account ?? environment.account, {
      metricName: NODE_METRICS.height,
      statistic: Stats.SAMPLE_COUNT,
      period: MINUTE,
      dimensionsMap: { ...HEIGHT_DIMENSIONS, host },
    }),
    threshold: 1,
    sounds: 'below',
    evaluationPeriods: 5,
    isSilenceBad: true,
  };
}

/** What each machine measures, for who asks which of them an alarm is about. */
export function nodeGraphs(environment: Environment): GraphWidget[] {
  const graph = (
    title: string,
    dimensions: string,
    metricName: string,
    statistic: string,
  ): GraphWidget =>
    new GraphWidget({
      title,
      left: [
        new SearchExpression({
          expression: `SEARCH('{"${nodeNamespace(environment)}",${dimensions}} MetricName="${metricName}"', '${statistic}', ${MINUTE.toSeconds()})`,
          label: '',
        }),
      ],
      width: GRAPH_WIDTH,
    });
  return [
    graph('height by node', 'channel,host', NODE_METRICS.height, Stats.MAXIMUM),
    graph('days left by node', 'host', NODE_METRICS.certificateDaysLeft, Stats.MINIMUM),
    graph('leader', 'host', 'consensus_etcdraft_is_leader', Stats.MAXIMUM),
  ];
}
