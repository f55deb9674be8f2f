import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { GetObjectCommand, NoSuchKey, PutObjectCommand } from '@aws-sdk/client-s3';
import {
  GetSecretValueCommand,
  PutSecretValueCommand,
  ResourceNotFoundException,
} from '@aws-sdk/client-secrets-manager';
import {
  DescribeInstanceInformationCommand,
  GetCommandInvocationCommand,
  GetParameterCommand,
  InvocationDoesNotExist,
  ParameterNotFound,
  PutParameterCommand,
  SendCommandCommand,
} from '@aws-sdk/client-ssm';
import type { AccountClients } from '../../infra/provision/edges.ts';
import type { CommandResult } from './machines.ts';

/** What Systems Manager keeps of a command's output, characters. */
const MOST_OUTPUT = 24_000;
const MOST_ERRORS = 8_000;

export interface Account {
  /** Stand in for the SDK's clients. */
  readonly clients: AccountClients;
  /** Each command that was sent: the host, and what for. */
  readonly commands: readonly { readonly host: string; readonly purpose: string }[];
  readonly addSecret: (name: string) => void;
  readonly secret: (name: string) => string | undefined;
  readonly parameter: (name: string) => string | undefined;
  readonly putParameter: (name: string, value: string) => void;
  readonly putObject: (bucket: string, key: string, bytes: Uint8Array) => void;
  /** Called before each command; what it throws is what AWS answers. */
  beforeCommand: (host: string, purpose: string) => void;
}

/** Runs a script on a machine. */
export type RunScript = (host: string, script: string) => Promise<CommandResult>;

const METADATA = { $metadata: {} };

/**
 * An account of AWS in a folder, at the edge only: secrets, parameters and objects are files there, commands run on the
 * machines that the caller has. A secret that is empty exists and has no value, as after a deployment.
 */
export function makeAccount(folder: string, run: RunScript): Account {
  const place = (kind: string, name: string): string =>
    join(folder, kind, name.replaceAll('/', '%'));
  const read = (file: string): string | undefined =>
    existsSync(file) ? readFileSync(file, 'utf8') : undefined;
  const write = (file: string, content: string | Uint8Array): void => {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  };
  const commands: { host: string; purpose: string }[] = [];
  const results = new Map<string, CommandResult | undefined>();

  function secrets(command: unknown): Promise<object> {
    if (command instanceof GetSecretValueCommand) {
      const value = read(place('secrets', command.input.SecretId ?? ''));
      if (value === undefined || value === '') throw new ResourceNotFoundException(absent());
      return Promise.resolve({ ...METADATA, SecretString: value });
    }
    if (command instanceof PutSecretValueCommand) {
      const file = place('secrets', command.input.SecretId ?? '');
      if (!existsSync(file)) throw new ResourceNotFoundException(absent());
      write(file, command.input.SecretString ?? '');
      return Promise.resolve(METADATA);
    }
    throw new TypeError('not made up');
  }

  function objects(command: unknown): Promise<object> {
    if (command instanceof PutObjectCommand) {
      const { Bucket = '', Key = '', Body } = command.input;
      if (!(Body instanceof Uint8Array)) throw new TypeError('only bytes are made up');
      write(join(folder, 'objects', Bucket, Key), Body);
      return Promise.resolve(METADATA);
    }
    if (command instanceof GetObjectCommand) {
      const { Bucket = '', Key = '' } = command.input;
      const file = join(folder, 'objects', Bucket, Key);
      if (!existsSync(file)) throw new NoSuchKey(absent());
      const bytes = readFileSync(file);
      const Body = { transformToByteArray: () => Promise.resolve(new Uint8Array(bytes)) };
      return Promise.resolve({ ...METADATA, Body });
    }
    throw new TypeError('not made up');
  }

  function send(host: string, purpose: string, script: string): string {
    account.beforeCommand(host, purpose);
    commands.push({ host, purpose });
    const id = `command-${commands.length}`;
    results.set(id, undefined);
    void run(host, script).then((result) => results.set(id, result));
    return id;
  }

  function invocation(id: string): object {
    if (!results.has(id)) throw new InvocationDoesNotExist(absent());
    const result = results.get(id);
    if (result === undefined) return { ...METADATA, Status: 'InProgress' };
    return {
      ...METADATA,
      Status: result.status === 0 ? 'Success' : 'Failed',
      StandardOutputContent: result.stdout.slice(0, MOST_OUTPUT),
      StandardErrorContent: result.stderr.slice(0, MOST_ERRORS),
    };
  }

  function parameters(command: unknown): Promise<object> {
    if (command instanceof GetParameterCommand) {
      const Value = read(place('parameters', command.input.Name ?? ''));
      if (Value === undefined) throw new ParameterNotFound(absent());
      return Promise.resolve({ ...METADATA, Parameter: { Value: Value.trimEnd() } });
    }
    if (command instanceof PutParameterCommand) {
      account.putParameter(command.input.Name ?? '', command.input.Value ?? '');
      return Promise.resolve(METADATA);
    }
    throw new TypeError('not made up');
  }

  function sendCommand({ input }: SendCommandCommand): Promise<object> {
    const [host = ''] = input.InstanceIds ?? [];
    const script = (input.Parameters?.['commands'] ?? []).join('\n');
    const CommandId = send(host, input.Comment ?? '', script);
    return Promise.resolve({ ...METADATA, Command: { CommandId } });
  }

  function systemsManager(command: unknown): Promise<object> {
    if (command instanceof DescribeInstanceInformationCommand) {
      // An instance's id here is its host.
      const [host = ''] = command.input.Filters?.[0]?.Values ?? [];
      const InstanceInformationList = [{ InstanceId: host, PingStatus: 'Online' }];
      return Promise.resolve({ ...METADATA, InstanceInformationList });
    }
    if (command instanceof SendCommandCommand) return sendCommand(command);
    if (command instanceof GetCommandInvocationCommand) {
      return Promise.resolve(invocation(command.input.CommandId ?? ''));
    }
    return parameters(command);
  }

  const account: Account = {
    clients: {
      secrets: { send: secrets },
      objects: { send: objects },
      ssm: { send: systemsManager },
    },
    commands,
    addSecret: (name) => {
      const file = place('secrets', name);
      if (!existsSync(file)) write(file, '');
    },
    secret: (name) => read(place('secrets', name)),
    parameter: (name) => read(place('parameters', name))?.trimEnd(),
    putParameter: (name, value) => {
      write(place('parameters', name), `${value}\n`);
    },
    putObject: (bucket, key, bytes) => {
      write(join(folder, 'objects', bucket, key), bytes);
    },
    beforeCommand: () => undefined,
  };
  return account;
}

function absent(): { message: string; $metadata: object } {
  return { message: 'It is not there.', ...METADATA };
}
