import { describe, expect, test } from '@jest/globals';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { z } from 'zod';
import { ENVIRONMENTS } from '../../environments/environments.ts';
import { agentConfig, REJECTION_WORDS } from '../fabric/agent.ts';
import { nodesOf } from '../fabric/nodes.ts';
import { NodeAlarmsStack } from '../stacks/node-alarms-stack.ts';

const { dev, prod } = ENVIRONMENTS;

const Stat = z.object({
  Metric: z.object({
    Namespace: z.string(),
    MetricName: z.string(),
    Dimensions: z.array(z.object({ Name: z.string(), Value: z.string() })).default([]),
  }),
  Stat: z.string(),
});
const Properties = z.object({
  AlarmName: z.string(),
  ComparisonOperator: z.string(),
  TreatMissingData: z.string(),
  Threshold: z.number(),
  Namespace: z.string().optional(),
  MetricName: z.string().optional(),
  Statistic: z.string().optional(),
  Metrics: z
    .array(
      z.object({
        Id: z.string(),
        AccountId: z.string().optional(),
        Expression: z.string().optional(),
        MetricStat: Stat.optional(),
      }),
    )
    .default([]),
});
type Properties = z.infer<typeof Properties>;

function alarmsOf(environment: typeof dev): Map<string, Properties> {
  const stack = new NodeAlarmsStack(new App(), 'node-alarms', { environment });
  const found = Object.values(Template.fromStack(stack).findResources('AWS::CloudWatch::Alarm'));
  return new Map(
    found.map((resource) => {
      const properties = Properties.parse(resource['Properties']);
      return [properties.AlarmName.replace(`pulseledger-${environment.name}-`, ''), properties];
    }),
  );
}

const inProd = alarmsOf(prod);
const inDev = alarmsOf(dev);

/** The metrics of an alarm: account, name, statistic. */
function metricsOf({ Metrics }: Properties): string[] {
  return Metrics.flatMap(({ AccountId = 'own', MetricStat }) =>
    MetricStat === undefined
      ? []
      : [`${AccountId} ${MetricStat.Metric.MetricName} ${MetricStat.Stat}`],
  );
}

describe('alarms of the machines', () => {
  test('compare the height of the nodes of all organizations, whichever account they are in', () => {
    const gap = inProd.get('height-gap')!;
    const [expression] = gap.Metrics.flatMap(({ Expression = [] }) => Expression);
    expect(expression).toBe('MAX([most0, most1, most2]) - MIN([fewest0, fewest1, fewest2])');
    expect(metricsOf(gap).toSorted()).toEqual(
      ['own', '444444444444', '555555555555']
        .flatMap((account) =>
          ['Maximum', 'Minimum'].map((stat) => `${account} ledger_blockchain_height ${stat}`),
        )
        .toSorted(),
    );
    const [inOne] = inDev.get('height-gap')!.Metrics.flatMap(({ Expression = [] }) => Expression);
    expect(inOne).toBe('most0 - fewest0');
  });

  test('sound for each node that says nothing, since it is in no gap then', () => {
    for (const { name, organization } of nodesOf(prod)) {
      const { TreatMissingData, ComparisonOperator, Threshold } = inProd.get(
        `node-silent-${name}-${organization}`,
      )!;
      expect([TreatMissingData, ComparisonOperator, Threshold]).toEqual([
        'breaching',
        'LessThanThreshold',
        1,
      ]);
    }
  });

  test('sound when days left fall below a threshold, and for nothing else that is small', () => {
    const below = [...inProd].filter(([, { ComparisonOperator }]) =>
      /^Less/.test(ComparisonOperator),
    );
    const names = below.map(([name]) => name).filter((name) => !name.startsWith('node-silent'));
    expect(names).toEqual(['certificate-expiry']);
  });

  test('look at what the agent of each machine is told to measure, under the same namespace and dimensions', () => {
    const measured = JSON.stringify(
      agentConfig({ environment: dev, host: 'h', logGroupName: 'l', scrapeFile: 's' }),
    );
    const namespaces = [...inDev.values()].flatMap(({ Namespace, Metrics }) => [
      ...(Namespace === undefined ? [] : [Namespace]),
      ...Metrics.flatMap(({ MetricStat }) => MetricStat?.Metric.Namespace ?? []),
    ]);
    expect(new Set(namespaces)).toEqual(new Set(['Pulseledger/Nodes/dev']));
    expect(measured).toContain('"namespace":"Pulseledger/Nodes/dev"');
    expect(measured).toContain('"metric_namespace":"Pulseledger/Nodes/dev"');
    expect(measured).toContain('"dimensions":[["channel"],["channel","host"]]');
    expect(measured).toContain('"metric_selectors":["^ledger_blockchain_height$"]');
    expect(measured).toContain('"aggregation_dimensions":[["path"]]');
  });

  test('count rejections by the words that a peer of Fabric 3.1 logs', () => {
    const line =
      '2026-01-01 ERROR [nodeCmd] func1 -> Too many requests for /gateway.Gateway, exceeding concurrency limit (500)';
    expect(line).toContain(REJECTION_WORDS);
  });
});
