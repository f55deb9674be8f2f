import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ConnectionProfile } from '@pulseledger/domain';
import { NETWORK } from '@pulseledger/network/definition';
import { servicesOf, writePrivate } from '@pulseledger/network/identity';
import { isPortFree } from '@pulseledger/network/processes';
import { z } from 'zod';
import { credentialsOf, type LocalRole } from '../aws/role.ts';
import { type CloudInfo, type CloudReport, cloudInfo, cloudReport } from '../cloud/cloud.ts';
import { INGEST_DEAD_LETTERS, INGEST_QUEUE, QUARANTINE_QUEUE } from '../cloud/queue/queue-set.ts';
import { queueArn, queueUrl } from '../cloud/sqs-service.ts';
import { type HttpApiInfo, httpApiInfo } from '../http-api/http-api.ts';
import { OIDC_AUDIENCE } from '../identity-services/api-tokens.ts';
import {
  type IdentityServicesInfo,
  identityServicesInfo,
} from '../identity-services/identity-services.ts';
import { OIDC_CLIENT } from '../identity-services/oidc.ts';
import { INGEST_TIMEOUT_MS } from '../ingest-settings.ts';
import { LOOPBACK, type RunningServer } from '../loopback-server.ts';
import { serveMetrics } from '../metrics/metrics-endpoint.ts';
import type { Disturbance } from '../process/messages.ts';
import { storyPage } from '../story/story-page.ts';
import { type WebInfo, webInfo } from '../web/web.ts';
import type { ChaosTarget } from './chaos/chaos.ts';
import { type InFlight, lambdaHostReport } from './chaos/in-flight.ts';
import { DASHBOARD, entryOf, lambdaFile } from './checkout.ts';
import type { DataFolder } from './data-folder.ts';
import { EXIT, StartFailure } from './failure.ts';
import { type Installation, prepareInstallation, SECRET_PREFIX } from './installation.ts';
import { ManagedProcess, type ProcessContext, type ProcessSpec } from './managed-process.ts';
import { type NetworkKind, NetworkProcess } from './network-process.ts';
import { loadPeople, type People } from './people.ts';
import { choosePorts } from './ports.ts';
import { createRoles, type Roles } from './roles.ts';
import { seed } from './seeding.ts';
import { formatSystemFile, type IdentitiesAccess, type QuarantineAccess } from './system-file.ts';
import {
  ingestView,
  type Link,
  lambdaEnvironment,
  liveAuthorizerEnvironment,
  type Parts,
  REGION,
  type SystemAddresses,
  secretsEnvironment,
} from './system-parts.ts';

const API_TIMEOUT_MS = 29_000;
const BATCH_SIZE = 1_000;
const BATCHING_WINDOW_MS = 200;
/** How often the readings that are missing are counted. */
const GAP_WATCH_MS = 60_000;
/** How often hours that are over are summed up. */
const CLOSE_HOUR_MS = 60_000;
const PURGE_ENDED_MS = 60_000;
/** How often what was read while nothing could be ordered is tried to be committed. */
const LATE_ENTRIES_MS = 60_000;
const MAX_CONCURRENCY = 2;
const ANSWER_TIMEOUT_MS = 250;
/** What is not known of a part that is down or stands still. */
const NO_QUEUES = { queued: null, inFlight: null };
const NO_HOST = { running: null, submitted: null };

const PORT_NAMES = [
  'api',
  'broker',
  'sqs',
  'iot',
  'secrets',
  'issuer',
  'metrics',
  'page',
  'live',
] as const;
type Ports = Record<(typeof PORT_NAMES)[number], number>;

export interface SystemOptions {
  readonly folder: DataFolder;
  /** Where its coordinates are written for other programs. */
  readonly systemFiles: readonly string[];
  readonly network: NetworkKind;
  /** Port of the API; undefined chooses a free one. */
  readonly apiPort: number | undefined;
  /** How many people wear a device. */
  readonly wearers: number;
  /** Whether the people of the story live here, and its page is served. */
  readonly hasStory: boolean;
  /** What is put between some of the parts; nothing when left out. */
  readonly link?: Link;
  readonly context: ProcessContext;
  readonly progress: (step: string) => void;
}

type ChaosTargetProcess = Pick<ManagedProcess<unknown>, 'name' | 'pid' | 'isReady'>;

/** What an interrupted start leaves to be stopped, in the order of starting. */
type Stoppable = { readonly stop: () => Promise<void> };

/** The whole system, from the ledger to the API. */
export class System {
  readonly #options: SystemOptions;
  readonly #started: Stoppable[] = [];
  readonly #processes: ChaosTargetProcess[] = [];
  readonly roles: Roles = createRoles();
  #cloud: ManagedProcess<CloudInfo> | undefined;
  #lambda: ManagedProcess<unknown> | undefined;
  #api: ManagedProcess<HttpApiInfo> | undefined;
  #network: NetworkProcess | undefined;
  #parts: Parts | undefined;
  #metrics: RunningServer | undefined;

  constructor(options: SystemOptions) {
    this.#options = options;
  }

  get people(): People {
    return this.#ready().people;
  }

  get profile(): ConnectionProfile {
    return this.#ready().profile;
  }

  get addresses(): SystemAddresses {
    return this.#ready().addresses;
  }

  get installation(): Installation {
    return this.#ready().installation;
  }

  /** Starts everything in the order of dependence. @throws StartFailure */
  async start(): Promise<void> {
    const { folder, network, wearers, hasStory, progress, link = direct } = this.#options;
    const ports = await this.#choosePorts();
    const installation = await prepareInstallation(folder);
    const people = await loadPeople(folder.keys, { wearers, hasStory }, Date.now());
    progress('keys, certificates and people are there');
    const networkProcess = new NetworkProcess(network, folder, this.#options.context);
    this.#started.push(networkProcess);
    this.#network = networkProcess;
    const [profile, cloud, identity] = await allOrFail([
      networkProcess.start().then((ready) => {
        progress(`the ${network} network and its chaincode run`);
        return ready;
      }),
      this.#startCloud(installation, ports),
      this.#startIdentity(installation, people, ports),
    ]);
    progress('broker, queues, secrets and logins run');
    this.#metrics = await serveMetrics(this.#options.context.metrics, ports.metrics);
    const addresses: SystemAddresses = {
      pageUrl: pageUrl(ports.page),
      apiUrl: `https://${LOOPBACK}:${String(ports.api)}`,
      issuerUrl: identity.issuerUrl,
      brokerUrl: `mqtts://${LOOPBACK}:${String(await link('device-broker', cloud.ports.broker))}`,
      sqsUrl: cloud.sqsUrl,
      metricsUrl: `${this.#metrics.origin}/metrics`,
    };
    const ingest = await ingestView(link, cloud, profile);
    const start = { installation, people, profile, addresses, cloud, identity, ingest };
    this.#parts = start;
    await allOrFail([
      this.#startLambda(start),
      this.#startApi(start, ports),
      this.#startWeb(start, ports),
      seed(folder.keys, profile, { people, pageUrl: addresses.pageUrl }),
    ]);
    progress('functions and API run; patients and who treats them are on the ledger');
    await this.#writeSystemFile(start);
  }

  /** Everything that can be killed, one by one. */
  get targets(): ChaosTarget[] {
    const network = this.#network;
    const processes = this.#processes.map((one) => ({
      name: one.name,
      pids: () => (one.pid === undefined ? [] : [one.pid]),
      isUp: () => one.isReady,
    }));
    return network === undefined ? processes : [...processes, ...networkTargets(network)];
  }

  /** What is under way now; null for a part that is down or stands still. */
  async inFlight(): Promise<Omit<InFlight, 'outboxReadings'>> {
    const [queues, host] = await Promise.all([
      answered(this.#cloud?.report(cloudReport)),
      answered(this.#lambda?.report(lambdaHostReport)),
    ]);
    const { queued: queueVisible, inFlight: queueInFlight } = queues ?? NO_QUEUES;
    const { running: invocations, submitted: transactions } = host ?? NO_HOST;
    return { queueVisible, queueInFlight, invocations, transactions };
  }

  /** Trouble that the cloud makes for itself. */
  disturbCloud(disturbance: Disturbance): void {
    this.#cloud?.tell({ type: 'disturb', disturbance });
  }

  /** How full the queues are; undefined while the cloud process is down. */
  async queues(): Promise<CloudReport | undefined> {
    return this.#cloud?.report(cloudReport);
  }

  /** Ends everything, last started first, so that nothing loses what it depends on. */
  async stop(): Promise<void> {
    await this.#api?.stop();
    await this.#lambda?.stop();
    for (const part of this.#started.toReversed()) await part.stop();
    await this.#metrics?.close();
    for (const file of this.#options.systemFiles) await removeOwn(file);
  }

  async #choosePorts(): Promise<Ports> {
    const { folder, apiPort } = this.#options;
    const chosen = await choosePorts(join(folder.run, 'ports.json'), PORT_NAMES);
    if (apiPort === undefined) return chosen;
    if (await isPortFree(apiPort)) return { ...chosen, api: apiPort };
    throw new StartFailure(
      EXIT.portTaken,
      `Port ${String(apiPort)} is taken by another program. ` +
        'Stop that program, or choose another port with --port.',
    );
  }

  #startCloud(installation: Installation, ports: Ports): Promise<CloudInfo> {
    const { tls, deviceAuthorities } = installation;
    const { broker, sqs, iot, live } = ports;
    this.#cloud = this.#manage({
      name: 'cloud',
      entry: entryOf('cloud'),
      environment: liveAuthorizerEnvironment(this.roles.liveAuthorizer, ports.secrets),
      config: () => ({
        queueFolder: this.#options.folder.queue,
        documentFolder: this.#options.folder.documents,
        tls,
        deviceAuthorities,
        roles: Object.values(this.roles),
        region: REGION,
        liveAuthorizer: lambdaFile('live-authorizer'),
        ports: { broker, sqs, iot, live },
      }),
      info: cloudInfo,
    });
    return this.#cloud.start();
  }

  #startIdentity(
    installation: Installation,
    people: People,
    ports: Ports,
  ): Promise<IdentityServicesInfo> {
    const { tls, secretsFile, signingKey } = installation;
    const services = this.#manage({
      name: 'identity-services',
      entry: entryOf('identity-services'),
      environment: secretsEnvironment(this.roles.rotation, ports.secrets),
      config: () => ({
        secretsFile,
        rotation: {
          file: lambdaFile('rotate-identity'),
          region: REGION,
          profileFile: join(this.#options.folder.run, 'connection-profile.json'),
        },
        roles: Object.values(this.roles),
        region: REGION,
        tls,
        logins: people.logins,
        signingKey,
        pageUrls: [pageUrl(ports.page)],
        ports: { secrets: ports.secrets, issuer: ports.issuer },
      }),
      info: identityServicesInfo,
    });
    return services.start();
  }

  #startLambda(parts: Parts): Promise<unknown> {
    const { sqsUrl } = parts.ingest;
    this.#lambda = this.#manage({
      name: 'lambda-host',
      entry: entryOf('lambda-host'),
      environment: lambdaEnvironment(parts, 'ingest', this.roles.ingest, parts.ingest),
      config: () => ({
        functionName: 'ingest',
        file: lambdaFile('ingest'),
        region: REGION,
        timeoutMs: INGEST_TIMEOUT_MS,
        sqsUrl,
        queueUrl: queueUrl(sqsUrl, INGEST_QUEUE),
        queueArn: queueArn(REGION, INGEST_QUEUE),
        batchSize: BATCH_SIZE,
        batchingWindowMs: BATCHING_WINDOW_MS,
        maxConcurrency: MAX_CONCURRENCY,
        role: this.roles.eventSource,
        schedules: [
          { functionName: 'gap-watch', file: lambdaFile('gap-watch'), everyMs: GAP_WATCH_MS },
          { functionName: 'close-hour', file: lambdaFile('close-hour'), everyMs: CLOSE_HOUR_MS },
          {
            functionName: 'purge-ended',
            file: lambdaFile('purge-ended'),
            everyMs: PURGE_ENDED_MS,
          },
          {
            functionName: 'late-entries',
            file: lambdaFile('late-entries'),
            everyMs: LATE_ENTRIES_MS,
          },
        ],
      }),
      info: z.unknown(),
    });
    return this.#lambda.start();
  }

  #startApi(parts: Parts, ports: Ports): Promise<HttpApiInfo> {
    const { installation, profile, addresses, identity } = parts;
    this.#api = this.#manage({
      name: 'http-api',
      entry: entryOf('http-api'),
      environment: lambdaEnvironment(parts, 'fhir-api', this.roles.fhirApi),
      config: () => ({
        port: ports.api,
        tls: installation.tls,
        functionName: 'fhir-api',
        file: lambdaFile('fhir-api'),
        region: REGION,
        timeoutMs: API_TIMEOUT_MS,
        issuer: addresses.issuerUrl,
        audience: OIDC_AUDIENCE,
        profile,
        secretsUrl: identity.secretsUrl,
        secretPrefix: SECRET_PREFIX,
        role: this.roles.enrolment,
        keysFolder: this.#options.folder.keys,
        saltKey: installation.saltKey,
        brokerUrl: addresses.brokerUrl,
        brokerCaPem: installation.tlsCaPem,
      }),
      info: httpApiInfo,
    });
    return this.#api.start();
  }

  #startWeb({ installation, addresses, cloud, people }: Parts, ports: Ports): Promise<WebInfo> {
    const { folder, hasStory } = this.#options;
    const web = this.#manage({
      name: 'web',
      entry: entryOf('web'),
      config: () => ({
        port: ports.page,
        folder: DASHBOARD,
        apiUrl: addresses.apiUrl,
        issuerUrl: addresses.issuerUrl,
        liveUrl: `ws://${LOOPBACK}:${String(cloud.ports.live)}`,
        caPem: installation.tlsCaPem,
        ...(hasStory ? { story: storyPage(people, folder.passkeys) } : {}),
      }),
      info: webInfo,
    });
    return web.start();
  }

  #manage<Info>(spec: ProcessSpec<Info>): ManagedProcess<Info> {
    const managed = new ManagedProcess(spec, this.#options.context);
    this.#processes.push(managed);
    this.#started.push(managed);
    return managed;
  }

  async #writeSystemFile({ installation, people, addresses, identity }: Parts): Promise<void> {
    const { network } = this.#options;
    const { pageUrl, apiUrl, issuerUrl, brokerUrl, metricsUrl } = addresses;
    const text = formatSystemFile({
      version: 1,
      network,
      pid: process.pid,
      dataFolder: this.#options.folder.root,
      pageUrl,
      apiUrl,
      apiCaPem: installation.tlsCaPem,
      issuerUrl,
      tokenUrl: `${issuerUrl}/token`,
      audience: OIDC_AUDIENCE,
      clientId: OIDC_CLIENT,
      brokerUrl,
      brokerCaPem: installation.tlsCaPem,
      enrolmentUrl: `${apiUrl}/local/devices`,
      metricsUrl,
      quarantine: quarantineAccess(addresses.sqsUrl, this.roles.quarantineOperator),
      identities: identitiesAccess(identity.secretsUrl, this.roles.identitiesOperator),
      logins: people.logins,
      patients: people.patients.map(({ patientId, login }) => ({
        patientId,
        ...(login === undefined ? {} : { login }),
      })),
    });
    for (const file of this.#options.systemFiles) await writePrivate(file, text);
  }

  #ready(): Parts {
    if (this.#parts === undefined) throw new Error('The system has not started.');
    return this.#parts;
  }
}

/** By name, because passkeys are bound to names. */
function pageUrl(port: number): string {
  return `http://localhost:${String(port)}/`;
}

function quarantineAccess(sqsUrl: string, role: LocalRole): QuarantineAccess {
  return {
    region: REGION,
    endpoint: sqsUrl,
    ...credentialsOf(role),
    quarantineQueueUrl: queueUrl(sqsUrl, QUARANTINE_QUEUE),
    deadLetterQueueUrl: queueUrl(sqsUrl, INGEST_DEAD_LETTERS),
    ingestQueueUrl: queueUrl(sqsUrl, INGEST_QUEUE),
  };
}

function identitiesAccess(endpoint: string, role: LocalRole): IdentitiesAccess {
  const services = NETWORK.organizations.flatMap((organization) =>
    servicesOf(organization).map((service) => `${service}/${organization.name}`),
  );
  return { region: REGION, endpoint, ...credentialsOf(role), prefix: SECRET_PREFIX, services };
}

/** The network as a whole, and each of its nodes and chaincodes alone. */
function networkTargets(network: NetworkProcess): ChaosTarget[] {
  const whole = {
    name: 'network',
    pids: () => (network.pid === undefined ? [] : [network.pid]),
    isUp: () => network.isReady,
  };
  const nodeOf = (name: string): number[] =>
    network.nodes.filter((node) => node.name === name).map(({ pid }) => pid);
  const alone = network.nodes.map(({ name }) => ({
    name,
    pids: () => nodeOf(name),
    isUp: () => network.isReady && nodeOf(name).length > 0,
  }));
  return [whole, ...alone];
}

/** Somebody who stands still does not hold up the question. */
async function answered<Answer>(
  question: Promise<Answer | undefined> | undefined,
): Promise<Answer | undefined> {
  const late = new AbortController();
  const timeout = delay(ANSWER_TIMEOUT_MS, undefined, { signal: late.signal }).catch(
    () => undefined,
  );
  try {
    return await Promise.race([question, timeout]);
  } finally {
    late.abort();
  }
}

const direct: Link = (_, port) => Promise.resolve(port);

/** Removes the coordinates, unless a system that was started later has written its own there. */
async function removeOwn(file: string): Promise<void> {
  const text = await readFile(file, 'utf8').catch(() => '');
  if (text.includes(`"pid": ${String(process.pid)},`)) await rm(file, { force: true });
}

/** Waits for all even when one fails, so that what the others start is known and can be stopped. */
async function allOrFail<Work extends readonly Promise<unknown>[]>(
  work: readonly [...Work],
): Promise<{ -readonly [Index in keyof Work]: Awaited<Work[Index]> }> {
  await Promise.allSettled(work);
  return Promise.all(work);
}
