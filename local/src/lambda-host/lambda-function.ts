import { randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import type { Clock } from '@pulseledger/domain';
import type { Context } from 'aws-lambda';
import { z } from 'zod';
import { STEADY_CLOCK } from '../steady-clock.ts';

const MEMORY_MB = 1_024;

export interface LambdaFunctionOptions {
  readonly name: string;
  /** The built CommonJS file, as it is uploaded to AWS. */
  readonly file: string;
  readonly region: string;
  readonly timeoutMs: number;
  /** From any moment on; one that nobody sets when left out. */
  readonly clock?: Clock;
}

/** The function did not answer in time; AWS would end its process now. */
export class LambdaTimeoutError extends Error {
  readonly code = 'lambda_timeout';

  constructor() {
    super('The function timed out.');
    this.name = 'LambdaTimeoutError';
  }
}

/** Without the three callbacks of 2015, which AWS has deprecated. */
type InvocationContext = Omit<Context, 'done' | 'fail' | 'succeed'>;
type Handler = (event: unknown, context: InvocationContext) => unknown;

const moduleSchema = z.object({
  handler: z.custom<Handler>((value) => typeof value === 'function'),
});

/** A Lambda function's `handler`, invoked with a context and a time-out. */
export class LambdaFunction {
  readonly #options: LambdaFunctionOptions;
  readonly #handler: Handler;

  constructor(options: LambdaFunctionOptions, handler: Handler) {
    this.#options = options;
    this.#handler = handler;
  }

  /** Loads the built file. Its environment has to be complete by then. */
  static load(options: LambdaFunctionOptions): LambdaFunction {
    const load = createRequire(options.file);
    const { handler } = moduleSchema.parse(load(options.file));
    return new LambdaFunction(options, handler);
  }

  /** @throws LambdaTimeoutError, and whatever the handler throws */
  async invoke(event: unknown): Promise<unknown> {
    const { timeoutMs, clock = STEADY_CLOCK } = this.#options;
    const timedOut = Promise.withResolvers<never>();
    const cancel = clock.after(timeoutMs, () => {
      timedOut.reject(new LambdaTimeoutError());
    });
    const endsAtMs = clock.now() + timeoutMs;
    try {
      const work = Promise.resolve(this.#handler(event, this.#context(endsAtMs)));
      return await Promise.race([work, timedOut.promise]);
    } finally {
      cancel();
    }
  }

  #context(endsAtMs: number): InvocationContext {
    const { name, region, clock = STEADY_CLOCK } = this.#options;
    return {
      callbackWaitsForEmptyEventLoop: true,
      functionName: name,
      functionVersion: '$LATEST',
      invokedFunctionArn: `arn:aws:lambda:${region}:000000000000:function:${name}`,
      memoryLimitInMB: String(MEMORY_MB),
      awsRequestId: randomUUID(),
      logGroupName: `/aws/lambda/${name}`,
      logStreamName: 'local',
      getRemainingTimeInMillis: () => Math.max(0, Math.round(endsAtMs - clock.now())),
    };
  }
}
