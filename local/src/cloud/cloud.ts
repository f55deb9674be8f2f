import { type IngestMessage, SYSTEM_CLOCK } from '@pulseledger/domain';
import { z } from 'zod';
import { type LocalRole, localRoleSchema } from '../aws/role.ts';
import { serveLoopback, type TlsKeys, tlsKeysSchema } from '../loopback-server.ts';
import { CloudMetrics } from '../metrics/cloud-metrics.ts';
import type { ChildProgram, Running } from '../process/child.ts';
import { EXIT_DISK } from '../process/exits.ts';
import { errorCode, type Logger } from '../process/logger.ts';
import { Broker } from './broker/broker.ts';
import type { DeviceAuthority } from './broker/revocation-registry.ts';
import { EventCounters } from './event-counters.ts';
import { iotDataPlaneApp } from './iot-data-plane.ts';
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
import { sqsApp } from './sqs-service.ts';

export interface CloudPorts {
  readonly broker: number;
  readonly sqs: number;
  readonly iot: number;
}

export interface CloudConfig {
  readonly queueFolder: string;
  readonly tls: TlsKeys;
  readonly deviceAuthorities: readonly DeviceAuthority[];
  readonly roles: readonly LocalRole[];
  readonly region: string;
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
});

const configuration: z.ZodType<CloudConfig> = z.strictObject({
  queueFolder: z.string(),
  tls: tlsKeysSchema,
  deviceAuthorities: z.array(
    z.strictObject({ certificatePem: z.string(), revocationListFile: z.string() }),
  ),
  roles: z.array(localRoleSchema),
  region: z.string(),
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

/** What stands for AWS IoT Core and Amazon SQS: broker, topic rule, queues, and their two endpoints. */
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
  const sqs = await serveLoopback(
    sqsApp({ queues, roles, region, origin: () => origin }),
    config.ports.sqs,
  );
  origin = sqs.origin;
  const publish = broker.publish.bind(broker);
  const iot = await serveLoopback(iotDataPlaneApp({ roles, publish }), config.ports.iot);
  const info: CloudInfo = {
    ports: { broker: broker.port, sqs: sqs.port, iot: iot.port },
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
      await Promise.all([broker.close(), sqs.close(), iot.close()]);
      counters.close();
      metrics.close();
      await queues.close();
    },
  };
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
