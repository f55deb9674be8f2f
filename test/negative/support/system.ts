/** A whole system as `npm start` runs it, seen from outside: broker, HTTPS, queues, logs, and the ledger itself. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  ChangeMessageVisibilityCommand,
  type Message,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { ConnectionProfile, QuarantineEntry } from '@pulseledger/domain';
import { connectGateway, type LedgerConnection, RecordClient } from '@pulseledger/ledger';
import { z } from 'zod';
import { enrolmentAt } from '../../../device-simulator/src/device/enrolment.ts';
import { readSystemFile, type SystemFile } from '../../../device-simulator/src/system-file.ts';
import { personFromKeys } from '../../../local/src/supervisor/key-identity.ts';
import { RunningSystem } from '../../integration/running-system.ts';
import { freePort } from '../../integration/start.ts';
import { ChunkSigner } from './signer-device.ts';
import { type BrokerAddress, Wearable } from './wearable.ts';

export type NetworkKind = 'devnet' | 'fabric';

const POLL_MS = 50;
/** Beyond any restart of a process; only a test that fails anyway waits so long. */
const MOST_POLLS = 2_400;
const ALL_TIME = { fromMs: 0, toMs: 4_102_444_800_000, pageSize: 500 };

const Coordinates = z.object({
  brokerUrl: z.string(),
  brokerCaPem: z.string(),
  metricsUrl: z.string(),
  quarantine: z.object({
    region: z.string(),
    endpoint: z.string(),
    accessKeyId: z.string(),
    secretAccessKey: z.string(),
    quarantineQueueUrl: z.string(),
    ingestQueueUrl: z.string(),
  }),
});

const Lock = z.object({ children: z.array(z.object({ name: z.string(), pid: z.number() })) });
const Ingested = z.object({
  message: z.literal('ingested'),
  messages: z.number(),
  recorded: z.number(),
  already: z.number(),
});

/** Waits until the answer is there. @throws Error saying what never came */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T | undefined> | T | undefined,
): Promise<T> {
  for (let poll = 0; poll < MOST_POLLS; poll += 1) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    await delay(POLL_MS);
  }
  throw new Error(`it never came to that: ${what}`);
}

export class System {
  readonly kind: NetworkKind;
  readonly folder: string;
  readonly running: RunningSystem;
  readonly broker: BrokerAddress;
  readonly access: z.infer<typeof Coordinates>['quarantine'];
  readonly #file: SystemFile;
  readonly #connection: LedgerConnection;
  readonly #sqs: SQSClient;
  readonly #metricsUrl: string;

  constructor(
    kind: NetworkKind,
    running: RunningSystem,
    files: { coordinates: z.infer<typeof Coordinates>; file: SystemFile },
    profile: ConnectionProfile,
  ) {
    const { brokerUrl, brokerCaPem, metricsUrl, quarantine } = files.coordinates;
    this.#metricsUrl = metricsUrl;
    this.kind = kind;
    this.running = running;
    this.folder = running.folder;
    this.#file = files.file;
    this.broker = { port: Number(new URL(brokerUrl).port), caPem: brokerCaPem };
    this.access = quarantine;
    const { region, endpoint, accessKeyId, secretAccessKey } = quarantine;
    this.#sqs = new SQSClient({ region, endpoint, credentials: { accessKeyId, secretAccessKey } });
    this.#connection = connectGateway(profile, 'hospital');
  }

  /** Starts a system without devices, in a folder of its own. */
  static async start(kind: NetworkKind): Promise<System> {
    const folder = await mkdtemp(join(tmpdir(), 'pulse-negative-'));
    const port = String(await freePort());
    const args = ['--network', kind, '--devices', '0', '--port', port];
    const running = await RunningSystem.start(folder, args);
    const path = join(folder, 'run', 'system.json');
    const coordinates = Coordinates.parse(JSON.parse(await readFile(path, 'utf8')));
    const profile: unknown = JSON.parse(
      await readFile(join(folder, 'run', 'connection-profile.json'), 'utf8'),
    );
    const files = { coordinates, file: await readSystemFile(path) };
    return new System(kind, running, files, ConnectionProfile.parse(profile));
  }

  /** Ctrl-C. @throws Error when the system did not end as it should */
  async stop(): Promise<void> {
    this.#connection.close();
    this.#sqs.destroy();
    const { code, stderr } = await this.running.stop();
    await rm(this.folder, { recursive: true, force: true });
    if (code !== 0) throw new Error(`the system ended with ${String(code)}:\n${stderr}`);
  }

  get keys(): string {
    return join(this.folder, 'keys');
  }

  get sqs(): SQSClient {
    return this.#sqs;
  }

  patient(login: 'patient-ada' | 'patient-ben'): string {
    return this.#file.patients.find((one) => one.login === login)?.patientId ?? '';
  }

  /** Enrols a device over HTTPS, as an administrator does. */
  async enrol(login: 'patient-ada' | 'patient-ben', fromMs: number): Promise<Wearable> {
    const signer = new ChunkSigner();
    const patientId = this.patient(login);
    const enrolled = await enrolmentAt(this.#file)({
      publicKeySpkiBase64: signer.publicKeySpkiBase64,
      patientId,
      fromMs,
      manufacturer: 'Test',
      model: 'Negative',
      serial: '1',
    });
    return new Wearable(enrolled, patientId, signer, this.broker);
  }

  /** The chunks of a patient on the ledger, asked at the peer with the patient's own certificate. */
  async chunksOf(patientId: string): Promise<Buffer[]> {
    const login = this.#file.logins.find(({ subjectId }) => subjectId === patientId);
    const organization = login?.organization === 'clinic' ? 'clinic' : 'hospital';
    const signatories = await personFromKeys(this.keys, {
      organization,
      role: 'patient',
      subjectId: patientId,
    });
    const record = new RecordClient({ connection: this.#connection, signatories });
    const chunks: Buffer[] = [];
    let bookmark: string | undefined;
    do {
      const page = await record.readChunks({ patientId, ...ALL_TIME, bookmark });
      chunks.push(...page.chunks.map((chunk) => Buffer.from(chunk, 'base64')));
      bookmark = page.bookmark;
    } while (bookmark !== undefined);
    return chunks;
  }

  /** How often exactly these bytes are on the ledger, for whichever of the two patients. */
  async timesRecorded(chunk: Buffer): Promise<number> {
    const patients = [this.patient('patient-ada'), this.patient('patient-ben')];
    const all = await Promise.all(patients.map((patient) => this.chunksOf(patient)));
    return all.flat().filter((one) => one.equals(chunk)).length;
  }

  /** What is in quarantine of this device. */
  async quarantineOf(deviceId: string): Promise<QuarantineEntry[]> {
    const held: Message[] = [];
    const QueueUrl = this.access.quarantineQueueUrl;
    for (;;) {
      const options = { QueueUrl, MaxNumberOfMessages: 10, VisibilityTimeout: 30 };
      const { Messages = [] } = await this.#sqs.send(new ReceiveMessageCommand(options));
      if (Messages.length === 0) break;
      held.push(...Messages);
    }
    for (const { ReceiptHandle } of held) {
      const release = { QueueUrl, ReceiptHandle, VisibilityTimeout: 0 };
      await this.#sqs.send(new ChangeMessageVisibilityCommand(release));
    }
    const entries = held.map(({ Body = '' }) => QuarantineEntry.parse(JSON.parse(Body)));
    return entries.filter(({ message }) => message.clientId === deviceId);
  }

  /** The reasons for which messages of this device are in quarantine, as soon as there are so many. */
  async reasonsOf(deviceId: string, count: number): Promise<string[]> {
    const entries = await eventually(`${count} entries in quarantine`, async () => {
      const found = await this.quarantineOf(deviceId);
      return found.length >= count ? found : undefined;
    });
    return entries.map(({ reason }) => reason);
  }

  /** Process id of one of the system's processes, as its lock file names it now. */
  async pid(name: string): Promise<number> {
    const text = await readFile(join(this.folder, 'run', 'supervisor.json'), 'utf8');
    const found = Lock.parse(JSON.parse(text)).children.find((child) => child.name === name);
    if (found === undefined) throw new Error(`there is no process ${name}`);
    return found.pid;
  }

  /** Another process under that name than the one with this id, once it is there. */
  restarted(name: string, before: number): Promise<number> {
    return eventually(`${name} runs again`, async () => {
      const pid = await this.pid(name).catch(() => before);
      return pid === before ? undefined : pid;
    });
  }

  /** What reached the ingest function so far, by its own log. */
  async ingested(): Promise<{ messages: number; recorded: number; already: number }> {
    const sum = { messages: 0, recorded: 0, already: 0 };
    for (const line of await this.#logLines('lambda-host')) {
      const parsed = Ingested.safeParse(line);
      if (!parsed.success) continue;
      sum.messages += parsed.data.messages;
      sum.recorded += parsed.data.recorded;
      sum.already += parsed.data.already;
    }
    return sum;
  }

  /** Sum of a metric's values (Prometheus) over the labels that the text names, for example `sequence_conflict`. */
  async metric(name: string, label: string): Promise<number> {
    const answer = await fetch(this.#metricsUrl);
    const lines = (await answer.text()).split('\n').filter((line) => line.startsWith(name));
    return lines
      .filter((line) => line.includes(`"${label}"`))
      .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
  }

  /** Runs something that must be counted once under that label. */
  async countsOne(name: string, label: string, work: () => Promise<void>): Promise<void> {
    const before = await this.metric(name, label);
    await work();
    const after = await eventually(`${name} of ${label} is counted`, async () => {
      const now = await this.metric(name, label);
      return now > before ? now : undefined;
    });
    if (after !== before + 1) throw new Error(`${label} was counted ${after - before} times`);
  }

  /** Everything that the processes have logged. */
  async logs(): Promise<string> {
    const folder = join(this.folder, 'logs');
    const names = await readdir(folder);
    return (await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')))).join(
      '\n',
    );
  }

  async #logLines(name: string): Promise<unknown[]> {
    const text = await readFile(join(this.folder, 'logs', `${name}.log`), 'utf8');
    return text.split('\n').flatMap((line) => {
      try {
        return [JSON.parse(line) as unknown];
      } catch {
        return [];
      }
    });
  }
}
