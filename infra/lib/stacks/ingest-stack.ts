import { acknowledgementTopic, chunkTopic, hintTopic, INGEST_RULE } from '@pulseledger/domain';
import { Duration } from 'aws-cdk-lib';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets';
import {
  Effect,
  ManagedPolicy,
  PolicyStatement,
  Role,
  ServicePrincipal,
} from 'aws-cdk-lib/aws-iam';
import { CfnPolicy, CfnThingType, CfnTopicRule } from 'aws-cdk-lib/aws-iot';
import { type IKey, Key } from 'aws-cdk-lib/aws-kms';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { type IQueue, Queue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import type { Environment } from '../../environments/environment.ts';
import { acknowledge } from '../acknowledge.ts';
import { devicePolicy } from '../constructs/device-policy.ts';
import { PulseFunction } from '../constructs/function.ts';
import { SharedNetwork } from '../constructs/shared-network.ts';
import { iotArn } from '../iot-arn.ts';
import { prefix, queueNames, secretPrefix } from '../names.ts';
import { shared } from '../shared-value.ts';
import { INGEST_TIMEOUT } from './data-stack.ts';
import { EnvironmentStack, type EnvironmentStackProps } from './environment-stack.ts';

const SQL_VERSION = '2016-03-23';
/** The broker says who speaks; the payload is not asked. */
const RULE_SQL =
  `SELECT encode(*, 'base64') AS payload, clientid() AS clientId, principal() AS principal, ` +
  `topic() AS topic, timestamp() AS receivedAtMs FROM '${chunkTopic('+')}'`;

/** Organization whose service identity signs the readings of all devices. */
const CUSTODIAN = 'hospital';
/** How often scheduled functions are called, and so the time that each call has. */
const EVERY = Duration.minutes(1);

/** A function that the clock calls. */
interface Scheduled {
  /** Name of its constructs. */
  readonly id: string;
  readonly bundle: string;
  readonly description: string;
  /** Why a call that fails need not be kept. */
  readonly onFailure: string;
}

const SCHEDULED: readonly Scheduled[] = [
  {
    id: 'GapWatch',
    bundle: 'gap-watch',
    description: 'Counts missing readings',
    onFailure: 'Called by the clock: what one call misses the next one counts.',
  },
  {
    id: 'CloseHour',
    bundle: 'close-hour',
    description: 'Sums up the hours that are over',
    onFailure: 'Called by the clock: hours that one call leaves open the next one closes.',
  },
  {
    id: 'PurgeEnded',
    bundle: 'purge-ended',
    description: 'Purges what consents left that have ended',
    onFailure: 'Called by the clock: what one call leaves the next one purges.',
  },
];

const LATE_ENTRIES: Scheduled = {
  id: 'LateEntries',
  bundle: 'late-entries',
  description: 'Enters what was read in an emergency while nothing could be ordered',
  onFailure: 'Called by the clock: what one call cannot enter stays in its queue for the next one.',
};

/** The way of a reading from the broker to the ledger. */
export class IngestStack extends EnvironmentStack {
  #sharedNetwork: SharedNetwork | undefined;

  constructor(scope: Construct, id: string, props: EnvironmentStackProps) {
    super(scope, id, props);
    const { environment } = props;
    const key = Key.fromKeyArn(this, 'Key', shared(this, environment, 'data/key-arn'));
    const names = queueNames(environment);
    const ingest = this.#queue('IngestQueue', names.ingest);
    this.#devices(environment);
    this.#rule({ ingest, errors: this.#queue('RuleErrorQueue', names.ruleError), key });
    for (const scheduled of SCHEDULED) this.#scheduled(environment, key, scheduled);
    this.#lateEntries(environment, key, this.#queue('EmergencyQueue', names.emergency));
    this.#function(environment, {
      ingest,
      quarantine: this.#queue('QuarantineQueue', names.quarantine),
      key,
    });
  }

  /** A queue of the data stack, by its name. */
  #queue(id: string, queueName: string): IQueue {
    return Queue.fromQueueArn(this, id, this.formatArn({ service: 'sqs', resource: queueName }));
  }

  #devices(environment: Environment): void {
    new CfnThingType(this, 'Wearable', {
      thingTypeName: `${prefix(environment)}-wearable`,
      thingTypeProperties: { thingTypeDescription: 'Wearable that signs its readings' },
    });
    new CfnPolicy(this, 'DevicePolicy', {
      policyName: `${prefix(environment)}-device`,
      policyDocument: devicePolicy((resource) => iotArn(this, resource)),
    });
  }

  #rule({
    ingest,
    errors,
    key,
  }: {
    readonly ingest: IQueue;
    readonly errors: IQueue;
    readonly key: IKey;
  }): void {
    const role = new Role(this, 'RuleRole', {
      assumedBy: new ServicePrincipal('iot.amazonaws.com'),
      description: 'Lets the topic rule put chunks into the queue',
    });
    new ManagedPolicy(this, 'RuleRights', {
      roles: [role],
      statements: [
        new PolicyStatement({
          effect: Effect.ALLOW,
          actions: ['sqs:SendMessage'],
          resources: [ingest.queueArn, errors.queueArn],
        }),
        new PolicyStatement({
          effect: Effect.ALLOW,
          actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
          resources: [key.keyArn],
        }),
      ],
    });
    const send = ({ queueUrl }: IQueue): CfnTopicRule.ActionProperty => ({
      sqs: { queueUrl, roleArn: role.roleArn, useBase64: false },
    });
    new CfnTopicRule(this, 'Rule', {
      ruleName: INGEST_RULE,
      topicRulePayload: {
        description: 'Chunks of readings to the ingest queue',
        awsIotSqlVersion: SQL_VERSION,
        sql: RULE_SQL,
        actions: [send(ingest)],
        errorAction: send(errors),
        ruleDisabled: false,
      },
    });
  }

  /** Called again and again, with the custodian's service identity, and never twice at a time. */
  #scheduled(
    environment: Environment,
    key: IKey,
    { id, bundle, description, onFailure }: Scheduled,
    further: Readonly<Record<string, string>> = {},
  ): PulseFunction {
    const { vpc, functions } = this.#network(environment);
    const fn = new PulseFunction(this, id, {
      environment,
      bundle,
      description,
      timeout: EVERY,
      vpc,
      securityGroup: functions,
      key,
      reservedConcurrentExecutions: 1,
      variables: { ...this.#ledgerVariables(environment), ...further },
    });
    acknowledge(fn.function, { 'HIPAA.Security-LambdaDLQ': onFailure });
    new Rule(this, `${id}Schedule`, {
      description,
      schedule: Schedule.rate(EVERY),
      targets: [new LambdaTarget(fn.function, { retryAttempts: 0 })],
    });
    this.#allowSigning(environment, fn);
    return fn;
  }

  /** As the API of the organization whose medic has read; the API puts the messages into the queue. */
  #lateEntries(environment: Environment, key: IKey, queue: IQueue): void {
    const further = { EMERGENCY_QUEUE_URL: queue.queueUrl };
    const fn = this.#scheduled(environment, key, LATE_ENTRIES, further);
    fn.allow(
      ['secretsmanager:GetSecretValue'],
      environment.organizations.map(({ name }) => this.secretArn(`api/${name}`)),
    );
    fn.allow(['sqs:ReceiveMessage', 'sqs:DeleteMessage'], [queue.queueArn]);
    fn.allow(['kms:Decrypt'], [key.keyArn]);
  }

  #network(environment: Environment): SharedNetwork {
    this.#sharedNetwork ??= new SharedNetwork(this, 'Network', environment);
    return this.#sharedNetwork;
  }

  #ledgerVariables(environment: Environment): Record<string, string> {
    return {
      PULSE_SECRET_PREFIX: secretPrefix(environment),
      PULSE_ORGANIZATION: CUSTODIAN,
      PULSE_CONNECTION_PROFILE: shared(this, environment, 'fabric/connection-profile'),
    };
  }

  /** The custodian's service identity, and no other. */
  #allowSigning(environment: Environment, fn: PulseFunction): void {
    fn.allow(['secretsmanager:GetSecretValue'], [this.secretArn(`ingest/${CUSTODIAN}`)]);
    fn.allow(['kms:Decrypt'], [shared(this, environment, 'data/identities-key-arn')]);
  }

  #function(
    environment: Environment,
    {
      ingest,
      quarantine,
      key,
    }: { readonly ingest: IQueue; readonly quarantine: IQueue; readonly key: IKey },
  ): void {
    const { vpc, functions } = this.#network(environment);
    const { maxConcurrency, batchSize, batchingWindowSeconds } = environment.ingest;
    const fn = new PulseFunction(this, 'Ingest', {
      environment,
      bundle: 'ingest',
      description: 'Records chunks of readings on the ledger',
      timeout: INGEST_TIMEOUT,
      vpc,
      securityGroup: functions,
      key,
      reservedConcurrentExecutions: maxConcurrency,
      variables: {
        ...this.#ledgerVariables(environment),
        QUARANTINE_QUEUE_URL: quarantine.queueUrl,
        AWS_ENDPOINT_URL_IOT_DATA_PLANE: `https://${environment.iotDataHost}`,
      },
    });
    fn.function.addEventSource(
      new SqsEventSource(ingest, {
        batchSize,
        maxConcurrency,
        reportBatchItemFailures: true,
        ...(batchingWindowSeconds === 0
          ? {}
          : { maxBatchingWindow: Duration.seconds(batchingWindowSeconds) }),
      }),
    );
    acknowledge(fn.function, {
      'HIPAA.Security-LambdaDLQ':
        'Called by a queue: what fails goes to the dead-letter queue of the queue.',
    });
    fn.allow(
      [
        'sqs:ReceiveMessage',
        'sqs:DeleteMessage',
        'sqs:GetQueueAttributes',
        'sqs:ChangeMessageVisibility',
      ],
      [ingest.queueArn],
    );
    fn.allow(['sqs:SendMessage'], [quarantine.queueArn]);
    fn.allow(['kms:Decrypt', 'kms:GenerateDataKey'], [key.keyArn]);
    this.#allowSigning(environment, fn);
    fn.allowPublishing([acknowledgementTopic('*'), hintTopic('*')]);
  }
}
