import { METRICS_NAMESPACE, type MetricName, type QuarantineReason } from '@pulseledger/domain';
import { Duration } from 'aws-cdk-lib';
import { Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { Environment } from '../../environments/environment.ts';
import { prefix, queueNames } from '../names.ts';
import type { AlarmDescription } from './alarm-description.ts';

const MINUTE = Duration.minutes(1);
const FIVE_MINUTES = Duration.minutes(5);
const MINUTE_MS = 60_000;

/** A function that SQS calls is retried; one failure in a while is no reason to wake anybody. */
const FEW_ERRORS = 5;
const QUARANTINED_IN_FIVE_MINUTES = 100;
const OLDEST_MESSAGE_SECONDS = 300;
/** An emergency access is entered within minutes after ordering is back. */
const OLDEST_LATE_ENTRY_SECONDS = 900;

function queueMetric(queueName: string, metricName: string, period: Duration): Metric {
  return new Metric({
    namespace: 'AWS/SQS',
    metricName,
    dimensionsMap: { QueueName: queueName },
    statistic: metricName === 'NumberOfMessagesSent' ? Stats.SUM : Stats.MAXIMUM,
    period,
  });
}

function functionMetric(functionName: string, metricName: string): Metric {
  return new Metric({
    namespace: 'AWS/Lambda',
    metricName,
    dimensionsMap: { FunctionName: functionName },
    statistic: Stats.SUM,
    period: FIVE_MINUTES,
  });
}

/** A metric of our own, as the functions write it (`domain/src/metrics.ts`). */
function ownMetric(
  metricName: MetricName,
  statistic: string,
  dimensionsMap: { readonly service: string; readonly reason?: QuarantineReason },
): Metric {
  return new Metric({
    namespace: METRICS_NAMESPACE,
    metricName,
    dimensionsMap,
    statistic,
    period: FIVE_MINUTES,
  });
}

/** Every alarm of an environment. */
export function alarms(environment: Environment, apiId: string): AlarmDescription[] {
  return [...waiting(environment), ...failing(environment, apiId)];
}

/** Readings that do not get where they should. */
function waiting(environment: Environment): AlarmDescription[] {
  const queues = queueNames(environment);
  return [
    {
      name: 'oldest-message',
      means: 'Readings have been waiting for the ledger for more than five minutes.',
      metric: queueMetric(queues.ingest, 'ApproximateAgeOfOldestMessage', MINUTE),
      threshold: OLDEST_MESSAGE_SECONDS,
      evaluationPeriods: 3,
    },
    {
      name: 'dead-letter',
      means: 'Messages failed so often that they were put aside.',
      metric: queueMetric(queues.deadLetter, 'ApproximateNumberOfMessagesVisible', MINUTE),
      threshold: 0,
      evaluationPeriods: 1,
    },
    {
      name: 'rule-error',
      means: 'The topic rule could not put messages into the ingest queue.',
      metric: queueMetric(queues.ruleError, 'ApproximateNumberOfMessagesVisible', MINUTE),
      threshold: 0,
      evaluationPeriods: 1,
    },
    {
      name: 'late-entries',
      means: 'What was read in an emergency is not entered in the log of accesses yet.',
      metric: queueMetric(queues.emergency, 'ApproximateAgeOfOldestMessage', MINUTE),
      threshold: OLDEST_LATE_ENTRY_SECONDS,
      evaluationPeriods: 3,
    },
    {
      name: 'quarantine-rate',
      means:
        'Many messages were refused and quarantined: a broken or hostile device, or our own fault.',
      metric: queueMetric(queues.quarantine, 'NumberOfMessagesSent', FIVE_MINUTES),
      threshold: QUARANTINED_IN_FIVE_MINUTES,
      evaluationPeriods: 1,
    },
    {
      name: 'sequence-conflict',
      means: 'A device sent another value in place of one that is recorded.',
      metric: ownMetric('Quarantined', Stats.SUM, {
        service: 'ingest',
        reason: 'sequence_conflict',
      }),
      threshold: 0,
      evaluationPeriods: 1,
    },
    {
      name: 'commit-latency',
      means: 'One reading in a hundred takes longer than a minute from receipt to commit.',
      metric: ownMetric('PubackToCommit', Stats.p(99), { service: 'ingest' }),
      threshold: MINUTE_MS,
      evaluationPeriods: 3,
    },
  ];
}

/** Parts that fail. */
function failing(environment: Environment, apiId: string): AlarmDescription[] {
  const name = prefix(environment);
  return [
    {
      name: 'ingest-errors',
      means: 'The ingest function fails as a whole, not for single messages.',
      metric: functionMetric(`${name}-ingest`, 'Errors'),
      threshold: FEW_ERRORS,
      evaluationPeriods: 2,
    },
    {
      name: 'close-hour-errors',
      means: 'Hours are not summed up: hourly trends stay behind, single readings do not.',
      metric: functionMetric(`${name}-close-hour`, 'Errors'),
      threshold: 0,
      evaluationPeriods: 6,
    },
    {
      name: 'purge-ended-errors',
      means: 'What consents shared stays with the insurer after their end; nobody reads it.',
      metric: functionMetric(`${name}-purge-ended`, 'Errors'),
      threshold: 0,
      evaluationPeriods: 6,
    },
    {
      name: 'rotation-errors',
      means: 'Services that sign get no new key and certificate; the present ones end some day.',
      metric: functionMetric(`${name}-rotate-identity`, 'Errors'),
      threshold: 0,
      evaluationPeriods: 1,
    },
    {
      name: 'api-errors',
      means: 'The API answers requests with errors of its own.',
      metric: new Metric({
        namespace: 'AWS/ApiGateway',
        metricName: '5xx',
        dimensionsMap: { ApiId: apiId },
        statistic: Stats.SUM,
        period: FIVE_MINUTES,
      }),
      threshold: FEW_ERRORS,
      evaluationPeriods: 2,
    },
    {
      name: 'login-errors',
      means: 'The function that writes roles into tokens fails: people cannot log in.',
      metric: functionMetric(`${name}-token-claims`, 'Errors'),
      threshold: FEW_ERRORS,
      evaluationPeriods: 1,
    },
  ];
}
