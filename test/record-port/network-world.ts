/** The people of the story on a network of their own, asked as the Lambda function asks. */
import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  attachSignature,
  canonicalOrder,
  encodeChunk,
  MSP_IDS,
  ORGANIZATIONS,
} from '@pulseledger/domain';
import {
  AccessClient,
  connectGateway,
  createSignatory,
  DocumentStore,
  fixedSignatory,
  IdentitySource,
  type IdentitySourceOptions,
  type LedgerConnection,
  provideAttesters,
  RecordClient,
  UserSessions,
} from '@pulseledger/ledger';
import { organizationKeys, readAuthority, readCertifiedKey } from '@pulseledger/network/identity';
import { type LedgerSessions, ledgerSessions } from '../../lambdas/fhir-api/src/service.ts';
import type { Caller } from '../../lambdas/fhir-api/src/smart/token.ts';
import { MemoryObjects } from '../../lambdas/fhir-api/src/testing/memory-objects.ts';
import type { Sent } from '../../lambdas/fhir-api/src/testing/memory-record.ts';
import {
  AMINA,
  AMINA_BASICS,
  amina,
  BORIS,
  BORIS_BASICS,
  BORIS_WATCH,
  boris,
  doctor,
  nurse,
  WATCH,
} from '../../lambdas/fhir-api/src/testing/story.ts';
import { type RunningNetwork, startNetwork } from '../bench/start-network.ts';
import { startEmbeddedNetwork } from './embedded-network.ts';
import { NoteGroups } from './note-groups.ts';
import type { World } from './record-behaviour.ts';

const SALT_BYTES = 16;

function saltHex(): string {
  return randomBytes(SALT_BYTES).toString('hex');
}

/** Devices by id, each with its own key. */
class Devices {
  readonly #keys = new Map<string, KeyObject>();

  /** Makes a key pair. @returns the public half, base64 of SPKI DER */
  add(deviceId: string): string {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    this.#keys.set(deviceId, privateKey);
    return publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
  }

  chunkOf(sent: Sent): Uint8Array {
    const { deviceId, boot = 1, firstSequence, zoneOffsetMinutes = 0 } = sent;
    const readings = canonicalOrder(sent.readings);
    const salt = new Uint8Array(randomBytes(SALT_BYTES));
    const content = { deviceId, boot, firstSequence, zoneOffsetMinutes, readings, salt };
    const body = encodeChunk(content);
    const key = this.#keys.get(deviceId);
    if (key === undefined) throw new Error('no such device');
    return attachSignature(body, sign('sha256', body, { key, dsaEncoding: 'ieee-p1363' }));
  }
}

/** Before the names of all secrets of a world. */
export const SECRET_PREFIX = 'story';

/** The issuing CAs' and the APIs' keys from the network's own folder, as the secret store holds them. */
export async function keysAsSecrets(keysDir: string): Promise<IdentitySourceOptions['client']> {
  const secrets = new Map<string, string>();
  for (const organization of ORGANIZATIONS) {
    const issuing = await readAuthority(keysDir, organization, 'issuing');
    const secret = JSON.stringify({ mspId: MSP_IDS[organization], ...issuing });
    secrets.set(`${SECRET_PREFIX}/issuing-ca/${organization}`, secret);
    const api = await readCertifiedKey(organizationKeys(keysDir, organization).service('api'));
    const mspId = MSP_IDS[organization];
    secrets.set(`${SECRET_PREFIX}/api/${organization}`, JSON.stringify({ mspId, ...api }));
  }
  const send = ({ input }: { input: { SecretId?: string } }) =>
    Promise.resolve({ SecretString: secrets.get(input.SecretId ?? ''), $metadata: {} });
  return { send: send as IdentitySourceOptions['client']['send'] };
}

/** Those who set the story up. */
class Setting {
  readonly #connections: Record<'hospital' | 'clinic', LedgerConnection>;
  readonly #users: UserSessions;

  constructor(network: Pick<RunningNetwork, 'profile'>, identities: IdentitySource) {
    this.#connections = {
      hospital: connectGateway(network.profile, 'hospital'),
      clinic: connectGateway(network.profile, 'clinic'),
    };
    this.#users = new UserSessions({ identities });
  }

  /** Keys to attest with, as at the first start of an installation. */
  async provideAttesters(): Promise<void> {
    const administrators = (['hospital', 'clinic'] as const).map((organization) => ({
      mspId: MSP_IDS[organization],
      access: new AccessClient(this.administrator(organization).calls),
    }));
    await provideAttesters(administrators, Date.now());
  }

  administrator(organization: 'hospital' | 'clinic'): RecordClient {
    const subjectId = saltHex();
    return new RecordClient({
      connection: this.#connections[organization],
      signatories: this.#users.open({ organization, role: 'administrator', subjectId }),
    });
  }

  patient(organization: 'hospital' | 'clinic', subjectId: string): RecordClient {
    return new RecordClient({
      connection: this.#connections[organization],
      signatories: this.#users.open({ organization, role: 'patient', subjectId }),
    });
  }

  async ingest(keysDir: string): Promise<RecordClient> {
    const files = organizationKeys(keysDir, 'hospital').service('ingest');
    const identity = { mspId: MSP_IDS.hospital, ...(await readCertifiedKey(files)) };
    return new RecordClient({
      connection: this.#connections.hospital,
      signatories: fixedSignatory(createSignatory(identity)),
    });
  }

  close(): void {
    for (const connection of Object.values(this.#connections)) connection.close();
  }
}

async function tellStory(setting: Setting, devices: Devices): Promise<void> {
  await setting.provideAttesters();
  const people = [
    { patientId: AMINA, basics: AMINA_BASICS, self: amina, treating: doctor, watch: WATCH },
    { patientId: BORIS, basics: BORIS_BASICS, self: boris, treating: nurse, watch: BORIS_WATCH },
  ];
  for (const [index, { patientId, basics, self, treating, watch }] of people.entries()) {
    const administrator = setting.administrator('hospital');
    const home = self.organization === 'clinic' ? 'clinic' : 'hospital';
    await setting.administrator(home).registerPatient({ patientId, basics, saltHex: saltHex() });
    await setting.patient(home, patientId).setTreating({
      patientId,
      practitionerId: treating.subjectId,
      mspId: MSP_IDS[treating.organization],
      fromMs: 0,
      untilMs: null,
      saltHex: saltHex(),
    });
    await administrator.registerDevice({
      deviceId: watch,
      publicKeySpkiBase64: devices.add(watch),
      manufacturer: 'Tick',
      model: 'W1',
      serial: `S-${index + 1}`,
      saltHex: saltHex(),
    });
    await administrator.assignDevice({ deviceId: watch, patientId, fromMs: 0, untilMs: null });
  }
}

/** A world on a network, with what the API's function works with. */
export interface NetworkWorld extends World {
  readonly sessions: LedgerSessions;
  /** Makes a group of authors of psychotherapy notes at the hospital; its id. */
  readonly addNoteGroup: (...authors: readonly Caller[]) => Promise<string>;
}

export async function openNetworkWorld(kind: 'devnet' | 'fabric'): Promise<NetworkWorld> {
  const dataDir = await mkdtemp(join(tmpdir(), 'pulse-record-'));
  const keysDir = join(dataDir, 'keys');
  const network =
    kind === 'devnet' ? await startEmbeddedNetwork(dataDir) : await startNetwork(kind, dataDir);
  const identities = new IdentitySource({
    client: await keysAsSecrets(keysDir),
    prefix: SECRET_PREFIX,
  });
  const setting = new Setting(network, identities);
  const devices = new Devices();
  await tellStory(setting, devices);
  const ingest = await setting.ingest(keysDir);
  const groups = new NoteGroups();
  const documents = new DocumentStore(new MemoryObjects());
  const sessions = ledgerSessions({
    ...{ profile: network.profile, identities, documents },
    noteKeys: groups.keys,
    storeIntent: () => Promise.reject(new Error('ordering works')),
  });
  return {
    sessions,
    addNoteGroup: (...authors) =>
      groups.add(
        'hospital',
        setting.administrator('hospital'),
        authors.map(({ subjectId }) => subjectId),
      ),
    send: async (sent) => {
      const { results } = await ingest.recordChunks([devices.chunkOf(sent)]);
      if (results[0]?.status !== 'recorded') throw new Error(JSON.stringify(results));
    },
    as: async (caller) => (await sessions.open(caller)).record,
    close: async () => {
      sessions.close();
      setting.close();
      await network.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
