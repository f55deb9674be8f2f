import { readFile } from 'node:fs/promises';
import { LambdaFunction } from '../lambda-host/lambda-function.ts';
import { errorCode, type Logger } from '../process/logger.ts';

const TIMEOUT_MS = 60_000;
const STEPS = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'] as const;

/** The function that rotates, and what it is told when it is first needed. */
export interface RotationSettings {
  readonly file: string;
  readonly region: string;
  /** Where the network writes its connection profile: it starts beside this process. */
  readonly profileFile: string;
}

/** Runs the four steps of a rotation, as Secrets Manager does, one rotation after the other. */
export class SecretRotation {
  readonly #settings: RotationSettings;
  readonly #logger: Logger;
  #function: LambdaFunction | undefined;
  #last: Promise<void> = Promise.resolve();

  constructor(settings: RotationSettings, logger: Logger) {
    this.#settings = settings;
    this.#logger = logger;
  }

  /** Begins it; whether it succeeded is seen at the secret's labels. */
  begin(secretId: string, token: string): void {
    this.#last = this.#last.then(() => this.#run(secretId, token));
  }

  /** Waits for what has begun. */
  async close(): Promise<void> {
    await this.#last;
  }

  async #run(secretId: string, token: string): Promise<void> {
    for (const step of STEPS) {
      try {
        this.#function ??= await this.#load();
        await this.#function.invoke({
          Step: step,
          SecretId: secretId,
          ClientRequestToken: token,
        });
      } catch (error) {
        this.#logger.log('error', 'rotation_failed', { operation: step, code: errorCode(error) });
        return;
      }
    }
  }

  async #load(): Promise<LambdaFunction> {
    const { file, region, profileFile } = this.#settings;
    process.env['PULSE_CONNECTION_PROFILE'] = await readFile(profileFile, 'utf8');
    return LambdaFunction.load({ name: 'rotate-identity', file, region, timeoutMs: TIMEOUT_MS });
  }
}
