import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ConnectionProfile } from '@pulseledger/domain';
import { writePrivate } from '@pulseledger/network/identity';
import { isPortFree } from '@pulseledger/network/processes';
import { z } from 'zod';
import { credentialsOf, type LocalRole } from '../aws/role.ts';
import { type CloudInfo, type CloudReport, cloudInfo, cloudReport } from '../cloud/cloud.ts';
import { INGEST_QUEUE, QUARANTINE_QUEUE } from '../cloud/queue/queue-set.ts';
import { queueArn, queueUrl } from '../cloud/sqs-service.ts';
import { type HttpApiInfo, httpApiInfo } from '../http-api/http-api.ts';
import {
  type IdentityServicesInfo,
  identityServicesInfo,
} from '../identity-services/identity-services.ts';
import { OIDC_AUDIENCE, OIDC_CLIENT } from '../identity-services/oidc.ts';
import { LOOPBACK, type RunningServer } from '../loopback-server.ts';
import { serveMetrics } from '../metrics/metrics-endpoint.ts';
import { entryOf, lambdaFile } from './checkout.ts';
import type { DataFolder } from './data-folder.ts';
import { EXIT, StartFailure } from './failure.ts';
import { type Installation, prepareInstallation, SECRET_PREFIX } from './installation.ts';
import { ManagedProcess, type ProcessContext, type ProcessSpec } from './managed-process.ts';
import { type NetworkKind, NetworkProcess } from './network-process.ts';
import { loadPeople, type People } from './people.ts';
import { choosePorts } from './ports.ts';
import { createRoles, type Roles } from './roles.ts';
import { seed } from './seeding.ts';
import { formatSystemFile, type QuarantineAccess } from './system-file.ts';

/** AWS locates this project in Europe; the name only has to be one. */
const REGION = 'eu-central-1';
const INGEST_TIMEOUT_MS = 30_000;
const API_TIMEOUT_MS = 29_000;
const BATCH_SIZE = 1_000;
const BATCHING_WINDOW_MS = 200;
const MAX_CONCURRENCY = 2;

const PORT_NAMES = ['api', 'broker', 'sqs', 'iot', 'secrets', 'issuer', 'metrics'] as const;
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
  readonly context: ProcessContext;
  readonly progress: (step: string) => void;
}

/** Where the parts of a running system are. */
export interface SystemAddresses {
  readonly apiUrl: string;
  readonly issuerUrl: string;
  readonly brokerUrl: string;
  readonly sqsUrl: string;
  /** Prometheus' text format. */
  readonly metricsUrl: string;
}

/** What an interrupted start leaves to be stopped, in the order of starting. */
type Stoppable = { readonly stop: () => Promise<void> };

/** The whole system, from the ledger to the API. */
export class System {
  readonly #options: SystemOptions;
  readonly #started: Stoppable[] = [];
  readonly roles: Roles = createRoles();
  #cloud: ManagedProcess<CloudInfo> | undefined;
  #lambda: ManagedProcess<unknown> | undefined;
  #api: ManagedProcess<HttpApiInfo> | undefined;
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
    const { folder, network, wearers, progress } = this.#options;
    const ports = await this.#choosePorts();
    const installation = await prepareInstallation(folder);
    const people = await loadPeople(folder.keys, wearers, Date.now());
    progress('keys, certificates and people are there');
    const networkProcess = new NetworkProcess(network, folder, this.#options.context);
    this.#started.push(networkProcess);
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
      apiUrl: `https://${LOOPBACK}:${String(ports.api)}`,
      issuerUrl: identity.issuerUrl,
      brokerUrl: `mqtts://${LOOPBACK}:${String(cloud.ports.broker)}`,
      sqsUrl: cloud.sqsUrl,
      metricsUrl: `${this.#metrics.origin}/metrics`,
    };
    const start = { installation, people, profile, addresses, cloud, identity };
    this.#parts = start;
    await allOrFail([
      this.#startLambda(start),
      this.#startApi(start, ports),
      seed(folder.keys, profile, people),
    ]);
    progress('functions and API run; patients and who treats them are on the ledger');
    await this.#writeSystemFile(start);
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
    const { broker, sqs, iot } = ports;
    this.#cloud = this.#manage({
      name: 'cloud',
      entry: entryOf('cloud'),
      config: () => ({
        queueFolder: this.#options.folder.queue,
        tls,
        deviceAuthorities,
        roles: Object.values(this.roles),
        region: REGION,
        ports: { broker, sqs, iot },
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
      config: () => ({
        secretsFile,
        roles: Object.values(this.roles),
        region: REGION,
        tls,
        logins: people.logins,
        signingKey,
        ports: { secrets: ports.secrets, issuer: ports.issuer },
      }),
      info: identityServicesInfo,
    });
    return services.start();
  }

  #startLambda(parts: Parts): Promise<unknown> {
    const { sqsUrl } = parts.cloud;
    this.#lambda = this.#manage({
      name: 'lambda-host',
      entry: entryOf('lambda-host'),
      environment: lambdaEnvironment(parts, 'ingest', this.roles.ingest),
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

  #manage<Info>(spec: ProcessSpec<Info>): ManagedProcess<Info> {
    const managed = new ManagedProcess(spec, this.#options.context);
    this.#started.push(managed);
    return managed;
  }

  async #writeSystemFile({ installation, people, addresses }: Parts): Promise<void> {
    const { network } = this.#options;
    const { apiUrl, issuerUrl, brokerUrl, metricsUrl } = addresses;
    const text = formatSystemFile({
      version: 1,
      network,
      pid: process.pid,
      dataFolder: this.#options.folder.root,
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

interface Parts {
  readonly installation: Installation;
  readonly people: People;
  readonly profile: ConnectionProfile;
  readonly addresses: SystemAddresses;
  readonly cloud: CloudInfo;
  readonly identity: IdentityServicesInfo;
}

function quarantineAccess(sqsUrl: string, role: LocalRole): QuarantineAccess {
  return {
    region: REGION,
    endpoint: sqsUrl,
    ...credentialsOf(role),
    quarantineQueueUrl: queueUrl(sqsUrl, QUARANTINE_QUEUE),
    ingestQueueUrl: queueUrl(sqsUrl, INGEST_QUEUE),
  };
}

/** What the function finds in its environment on AWS, with endpoints of this machine. */
function lambdaEnvironment(parts: Parts, name: string, role: LocalRole): Record<string, string> {
  const { installation, profile, addresses, cloud, identity } = parts;
  return {
    AWS_REGION: REGION,
    AWS_ACCESS_KEY_ID: role.accessKeyId,
    AWS_SECRET_ACCESS_KEY: role.secretAccessKey,
    AWS_LAMBDA_FUNCTION_NAME: name,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: identity.secretsUrl,
    AWS_ENDPOINT_URL_SQS: cloud.sqsUrl,
    AWS_ENDPOINT_URL_IOT_DATA_PLANE: cloud.iotUrl,
    NODE_EXTRA_CA_CERTS: installation.tlsCaFile,
    PULSE_SECRET_PREFIX: SECRET_PREFIX,
    PULSE_ORGANIZATION: 'hospital',
    PULSE_CONNECTION_PROFILE: JSON.stringify(profile),
    QUARANTINE_QUEUE_URL: queueUrl(cloud.sqsUrl, QUARANTINE_QUEUE),
    OIDC_ISSUER: identity.issuerUrl,
    OIDC_AUDIENCE,
    FHIR_BASE_URL: addresses.apiUrl,
  };
}

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
