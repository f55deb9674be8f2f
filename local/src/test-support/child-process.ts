import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { FromChild, type ToChild } from '../process/messages.ts';

/** A child process of ours, spoken to as the supervisor does. */
export class TestChild {
  readonly process: ChildProcess;

  constructor(entry: string, env: Record<string, string> = {}) {
    this.process = spawn(process.execPath, [entry], {
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      env: { PATH: process.env['PATH'], ...env },
    });
  }

  send(message: ToChild): void {
    this.process.send(message);
  }

  /** Configures the program and resolves with what it says when it is ready. */
  async start(config: unknown): Promise<unknown> {
    this.send({ type: 'start', config });
    const message = await this.next();
    if (message.type !== 'ready') throw new Error(`not ready: ${JSON.stringify(message)}`);
    return message.info;
  }

  async next(): Promise<FromChild> {
    const ended = once(this.process, 'exit').then(() => {
      throw new Error('the child has ended');
    });
    const heard = once(this.process, 'message').then(([message]) => FromChild.parse(message));
    return Promise.race([heard, ended]);
  }

  /** Sends a signal and resolves with the exit code, or the signal's name. */
  async end(signal: NodeJS.Signals): Promise<number | string> {
    const { exitCode, signalCode } = this.process;
    if (exitCode !== null || signalCode !== null) return exitCode ?? signalCode ?? '';
    const exited = once(this.process, 'exit');
    this.process.kill(signal);
    const [code, name] = (await exited) as [number | null, string | null];
    return code ?? name ?? '';
  }
}
