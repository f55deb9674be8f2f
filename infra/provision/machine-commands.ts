import { setTimeout as delay } from 'node:timers/promises';
import {
  DescribeInstanceInformationCommand,
  GetCommandInvocationCommand,
  type GetCommandInvocationCommandOutput,
  InvocationDoesNotExist,
  SendCommandCommand,
  type SSMClient,
} from '@aws-sdk/client-ssm';
import { ProvisionError } from './errors.ts';

/** Runs scripts on machines. */
export interface MachineCommands {
  /**
   * Runs a bash script as root on the machine of that host.
   *
   * @param purpose a few words, which the list of commands in the AWS console shows; nothing personal.
   * @returns the start of what it wrote: Systems Manager keeps 24,000 characters.
   * @throws MachineCommandError when the script fails; ProvisionError when the machine cannot be reached.
   */
  readonly run: (host: string, purpose: string, script: string) => Promise<string>;
}

/** A script failed on a machine. */
export class MachineCommandError extends Error {
  override readonly name = 'MachineCommandError';
  /** What it wrote to its standard error. */
  readonly output: string;

  constructor(host: string, purpose: string, output: string) {
    super(`"${purpose}" failed on ${host}: ${output.trim().slice(-KEPT_CHARACTERS)}`);
    this.output = output;
  }
}

const KEPT_CHARACTERS = 1_500;
const MOST_COMMENT_CHARACTERS = 100;
const RUN_TIMEOUT_SECONDS = 600;
/** A machine that has not taken the command by then is not there. */
const TAKE_TIMEOUT_SECONDS = 60;
const UNFINISHED = new Set(['Pending', 'InProgress', 'Delayed', 'Cancelling']);
const POLL_MS = 1_000;
const END = 'PULSE_END_OF_SCRIPT';

export interface SessionOptions {
  readonly client: Pick<SSMClient, 'send'>;
  /** How often a command's state is asked for. */
  readonly pollMs?: number;
}

/** Commands by Systems Manager: no port is open, and each command is in the account's log. */
export class SystemsManagerCommands implements MachineCommands {
  readonly #client: Pick<SSMClient, 'send'>;
  readonly #pollMs: number;
  readonly #instances = new Map<string, string>();

  constructor({ client, pollMs }: SessionOptions) {
    this.#client = client;
    this.#pollMs = pollMs ?? POLL_MS;
  }

  readonly run = async (host: string, purpose: string, script: string): Promise<string> => {
    const InstanceId = await this.#instance(host);
    const { Command } = await this.#client.send(
      new SendCommandCommand({
        DocumentName: 'AWS-RunShellScript',
        InstanceIds: [InstanceId],
        Comment: purpose.slice(0, MOST_COMMENT_CHARACTERS),
        TimeoutSeconds: TAKE_TIMEOUT_SECONDS,
        Parameters: {
          // The document's own shell is sh.
          commands: [`exec /bin/bash -s <<'${END}'\n${script}\n${END}`],
          executionTimeout: [String(RUN_TIMEOUT_SECONDS)],
        },
      }),
    );
    const answer = await this.#result({ CommandId: Command?.CommandId ?? '', InstanceId });
    if (answer.Status === 'Success') return answer.StandardOutputContent ?? '';
    const output = answer.StandardErrorContent ?? '';
    throw new MachineCommandError(host, purpose, output === '' ? String(answer.Status) : output);
  };

  async #result(id: {
    CommandId: string;
    InstanceId: string;
  }): Promise<GetCommandInvocationCommandOutput> {
    const end = Date.now() + (TAKE_TIMEOUT_SECONDS + RUN_TIMEOUT_SECONDS) * 1_000;
    while (Date.now() < end) {
      await delay(this.#pollMs);
      const answer = await this.#ask(id);
      if (answer !== undefined && !UNFINISHED.has(answer.Status ?? '')) return answer;
    }
    throw new ProvisionError('Systems Manager did not say in time how a command ended.');
  }

  async #ask(id: {
    CommandId: string;
    InstanceId: string;
  }): Promise<GetCommandInvocationCommandOutput | undefined> {
    try {
      return await this.#client.send(new GetCommandInvocationCommand(id));
    } catch (error) {
      // Just after it was sent the command is not known everywhere.
      if (error instanceof InvocationDoesNotExist) return undefined;
      throw error;
    }
  }

  /** The machine that carries the host's name. @throws ProvisionError when Systems Manager does not reach it. */
  async #instance(host: string): Promise<string> {
    const known = this.#instances.get(host);
    if (known !== undefined) return known;
    const { InstanceInformationList = [] } = await this.#client.send(
      new DescribeInstanceInformationCommand({ Filters: [{ Key: 'tag:Name', Values: [host] }] }),
    );
    const online = InstanceInformationList.filter(({ PingStatus }) => PingStatus === 'Online');
    const [machine] = online;
    if (machine?.InstanceId === undefined || online.length > 1) {
      throw new ProvisionError(
        `Systems Manager reaches ${online.length} machines named ${host}, and there should be one. ` +
          'A new machine needs some minutes; its stack is fabric-<organization>.',
      );
    }
    this.#instances.set(host, machine.InstanceId);
    return machine.InstanceId;
  }
}
