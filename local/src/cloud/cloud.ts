import { type IngestMessage, SYSTEM_CLOCK } from '@pulseledger/domain';
import { z } from 'zod';
import { type LocalRole, localRoleSchema } from '../aws/role.ts';
import { LambdaFunction } from '../lambda-host/lambda-function.ts';
import { serveLoopback, type TlsKeys, tlsKeysSchema } from '../loopback-server.ts';
import { CloudMetrics } from '../metrics/cloud-metrics.ts';
import type { ChildProgram, Running } from '../process/child.ts';
import { EXIT_DISK } from '../process/exits.ts';
import { errorCode, type Logger } from '../process/logger.ts';
import { Broker } from './broker/broker.ts';
import type { DeviceAuthority } from './broker/revocation-registry.ts';
import { EventCounters } from './event-counters.ts';
import { iotDataPlaneApp } from './iot-data-plane.ts';
import { LiveListeners } from './live/live-listeners.ts';
import { SYSTEM_ENVIRONMENT } from './queue/durable-queue.ts';
import {
  INGEST_DEAD_LETTERS,
  INGEST_QUEUE,
  openQueueDatabase,
  PULSE_QUEUES,
  QUARANTINE_QUEUE,
  QueueSet,
} from './queue/queue-set.ts';
import { SlowableDatabase } from './queue/slowable-database.ts';
import { s3App } from './s3-service.ts';
import { sqsApp } from './sqs-service.ts';

/** AWS IoT Core waits 5 s for a custom authorizer. */
const AUTHORIZER_TIMEOUT_MS = 5_000;

export interface CloudPorts {
  readonly broker: number;
  readonly sqs: number;
  readonly iot: number;
  /** MQTT over WebSocket, for pages. */
  readonly live: number;
}

export interface CloudConfig {
  readonly queueFolder: string;
  readonly documentFolder: string;
  readonly tls: TlsKeys;
  readonly deviceAuthorities: readonly DeviceAuthority[];
  readonly roles: readonly LocalRole[];
  readonly region: string;
  /** Built file of the function that says who may listen; its environment is this process's. */
  readonly liveAuthorizer: string;
  /** 0 chooses a free port. */
  readonly ports: CloudPorts;
}

/** What the supervisor is told. */
export interface CloudInfo {
  readonly ports: CloudPorts;
  readonly sqsUrl: string;
  readonly iotUrl: string;
}

/** How full the queues are, for draining and for the closing account. */
export interface CloudReport {
  readonly queued: number;
  readonly inFlight: number;
  readonly deadLetters: number;
  readonly quarantined: number;
}

const ports: z.ZodType<CloudPorts> = z.strictObject({
  broker: z.int(),
  sqs: z.int(),
  iot: z.int(),
  live: z.int(),
});

const configuration: z.ZodType<CloudConfig> = z.strictObject({
  queueFolder: z.string(),
  documentFolder: z.string(),
  tls: tlsKeysSchema,
  deviceAuthorities: z.array(
    z.strictObject({ certificatePem: z.string(), revocationListFile: z.string() }),
  ),
  roles: z.array(localRoleSchema),
  region: z.string(),
  liveAuthorizer: z.string(),
  ports,
});

export const cloudInfo: z.ZodType<CloudInfo> = z.object({
  ports,
  sqsUrl: z.string(),
  iotUrl: z.string(),
});

export const cloudReport: z.ZodType<CloudReport> = z.object({
  queued: z.int(),
  inFlight: z.int(),
  deadLetters: z.int(),
  quarantined: z.int(),
});

/** What stands for AWS IoT Core, Amazon SQS and Amazon S3: broker, topic rule, queues, documents, and their endpoints. */
export const cloud: ChildProgram<CloudConfig> = {
  configuration,
  start: (config, logger) => startCloud(config, logger),
};

async function startCloud(config: CloudConfig, logger: Logger): Promise<Running> {
  const { roles, region } = config;
  const disk = new SlowableDatabase(await openQueueDatabase(config.queueFolder), SYSTEM_CLOCK);
  const queues = await QueueSet.load(disk, PULSE_QUEUES, {
    ...SYSTEM_ENVIRONMENT,
    // Nothing was promised that is not on disk; starting anew is the only way to write again, whoever wants to.
    writeFailed: (reason) => {
      logger.log('error', 'enqueue_failed', { code: errorCode(reason) });
      process.exit(EXIT_DISK);
    },
  });
  const counters = new EventCounters(logger);
  const metrics = new CloudMetrics(queues, console.log);
  const broker = await Broker.start({
    port: config.ports.broker,
    tls: config.tls,
    deviceAuthorities: config.deviceAuthorities,
    enqueue: async (message) => {
      await enqueue(queues, message, logger);
      metrics.queued();
    },
    onEvent: (event) => {
      counters.count(event);
      metrics.count(event);
    },
  });
  let origin = '';
  // Its requests are PUT, GET and DELETE; those of SQS are POST: one address serves both.
  const services = s3App({ folder: config.documentFolder, roles });
  services.route('/', sqsApp({ queues, roles, region, origin: () => origin }));
  const sqs = await serveLoopback(services, config.ports.sqs);
  origin = sqs.origin;
  const live = await startLive(config);
  const publish = async (topic: string, payload: Uint8Array, qos: 0 | 1): Promise<void> => {
    live.tell(topic, payload);
    await broker.publish(topic, payload, qos);
  };
  const iot = await serveLoopback(iotDataPlaneApp({ roles, publish }), config.ports.iot);
  const info: CloudInfo = {
    ports: { broker: broker.port, sqs: sqs.port, iot: iot.port, live: live.port },
    sqsUrl: sqs.origin,
    iotUrl: iot.origin,
  };
  return {
    info,
    report: () => report(queues),
    disturb: (disturbance) => {
      if (disturbance.kind === 'redeliver') queues.queue(INGEST_QUEUE).redeliver();
      else disk.slowDown(disturbance.delayMs, disturbance.forMs);
    },
    close: async () => {
      await Promise.all([broker.close(), live.close(), sqs.close(), iot.close()]);
      counters.close();
      metrics.close();
      await queues.close();
    },
  };
}

/** The authorizer is loaded when somebody comes to listen: what it talks to starts after this process. */
function startLive({ region, liveAuthorizer, ports }: CloudConfig): Promise<LiveListeners> {
  let authorizer: LambdaFunction | undefined;
  return LiveListeners.start({
    port: ports.live,
    arn: iotArn(region),
    authorize: (event) => {
      authorizer ??= LambdaFunction.load({
        name: 'live-authorizer',
        file: liveAuthorizer,
        region,
        timeoutMs: AUTHORIZER_TIMEOUT_MS,
      });
      return authorizer.invoke(event);
    },
  });
}

/** Of this installation's own AWS IoT Core. */
export function iotArn(region: string): string {
  return `arn:aws:iot:${region}:000000000000`;
}

async function enqueue(queues: QueueSet, message: IngestMessage, logger: Logger): Promise<void> {
  try {
    await queues.queue(INGEST_QUEUE).send(JSON.stringify(message));
  } catch (error) {
    logger.log('error', 'enqueue_failed', { code: errorCode(error) });
    throw error;
  }
}

function report(queues: QueueSet): CloudReport {
  const { available, inFlight, delayed } = queues.queue(INGEST_QUEUE).counts;
  const total = (name: string): number => {
    const counts = queues.queue(name).counts;
    return counts.available + counts.inFlight + counts.delayed;
  };
  return {
    queued: available + delayed,
    inFlight,
    deadLetters: total(INGEST_DEAD_LETTERS),
    quarantined: total(QUARANTINE_QUEUE),
  };
}
