import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { NETWORK } from '@pulseledger/network/definition';
import {
  createAuthorities,
  readAuthority,
  tlsServerCertificate,
} from '@pulseledger/network/identity';
import { freePort } from '../integration/start.ts';
import { AwsTestFailure, EXIT } from './failure.ts';

const LAUNCHER = join(import.meta.dirname, 'ministack_on_loopback.py');
/** What it says when either of its ports is open. */
const SAYS_READY = [/Running on https:\/\/127\.0\.0\.1:/, /MQTT listening on port/];
const KEPT_LINES = 30;

/** Whose resources are emulated, and where. */
export interface Account {
  readonly id: string;
  readonly region: string;
}

export interface EmulatorOptions {
  readonly python: string;
  readonly account: Account;
  /** A folder of its own, which is removed after it. */
  readonly folder: string;
  readonly signal: AbortSignal;
}

/**
 * ministack as a process: AWS' services over HTTPS, AWS IoT's broker with client certificates. It checks signatures, the
 * rights of roles and the policies of devices (AUTH), and runs functions as processes of Node.
 */
export class Emulator {
  readonly account: Account;
  readonly endpoint: string;
  readonly port: number;
  readonly mqttPort: number;
  /** Authority of the endpoint's certificate. */
  readonly caPem: string;
  readonly caFile: string;
  readonly logFile: string;
  /** Removed after it. */
  readonly folder: string;
  /** The account's root: nothing is refused to it. */
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly #child: ChildProcess;

  private constructor(
    child: ChildProcess,
    given: Pick<
      Emulator,
      'account' | 'port' | 'mqttPort' | 'caPem' | 'caFile' | 'logFile' | 'folder' | 'credentials'
    >,
  ) {
    this.#child = child;
    this.account = given.account;
    this.port = given.port;
    this.endpoint = `https://127.0.0.1:${given.port}`;
    this.mqttPort = given.mqttPort;
    this.caPem = given.caPem;
    this.caFile = given.caFile;
    this.logFile = given.logFile;
    this.folder = given.folder;
    this.credentials = given.credentials;
  }

  /** Resolves when both ports are open. @throws AwsTestFailure when it ends before */
  static async start({ python, account, folder, signal }: EmulatorOptions): Promise<Emulator> {
    const [port, mqttPort] = [await freePort(), await freePort()];
    const tls = await certificate(folder);
    // Its functions begin with a CommonJS file, below the checkout maybe, whose files are ES modules.
    await writeFile(join(folder, 'package.json'), '{ "type": "commonjs" }\n');
    const credentials = {
      accessKeyId: account.id,
      secretAccessKey: randomBytes(20).toString('hex'),
    };
    const logFile = join(folder, 'ministack.log');
    const child = spawn(python, [LAUNCHER], {
      cwd: folder,
      // A group of its own, which ends as a whole: functions are its children.
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
      env: {
        ...settings(folder, account, credentials),
        GATEWAY_PORT: port.toString(),
        IOT_MTLS_PORT: mqttPort.toString(),
        MINISTACK_SSL_CERT: tls.certificateFile,
        MINISTACK_SSL_KEY: tls.keyFile,
        // Functions and the emulator itself ask the endpoint, too.
        NODE_EXTRA_CA_CERTS: tls.caFile,
        SSL_CERT_FILE: tls.caFile,
      },
    });
    signal.addEventListener('abort', () => child.stdin.end(), { once: true });
    const { caPem, caFile } = tls;
    await ready(child, logFile);
    return new Emulator(child, {
      ...{ account, port, mqttPort, caPem, caFile, logFile, folder, credentials },
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Ends it with everything that it has started; nothing of it is kept. */
  async stop(): Promise<void> {
    await end(this.#child);
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, 'close');
  child.stdin?.end();
  await closed;
}

function settings(
  folder: string,
  account: Account,
  { accessKeyId, secretAccessKey }: Emulator['credentials'],
): NodeJS.ProcessEnv {
  const { PATH = '', PULSE_TEST_RUN } = process.env;
  return {
    // Functions run on this Node, which is the version of the runtime that the template names.
    PATH: `${dirname(process.execPath)}:${PATH}`,
    HOME: folder,
    TMPDIR: folder,
    LANG: 'C.UTF-8',
    ...(PULSE_TEST_RUN === undefined ? {} : { PULSE_TEST_RUN }),
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AUTH: 'true',
    USE_SSL: '1',
    BIND_HOST: '127.0.0.1',
    MINISTACK_HOST: 'localhost',
    MINISTACK_ACCOUNT_ID: account.id,
    MINISTACK_REGION: account.region,
    STATE_DIR: join(folder, 'state'),
    S3_DATA_DIR: join(folder, 's3'),
    PYTHONUNBUFFERED: '1',
  };
}

async function certificate(folder: string): Promise<{
  readonly caPem: string;
  readonly caFile: string;
  readonly certificateFile: string;
  readonly keyFile: string;
}> {
  const keys = join(folder, 'endpoint-keys');
  await mkdir(keys, { recursive: true });
  await createAuthorities(keys, NETWORK);
  const issuer = await readAuthority(keys, 'hospital', 'tls');
  const names = ['localhost', '*.execute-api.localhost'];
  const tls = tlsServerCertificate({ issuer, names, ips: ['127.0.0.1'] });
  const [caFile, certificateFile, keyFile] = ['ca.pem', 'endpoint.pem', 'endpoint.key'].map(
    (name) => join(folder, name),
  ) as [string, string, string];
  await writeFile(caFile, issuer.certificatePem);
  await writeFile(certificateFile, `${tls.certificatePem}${issuer.certificatePem}`);
  await writeFile(keyFile, tls.privateKeyPem, { mode: 0o600 });
  return { caPem: issuer.certificatePem, caFile, certificateFile, keyFile };
}

/** Everything that it says goes to the log; resolves when it has said that it listens. */
async function ready(child: ChildProcess, logFile: string): Promise<void> {
  const log = createWriteStream(logFile);
  const last: string[] = [];
  const awaited = new Set(SAYS_READY);
  const { promise, resolve, reject } = Promise.withResolvers<undefined>();
  for (const output of [child.stdout, child.stderr]) {
    if (output === null) continue;
    createInterface(output).on('line', (line) => {
      log.write(`${line}\n`);
      last.push(line);
      if (last.length > KEPT_LINES) last.shift();
      for (const word of awaited) if (word.test(line)) awaited.delete(word);
      if (awaited.size === 0) resolve(undefined);
    });
  }
  child.once('error', reject);
  child.once('close', () => {
    log.end();
    const message = `The emulator ended before it was ready:\n${last.join('\n')}`;
    reject(new AwsTestFailure(message, EXIT.noEmulator));
  });
  await promise;
}
