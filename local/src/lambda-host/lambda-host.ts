import { SQSClient } from '@aws-sdk/client-sqs';
import { SYSTEM_CLOCK } from '@pulseledger/domain';
import { z } from 'zod';
import { credentialsOf, type LocalRole, localRoleSchema } from '../aws/role.ts';
import type { ChildProgram } from '../process/child.ts';
import { EXIT_TIMED_OUT } from '../process/exits.ts';
import { EventSourceMapping } from './event-source-mapping.ts';
import { LambdaFunction, LambdaTimeoutError } from './lambda-function.ts';
import { sqsQueuePort } from './queue-port.ts';
import { Schedule } from './schedule.ts';
import { SubmissionGauge } from './submission-gauge.ts';

export interface LambdaHostConfig {
  readonly functionName: string;
  readonly file: string;
  readonly region: string;
  readonly timeoutMs: number;
  readonly sqsUrl: string;
  readonly queueUrl: string;
  readonly queueArn: string;
  readonly batchSize: number;
  readonly batchingWindowMs: number;
  readonly maxConcurrency: number;
  /** The event source mapping's own role; the function's credentials are in the environment. */
  readonly role: LocalRole;
  /** Further functions with the same environment, invoked by the clock. */
  readonly schedules: readonly ScheduledFunction[];
}

export interface ScheduledFunction {
  readonly functionName: string;
  readonly file: string;
  readonly everyMs: number;
}

const configuration: z.ZodType<LambdaHostConfig> = z.strictObject({
  functionName: z.string(),
  file: z.string(),
  region: z.string(),
  timeoutMs: z.int().min(1),
  sqsUrl: z.string(),
  queueUrl: z.string(),
  queueArn: z.string(),
  batchSize: z.int().min(1).max(10_000),
  batchingWindowMs: z.int().min(0).max(300_000),
  maxConcurrency: z.int().min(1).max(1_000),
  role: localRoleSchema,
  schedules: z
    .array(
      z.strictObject({ functionName: z.string(), file: z.string(), everyMs: z.int().min(1_000) }),
    )
    .default([]),
});

/** Runs a built Lambda function for the messages of a queue. */
export const lambdaHost: ChildProgram<LambdaHostConfig> = {
  configuration,
  start: (config, logger) => {
    const { functionName: name, file, region, timeoutMs, role } = config;
    const lambda = LambdaFunction.load({ name, file, region, timeoutMs });
    const client = new SQSClient({
      region,
      endpoint: config.sqsUrl,
      credentials: credentialsOf(role),
    });
    const mapping = new EventSourceMapping({
      ...config,
      queue: sqsQueuePort(client, config.queueUrl),
      logger,
      invoke: async (event) => {
        try {
          return await lambda.invoke(event);
        } catch (error) {
          if (error instanceof LambdaTimeoutError) {
            logger.log('error', 'function_timed_out', { count: event.Records.length });
            process.exit(EXIT_TIMED_OUT);
          }
          throw error;
        }
      },
    });
    const submissions = new SubmissionGauge();
    const schedules = config.schedules.map(({ functionName: scheduled, file: built, everyMs }) => {
      const lambdaOfTime = LambdaFunction.load({ name: scheduled, file: built, region, timeoutMs });
      const invoke = (event: object): Promise<unknown> => lambdaOfTime.invoke(event);
      return new Schedule({ everyMs, clock: SYSTEM_CLOCK, invoke, logger });
    });
    mapping.start();
    for (const schedule of schedules) schedule.start();
    return Promise.resolve({
      info: {},
      report: () => ({ ...mapping.figures, submitted: submissions.submitted }),
      close: async () => {
        await Promise.all(schedules.map((schedule) => schedule.stop()));
        await mapping.stop();
        submissions.close();
        client.destroy();
      },
    });
  },
};
