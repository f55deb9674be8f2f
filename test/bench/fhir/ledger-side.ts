/** This API over a network of its own, with a patient's chart, a month of heart rate, and doctors who treat both. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { MSP_IDS } from '@pulseledger/domain';
import {
  AccessClient,
  connectGateway,
  createSignatory,
  DocumentStore,
  fixedSignatory,
  IdentitySource,
  type LedgerConnection,
  provideAttesters,
  RecordClient,
  UserSessions,
} from '@pulseledger/ledger';
import { closeHours } from '../../../lambdas/close-hour/src/close-hours.ts';
import { importBundle } from '../../../lambdas/fhir-api/src/import/import-bundle.ts';
import { ledgerSessions } from '../../../lambdas/fhir-api/src/service.ts';
import type { Caller } from '../../../lambdas/fhir-api/src/smart/token.ts';
import { MemoryObjects } from '../../../lambdas/fhir-api/src/testing/memory-objects.ts';
import { networkApi, type Send } from '../../record-port/network-api.ts';
import { keysAsSecrets, SECRET_PREFIX } from '../../record-port/network-world.ts';
import { ingestIdentity } from '../seed.ts';
import { type RunningNetwork, startNetwork } from '../start-network.ts';
import type { ChartEntry } from './chart-file.ts';
import type { HeartRate } from './heart-rate.ts';

/** Changes under way at the same time. */
const AT_ONCE = 16;
/** 15,000 readings: half of what the bench of ingest has in a transaction, for the sake of busy machines. */
const CHUNKS_A_TRANSACTION = 25;
const MAX_CLOSINGS = 50;

function randomId(): string {
  return randomBytes(16).toString('hex');
}

function newDoctor(): Caller {
  const subjectId = randomId();
  const subject = `doctor-${subjectId}@hospital`;
  const issuer = 'https://login.pulse.test';
  return { issuer, subject, organization: 'hospital', role: 'doctor', subjectId };
}

export class LedgerSide {
  readonly doctors: readonly Caller[];
  readonly #network: RunningNetwork;
  readonly #keysDir: string;
  readonly #connections: Readonly<Record<'hospital' | 'clinic', LedgerConnection>>;
  readonly #users: UserSessions;
  readonly #send: Send;
  readonly #closeSessions: () => void;

  private constructor(
    network: RunningNetwork,
    keysDir: string,
    identities: IdentitySource,
    doctors: number,
  ) {
    const { profile } = network;
    this.#network = network;
    this.#keysDir = keysDir;
    this.#users = new UserSessions({ identities });
    this.#connections = {
      hospital: connectGateway(profile, 'hospital'),
      clinic: connectGateway(profile, 'clinic'),
    };
    const sessions = ledgerSessions({
      ...{ profile, identities, documents: new DocumentStore(new MemoryObjects()) },
      noteKeys: () => Promise.reject(new Error('nobody writes notes')),
      storeIntent: () => Promise.reject(new Error('ordering works')),
    });
    this.#closeSessions = sessions.close;
    this.#send = networkApi(sessions);
    this.doctors = Array.from({ length: doctors }, newDoctor);
  }

  /** @param doctors who treat everybody */
  static async start(
    kind: 'devnet' | 'fabric',
    dataDir: string,
    doctors: number,
  ): Promise<LedgerSide> {
    const network = await startNetwork(kind, dataDir);
    try {
      const keysDir = join(dataDir, 'keys');
      const client = await keysAsSecrets(keysDir);
      const identities = new IdentitySource({ client, prefix: SECRET_PREFIX });
      const side = new LedgerSide(network, keysDir, identities, doctors);
      await side.#provideAttesters();
      return side;
    } catch (error) {
      await network.stop();
      throw error;
    }
  }

  /** The answer's text. @throws Error for any other answer than 200 */
  async ask(doctor: number, path: string): Promise<string> {
    const { status, text } = await this.#send(this.doctors[doctor], path);
    if (status !== 200) throw new Error(`The API answered ${status}: ${text}`);
    return text;
  }

  /** As `pulse import` does; the doctors treat the patient from then on. @returns the patient's id */
  async store(file: readonly ChartEntry[]): Promise<string> {
    const bundle = { resourceType: 'Bundle', type: 'collection', entry: file };
    const outcomes = await importBundle(bundle, {
      mode: 'strict',
      post: ({ path, headers, body }) =>
        this.#send(this.doctors[0], path, { method: 'POST', headers, body }),
    });
    const other = outcomes.find(({ status }) => status !== 'stored');
    if (other !== undefined) throw new Error(`not stored: ${JSON.stringify(other)}`);
    const patientId = (outcomes[0]?.place ?? '').slice('Patient/'.length);
    await this.#treat(patientId, this.doctors.slice(1));
    return patientId;
  }

  /** Registers a patient who wears the watch, records all chunks, and sums up all hours. @returns the patient's id */
  async wear(heartRate: HeartRate): Promise<string> {
    const patientId = randomId();
    const administrator = this.#administrator('hospital');
    const basics = {
      family: 'Bench',
      given: ['Watch'],
      birthDate: '1980',
      gender: 'unknown',
    } as const;
    await administrator.registerPatient({ patientId, basics, saltHex: randomId() });
    await this.#treat(patientId, this.doctors.slice(0, 1));
    const { deviceId, publicKeySpkiBase64 } = heartRate;
    const watch = { manufacturer: 'Bench', model: 'B1', serial: '1', saltHex: randomId() };
    await administrator.registerDevice({ deviceId, publicKeySpkiBase64, ...watch });
    await administrator.assignDevice({ deviceId, patientId, fromMs: 0, untilMs: null });
    const ingest = new RecordClient({
      connection: this.#connections.hospital,
      signatories: fixedSignatory(createSignatory(await ingestIdentity(this.#keysDir))),
    });
    let waiting: Uint8Array[] = [];
    for (const chunk of heartRate.chunks()) {
      waiting.push(chunk);
      if (waiting.length < CHUNKS_A_TRANSACTION) continue;
      await recordAll(ingest, waiting);
      waiting = [];
    }
    if (waiting.length > 0) await recordAll(ingest, waiting);
    await closeAll(ingest);
    return patientId;
  }

  async stop(): Promise<void> {
    this.#closeSessions();
    for (const connection of Object.values(this.#connections)) connection.close();
    await this.#network.stop();
  }

  async #treat(patientId: string, doctors: readonly Caller[]): Promise<void> {
    const administrator = this.#administrator('hospital');
    const waiting = doctors.values();
    const lane = async (): Promise<void> => {
      for (const { subjectId: practitionerId } of waiting) {
        const period = { fromMs: 0, untilMs: null, mspId: MSP_IDS.hospital };
        await administrator.setTreating({
          patientId,
          practitionerId,
          ...period,
          saltHex: randomId(),
        });
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, lane));
  }

  /** Keys to attest with, as at the first start of an installation. */
  async #provideAttesters(): Promise<void> {
    const administrators = (['hospital', 'clinic'] as const).map((organization) => ({
      mspId: MSP_IDS[organization],
      access: new AccessClient(this.#administrator(organization).calls),
    }));
    await provideAttesters(administrators, Date.now());
  }

  #administrator(organization: 'hospital' | 'clinic'): RecordClient {
    const person = { organization, role: 'administrator', subjectId: randomId() } as const;
    return new RecordClient({
      connection: this.#connections[organization],
      signatories: this.#users.open(person),
    });
  }
}

async function recordAll(ingest: RecordClient, chunks: readonly Uint8Array[]): Promise<void> {
  const { results } = await ingest.recordChunks(chunks);
  const other = results.find(({ status }) => status !== 'recorded');
  if (other !== undefined) throw new Error(`not recorded: ${JSON.stringify(other)}`);
}

/** What the scheduled function does every few minutes, until nothing is left. */
async function closeAll(ingest: RecordClient): Promise<void> {
  for (let closing = 0; closing < MAX_CLOSINGS; closing += 1) {
    const { lookedAt } = await closeHours(ingest);
    if (lookedAt === 0) return;
  }
  throw new Error('Hours stay open.');
}
