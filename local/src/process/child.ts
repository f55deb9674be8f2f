import type { z } from 'zod';
import { tolerateClosedOutput } from '../closed-output.ts';
import { createLogger, errorCode, type Logger } from './logger.ts';
import { type Disturbance, type FromChild, ToChild } from './messages.ts';

/** A part of the system that is up. */
export interface Running {
  /** What the supervisor is told, e.g. the ports. */
  readonly info: object;
  readonly close: () => Promise<void>;
  /** Figures for the supervisor; counts only. */
  readonly report?: () => object;
  /** Makes trouble for itself, in chaos runs. */
  readonly disturb?: (disturbance: Disturbance) => void;
}

export interface ChildProgram<Config> {
  readonly configuration: z.ZodType<Config>;
  readonly start: (config: Config, logger: Logger) => Promise<Running>;
}

/** After the supervisor's death a child that cannot finish in this time ends anyway. */
const ORPHAN_GRACE_MS = 5_000;
const EXIT_FAILED = 1;

/**
 * Runs a program as a child of the supervisor: configured over IPC, stopped by SIGTERM, and ended when the
 * supervisor is gone, even by kill -9, since that closes the IPC channel.
 */
export function runChild<Config>(program: ChildProgram<Config>): void {
  // The supervisor reads both outputs, and it may be gone before its children.
  tolerateClosedOutput();
  const logger = createLogger((line) => process.stderr.write(line));
  const child = new Child(program, logger);
  if (process.send === undefined) {
    process.stderr.write('This program is started by `npm start`; it does not run by itself.\n');
    process.exitCode = EXIT_FAILED;
    return;
  }
  process.on('message', (message) => {
    const parsed = ToChild.safeParse(message);
    if (parsed.success) void child.hear(parsed.data);
  });
  process.once('SIGTERM', () => void child.stop(0));
  // Ctrl-C reaches the supervisor, which stops its children in the right order.
  process.on('SIGINT', () => undefined);
  process.once('disconnect', () => {
    logger.log('warn', 'supervisor_gone');
    setTimeout(() => process.exit(EXIT_FAILED), ORPHAN_GRACE_MS).unref();
    void child.stop(EXIT_FAILED);
  });
}

class Child<Config> {
  readonly #program: ChildProgram<Config>;
  readonly #logger: Logger;
  #running: Promise<Running> | undefined;

  constructor(program: ChildProgram<Config>, logger: Logger) {
    this.#program = program;
    this.#logger = logger;
  }

  async hear(message: ToChild): Promise<void> {
    switch (message.type) {
      case 'start':
        await this.#start(message.config);
        break;
      case 'report':
        say({ type: 'report', report: (await this.#running)?.report?.() ?? {} });
        break;
      case 'disturb':
        (await this.#running)?.disturb?.(message.disturbance);
        break;
    }
  }

  async stop(exitCode: number): Promise<void> {
    try {
      await (await this.#running)?.close();
    } catch (error) {
      this.#logger.log('error', 'close_failed', { code: errorCode(error) });
    }
    process.exit(exitCode);
  }

  async #start(config: unknown): Promise<void> {
    try {
      this.#running = this.#program.start(this.#program.configuration.parse(config), this.#logger);
      const { info } = await this.#running;
      this.#logger.log('info', 'ready');
      say({ type: 'ready', info });
    } catch (error) {
      this.#logger.log('error', 'start_failed', { code: errorCode(error) });
      const message = error instanceof Error ? error.message : 'unknown error';
      say({ type: 'failed', code: errorCode(error), message });
      process.exit(EXIT_FAILED);
    }
  }
}

function say(message: FromChild): void {
  // The channel can be closed already when the supervisor has just died; `disconnect` handles that.
  if (process.connected) process.send?.(message);
}
