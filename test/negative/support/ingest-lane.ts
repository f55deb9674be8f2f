/**
 * The ingest function in the real Lambda host process, on a real queue, secret store and network. What stands between
 * them is here, so that a test can stop, drop or kill at any call the function makes.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Acknowledgement, chunkTopic, MSP_IDS, QuarantineEntry } from '@pulseledger/domain';
import {
  organizationKeys,
  readAuthority,
  readCertifiedKey,
  tlsServerCertificate,
} from '@pulseledger/network/identity';
import { createRole, type LocalRole, type Permission } from '../../../local/src/aws/role.ts';
import { applyIngestRule } from '../../../local/src/cloud/broker/topic-rule.ts';
import { iotDataPlaneApp } from '../../../local/src/cloud/iot-data-plane.ts';
import type { QueueSettings } from '../../../local/src/cloud/queue/durable-queue.ts';
import { QueueSet } from '../../../local/src/cloud/queue/queue-set.ts';
import { queueArn, queueUrl, sqsApp } from '../../../local/src/cloud/sqs-service.ts';
import { formatSecrets, SecretStore } from '../../../local/src/identity-services/secret-store.ts';
import { secretsManagerApp } from '../../../local/src/identity-services/secrets-manager.ts';
import type { LambdaHostConfig } from '../../../local/src/lambda-host/lambda-host.ts';
import { type RunningServer, serveLoopback } from '../../../local/src/loopback-server.ts';
import { CHECKOUT } from '../../integration/start.ts';
import { type Fate, GatewayProxy } from './gateway-proxy.ts';
import type { LedgerWorld, Wearer } from './ledger-world.ts';
import { eventually } from './system.ts';

const REGION = 'eu-central-1';
const PREFIX = 'negative';
const HOST = join(CHECKOUT, 'local', 'src', 'lambda-host', 'main.ts');
const CLOCK = join(CHECKOUT, 'test', 'negative', 'support', 'shifted-clock.ts');
const FUNCTION = join(CHECKOUT, 'dist', 'lambdas', 'ingest', 'index.cjs');
const TIMEOUT_MS = 30_000;
/** Nothing comes back by time while a test runs: `redeliver` says when. */
const VISIBILITY_MS = 180_000;
const DAY_MS = 86_400_000;

export interface LaneOptions {
  readonly world: LedgerWorld;
  readonly folder: string;
  readonly maxReceiveCount?: number;
  /** The certificate and key in the secret store; the ingest service's own when left out. */
  readonly identity?: { readonly certificatePem: string; readonly privateKeyPem: string };
}

/** One Lambda host process. */
export class Host {
  readonly process: ChildProcess;
  output = '';

  constructor(child: ChildProcess) {
    this.process = child;
    child.stdout?.on('data', (part: Buffer) => (this.output += part.toString()));
    child.stderr?.on('data', (part: Buffer) => (this.output += part.toString()));
  }

  get isAlive(): boolean {
    return this.process.exitCode === null && this.process.signalCode === null;
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    if (!this.isAlive) return;
    const exited = once(this.process, 'exit');
    this.process.kill(signal);
    await exited;
  }
}

type Service = Parameters<typeof serveLoopback>[0];
type LaneRoles = Readonly<Record<'ingest' | 'eventSource' | 'operator', LocalRole>>;
type Action = () => Promise<Fate | undefined> | Fate | undefined;

export class Lane {
  readonly acknowledgements: { readonly deviceId: string; readonly answer: Acknowledgement }[] = [];
  readonly hosts: Host[] = [];
  readonly queues: QueueSet;
  readonly #options: LaneOptions;
  readonly #actions = new Map<string, Action>();
  readonly #roles: LaneRoles;
  readonly #servers: RunningServer[] = [];
  #proxy: GatewayProxy | undefined;
  #sqs = '';
  #iot = '';
  #secrets = '';
  #secretsPort = 0;

  constructor(options: LaneOptions, queues: QueueSet) {
    this.#options = options;
    this.queues = queues;
    const take = ['ReceiveMessage', 'DeleteMessage', 'ChangeMessageVisibility'];
    const on = (queue: string, actions: readonly string[]): Permission[] =>
      actions.map((action) => ({ action: `sqs:${action}`, resource: queue }));
    this.#roles = {
      ingest: createRole('ingest', [
        { action: 'secretsmanager:GetSecretValue', resource: `${PREFIX}/ingest/hospital` },
        ...on('quarantine', ['SendMessage']),
        { action: 'iot:Publish', resource: 'v1/*' },
      ]),
      eventSource: createRole('event-source', on('ingest', take)),
      operator: createRole('operator', [
        ...on('ingest', ['SendMessage']),
        ...on('quarantine', take),
        ...on('ingest-dlq', take),
      ]),
    };
  }

  static async open(options: LaneOptions): Promise<Lane> {
    const { maxReceiveCount = 100 } = options;
    const queues: QueueSettings[] = [
      {
        ...{ name: 'ingest', visibilityTimeoutMs: VISIBILITY_MS, retentionMs: DAY_MS },
        ...{ maxReceiveCount, deadLetterQueue: 'ingest-dlq' },
      },
      { name: 'ingest-dlq', visibilityTimeoutMs: 30_000, retentionMs: DAY_MS },
      { name: 'quarantine', visibilityTimeoutMs: 30_000, retentionMs: DAY_MS },
    ];
    const lane = new Lane(options, await QueueSet.open(join(options.folder, 'queue'), queues));
    await lane.#serve();
    return lane;
  }

  get proxy(): GatewayProxy {
    if (this.#proxy === undefined) throw new Error('The lane is not open.');
    return this.#proxy;
  }

  get roles(): LaneRoles {
    return this.#roles;
  }

  get sqsOrigin(): string {
    return this.#sqs;
  }

  get #secretsFile(): string {
    return join(this.#options.folder, 'secrets.json');
  }

  get #clockFile(): string {
    return join(this.#options.folder, 'clock');
  }

  /** From now on this happens at that moment, for example `Submit answered`; nothing when left out. */
  at(moment: string, action?: Action): void {
    if (action === undefined) this.#actions.delete(moment);
    else this.#actions.set(moment, action);
  }

  /** The moment comes once, and then never again. @returns resolves when it has come */
  once(moment: string, action: Action): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.at(moment, () => {
      this.at(moment);
      resolve(undefined);
      return action();
    });
    return promise;
  }

  /** Another process that runs the function for the queue. */
  async host(concurrency = 2, batchSize = 1_000): Promise<Host> {
    const { profile } = this.#options.world.network;
    const hospital = { ...profile.organizations.hospital, endpoint: this.proxy.endpoint };
    const proxied = { ...profile, organizations: { ...profile.organizations, hospital } };
    const child = spawn(process.execPath, ['--import', CLOCK, HOST], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: {
        PATH: process.env['PATH'],
        NODE_COMPILE_CACHE: join(CHECKOUT, '.cache', 'node'),
        ...(process.env['PULSE_TEST_RUN'] === undefined
          ? {}
          : { PULSE_TEST_RUN: process.env['PULSE_TEST_RUN'] }),
        PULSE_TEST_CLOCK: this.#clockFile,
        AWS_REGION: REGION,
        AWS_ACCESS_KEY_ID: this.#roles.ingest.accessKeyId,
        AWS_SECRET_ACCESS_KEY: this.#roles.ingest.secretAccessKey,
        AWS_LAMBDA_FUNCTION_NAME: 'ingest',
        AWS_ENDPOINT_URL_SECRETS_MANAGER: this.#secrets,
        AWS_ENDPOINT_URL_SQS: this.#sqs,
        AWS_ENDPOINT_URL_IOT_DATA_PLANE: this.#iot,
        PULSE_SECRET_PREFIX: PREFIX,
        PULSE_ORGANIZATION: 'hospital',
        PULSE_CONNECTION_PROFILE: JSON.stringify(proxied),
        QUARANTINE_QUEUE_URL: queueUrl(this.#sqs, 'quarantine'),
      },
    });
    const host = new Host(child);
    this.hosts.push(host);
    const config: LambdaHostConfig = {
      ...{ functionName: 'ingest', file: FUNCTION, region: REGION, timeoutMs: TIMEOUT_MS },
      ...{ sqsUrl: this.#sqs, queueUrl: queueUrl(this.#sqs, 'ingest') },
      queueArn: queueArn(REGION, 'ingest'),
      ...{ batchSize, batchingWindowMs: 20, maxConcurrency: concurrency },
      role: this.#roles.eventSource,
      schedules: [],
    };
    child.send({ type: 'start', config });
    const [message] = (await once(child, 'message')) as [{ type: string }];
    if (message.type !== 'ready') throw new Error(`${JSON.stringify(message)}\n${host.output}`);
    return host;
  }

  /** Puts into the queue what the topic rule makes of a device's publish. */
  async send(wearer: Wearer, payload: Uint8Array, topic = chunkTopic(wearer.deviceId)) {
    const rule = { topic, payload, clientId: wearer.deviceId, principal: 'ab'.repeat(32) };
    const message = applyIngestRule({ ...rule, receivedAtMs: Date.now() });
    await this.queues.queue('ingest').send(JSON.stringify(message));
  }

  /** How many messages are in the queue in any state. */
  count(queue: 'ingest' | 'ingest-dlq' | 'quarantine' = 'ingest'): number {
    const { available, inFlight, delayed } = this.queues.queue(queue).counts;
    return available + inFlight + delayed;
  }

  /** What is being worked on is available again now, as when its time is over. */
  redeliver(): void {
    this.queues.queue('ingest').redeliver();
  }

  /** Resolves when nothing is left to be worked on. */
  async settled(): Promise<void> {
    await eventually('the queue is empty', () => (this.count() === 0 ? true : undefined));
  }

  /** What is in quarantine of these devices; it stays hidden afterwards. */
  async quarantined(...wearers: readonly Wearer[]): Promise<QuarantineEntry[]> {
    const found = await this.queues.queue('quarantine').receive({ max: 1_000 });
    const entries = found.map(({ body }) => QuarantineEntry.parse(JSON.parse(body)));
    return entries.filter(({ message }) =>
      wearers.some(({ deviceId }) => deviceId === message.clientId),
    );
  }

  /** What its processes say from now on. */
  listen(): () => string {
    const from = this.hosts.map(({ output }) => output.length);
    return () => this.hosts.map(({ output }, index) => output.slice(from[index] ?? 0)).join('');
  }

  answers(wearer: Wearer): Acknowledgement[] {
    return this.acknowledgements
      .filter(({ deviceId }) => deviceId === wearer.deviceId)
      .map(({ answer }) => answer);
  }

  /** Coordinates for the command that a person uses at quarantine and dead letters. @returns its path */
  async systemFile(): Promise<string> {
    const { accessKeyId, secretAccessKey } = this.#roles.operator;
    const url = (queue: string): string => queueUrl(this.#sqs, queue);
    const quarantine = {
      ...{ region: REGION, endpoint: this.#sqs, accessKeyId, secretAccessKey },
      ...{ quarantineQueueUrl: url('quarantine'), deadLetterQueueUrl: url('ingest-dlq') },
      ingestQueueUrl: url('ingest'),
    };
    const file = join(this.#options.folder, 'system.json');
    await writeFile(file, JSON.stringify({ quarantine }), { mode: 0o600 });
    return file;
  }

  /** Sets the clock of all hosts, those to come included, off by so much; resolves when those that run have seen it. */
  async shiftClock(offsetMs: number): Promise<void> {
    await rm(`${this.#clockFile}.seen`, { force: true });
    await writeFile(this.#clockFile, String(offsetMs));
    if (!this.hosts.some((host) => host.isAlive)) return;
    await eventually('the clock is seen', async () => {
      const seen = await readFile(`${this.#clockFile}.seen`, 'utf8').catch(() => '');
      return seen === String(offsetMs) ? true : undefined;
    });
  }

  async stopSecrets(): Promise<void> {
    await this.#servers.find(({ origin }) => origin === this.#secrets)?.close();
  }

  async startSecrets(): Promise<void> {
    const store = new SecretStore(this.#secretsFile);
    const app = secretsManagerApp({
      store,
      roles: Object.values(this.#roles),
      region: REGION,
      rotation: { begin: () => undefined },
    });
    const name = (): string => 'GetSecretValue';
    const server = await serveLoopback(this.#watched(app, name), this.#secretsPort);
    this.#servers.push(server);
    this.#secrets = server.origin;
    this.#secretsPort = server.port;
  }

  /** What the secret store holds from now on. */
  async rotate(identity: { certificatePem: string; privateKeyPem: string } | string) {
    const content =
      typeof identity === 'string'
        ? identity
        : JSON.stringify({ mspId: MSP_IDS.hospital, ...identity });
    const version = {
      versionId: 'a'.repeat(32),
      stages: ['AWSCURRENT'],
      value: content,
      createdAtMs: Date.now(),
    };
    const text = formatSecrets([
      { name: `${PREFIX}/ingest/hospital`, isRotated: false, versions: [version] },
    ]);
    await writeFile(this.#secretsFile, text, { mode: 0o600 });
  }

  async close(): Promise<void> {
    await Promise.all(this.hosts.map((host) => host.end('SIGKILL')));
    await this.proxy.close();
    await Promise.all(this.#servers.map((server) => server.close()));
    await this.queues.close();
  }

  async #serve(): Promise<void> {
    const { world } = this.#options;
    await writeFile(this.#clockFile, '0');
    const service = organizationKeys(world.keys, 'hospital').service('ingest');
    await this.rotate(this.#options.identity ?? (await readCertifiedKey(service)));
    await this.startSecrets();
    const roles = Object.values(this.#roles);
    let origin = '';
    const queueService = sqsApp({
      ...{ queues: this.queues, roles, region: REGION },
      origin: () => origin,
    });
    const sqs = await serveLoopback(
      this.#watched(queueService, (request) => {
        const target = request.headers.get('x-amz-target') ?? '';
        return target.split('.').at(-1) ?? '';
      }),
    );
    origin = sqs.origin;
    this.#sqs = sqs.origin;
    const publish = (topic: string, payload: Uint8Array): Promise<void> => {
      const deviceId = /^v1\/([0-9a-f]{32})\/acks$/.exec(topic)?.[1];
      if (deviceId !== undefined) {
        const answer = Acknowledgement.parse(JSON.parse(Buffer.from(payload).toString()));
        this.acknowledgements.push({ deviceId, answer });
      }
      return Promise.resolve();
    };
    const plane = iotDataPlaneApp({ roles, publish });
    const iot = await serveLoopback(
      this.#watched(plane, (request) =>
        decodeURIComponent(request.url).endsWith('acks?qos=1') ? 'Acknowledge' : 'Publish',
      ),
    );
    this.#iot = iot.origin;
    this.#servers.push(sqs, iot);
    await this.#startProxy();
  }

  async #startProxy(): Promise<void> {
    const { world } = this.#options;
    const { endpoint, serverName, tlsRootCertificatePem } =
      world.network.profile.organizations.hospital;
    const issuer = await readAuthority(world.keys, 'hospital', 'tls');
    const tls = tlsServerCertificate({ issuer, names: [serverName], ips: ['127.0.0.1'] });
    this.#proxy = await GatewayProxy.start({
      ...tls,
      ...{ endpoint, serverName, caPem: tlsRootCertificatePem },
      witness: (moment) => this.#reach(moment),
    });
  }

  /** The service, with somebody who sees each call come and each answer go. */
  #watched(service: Service, nameOf: (request: Request) => string): Service {
    const fetch = async (request: Request): Promise<Response> => {
      const name = nameOf(request);
      if ((await this.#reach(`${name} called`)) === 'drop') return throttled();
      const answer = await service.fetch(request);
      await this.#reach(`${name} answered`);
      return answer;
    };
    return Object.assign(Object.create(service) as Service, { fetch });
  }

  async #reach(moment: string): Promise<Fate> {
    return (await this.#actions.get(moment)?.()) ?? 'give';
  }
}

/** What AWS' services say when they are asked too much. */
function throttled(): Response {
  const body = { __type: 'ThrottlingException', message: 'Rate exceeded' };
  return Response.json(body, { status: 400 });
}
