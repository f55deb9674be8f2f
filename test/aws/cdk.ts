import { mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { CHECKOUT } from '../integration/start.ts';
import { awsEnvironment, cleanEnvironment } from './aws-environment.ts';
import { lastLines, run } from './child.ts';
import type { Emulator } from './emulator.ts';
import { AwsTestFailure } from './failure.ts';

const CLI = join(
  dirname(createRequire(import.meta.url).resolve('aws-cdk/package.json')),
  'bin',
  'cdk',
);

/** The CDK's own command line, as a person runs it; its caches and logs go to a folder of the test. */
export class Cdk {
  readonly #folder: string;
  readonly #signal: AbortSignal;

  constructor(folder: string, signal: AbortSignal) {
    this.#folder = folder;
    this.#signal = signal;
  }

  /** `cdk synth` of the whole app, without an account. @returns the folder of the assembly */
  async synth(): Promise<string> {
    const output = join(this.#folder, 'cdk.out');
    await this.#run(['synth', '--quiet', '--output', output]);
    return output;
  }

  /** `cdk bootstrap` of the emulated account. */
  async bootstrap(assembly: string, emulator: Emulator): Promise<void> {
    const { id, region } = emulator.account;
    await this.#run(['bootstrap', '--app', assembly, `aws://${id}/${region}`], emulator);
  }

  /** `cdk deploy` of these stacks and no others, as `<environment>/<stack>`. */
  async deploy(assembly: string, emulator: Emulator, stacks: readonly string[]): Promise<void> {
    const quietly = ['--require-approval', 'never', '--progress', 'events', '--exclusively'];
    await this.#run(['deploy', '--app', assembly, ...quietly, ...stacks], emulator);
  }

  async #run(args: readonly string[], emulator?: Emulator): Promise<void> {
    const home = join(this.#folder, 'home');
    await mkdir(home, { recursive: true });
    const { code, output } = await run(process.execPath, [CLI, ...args], {
      cwd: CHECKOUT,
      signal: this.#signal,
      env: emulator === undefined ? cleanEnvironment(home) : awsEnvironment(emulator, home),
    });
    if (code === 0) return;
    throw new AwsTestFailure(`cdk ${args.join(' ')} failed:\n${lastLines(output, 40)}`);
  }
}
