/** A network with the contract, and certificates for anybody: what only the peers decide. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Contract, type Gateway, GatewayError } from '@hyperledger/fabric-gateway';
import {
  MSP_IDS,
  type Organization,
  parseContractError,
  subjectCommitment,
} from '@pulseledger/domain';
import {
  AccessClient,
  connectGateway,
  createSignatory,
  fixedSignatory,
  type LedgerConnection,
  provideAttesters,
  RecordClient,
  type Signatory,
} from '@pulseledger/ledger';
import {
  issueUser,
  organizationKeys,
  readAuthority,
  readCertifiedKey,
} from '@pulseledger/network/identity';
import { type RunningNetwork, startNetwork } from '../../bench/start-network.ts';
import { startEmbeddedNetwork } from '../../record-port/embedded-network.ts';
import { ChunkSigner, type Saying } from './signer-device.ts';
import type { NetworkKind } from './system.ts';

export function randomId(): string {
  return randomBytes(16).toString('hex');
}

function sha256(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest();
}

/** Who somebody says to be. */
export interface Claims {
  readonly organization: Organization;
  /** Any text: the authority certifies what it is told. */
  readonly role: string;
  readonly subjectId?: string;
}

/** How a call is made. */
export interface CallOptions {
  readonly transient?: Readonly<Record<string, string | Uint8Array>>;
  readonly arguments?: readonly string[];
  readonly endorsers?: readonly string[];
  /** Whose peer is asked; the caller's own when left out. */
  readonly at?: Organization;
}

/** A registered patient with a registered device. */
export interface Wearer {
  readonly patientId: string;
  readonly deviceId: string;
  readonly chunk: (saying: Saying) => Buffer;
}

export const BOTH_PROVIDERS: readonly string[] = ['HospitalMSP', 'ClinicMSP'];

export class LedgerWorld {
  readonly kind: NetworkKind;
  readonly folder: string;
  readonly network: Pick<RunningNetwork, 'profile' | 'stop'>;
  readonly #connections: ReadonlyMap<Organization, LedgerConnection>;

  constructor(
    kind: NetworkKind,
    folder: string,
    network: Pick<RunningNetwork, 'profile' | 'stop'>,
  ) {
    this.kind = kind;
    this.folder = folder;
    this.network = network;
    const organizations: Organization[] = ['hospital', 'clinic', 'insurer'];
    this.#connections = new Map(
      organizations.map((one) => [one, connectGateway(network.profile, one)]),
    );
  }

  static async start(kind: NetworkKind): Promise<LedgerWorld> {
    const folder = await mkdtemp(join(tmpdir(), 'pulse-ledger-world-'));
    const network =
      kind === 'devnet' ? await startEmbeddedNetwork(folder) : await startNetwork(kind, folder);
    const world = new LedgerWorld(kind, folder, network);
    await world.provideAttesters();
    return world;
  }

  /** Keys to attest with, as at the first start of an installation. */
  async provideAttesters(): Promise<void> {
    const organizations: Organization[] = ['hospital', 'clinic'];
    const administrators = organizations.map(async (organization) => {
      const administrator = await this.person({ organization, role: 'administrator' });
      const access = new AccessClient(this.client(administrator, organization).calls);
      return { mspId: MSP_IDS[organization], access };
    });
    await provideAttesters(await Promise.all(administrators), Date.now());
  }

  /** Lets go of the network, which may have ended. */
  close(): void {
    for (const connection of this.#connections.values()) connection.close();
  }

  async stop(): Promise<void> {
    this.close();
    await this.network.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  get keys(): string {
    return join(this.folder, 'keys');
  }

  connection(organization: Organization): LedgerConnection {
    const found = this.#connections.get(organization);
    if (found === undefined) throw new Error(organization);
    return found;
  }

  /** A certificate with that role, and a subject that is opened with every call. */
  async person({ organization, role, subjectId = randomId() }: Claims): Promise<Signatory> {
    const saltHex = randomId();
    const certified = issueUser({
      issuer: await readAuthority(this.keys, organization, 'issuing'),
      role,
      subjectCommitment: subjectCommitment(subjectId, saltHex, sha256),
      minutes: 15,
    });
    const subject = { id: subjectId, saltHex };
    return createSignatory({ mspId: MSP_IDS[organization], ...certified, subject });
  }

  /** The ingest service's own certificate. */
  async ingest(organization: Organization = 'hospital'): Promise<Signatory> {
    const files = organizationKeys(this.keys, organization).service('ingest');
    const mspId = MSP_IDS[organization];
    return createSignatory({ mspId, ...(await readCertifiedKey(files)) });
  }

  /** An administrator of the network, who has no role in the contract. */
  async networkAdministrator(organization: Organization): Promise<Signatory> {
    const files = organizationKeys(this.keys, organization).administrator.identity;
    const mspId = MSP_IDS[organization];
    return createSignatory({ mspId, ...(await readCertifiedKey(files)) });
  }

  client(signatory: Signatory, at: Organization = 'hospital'): RecordClient {
    const connection = this.connection(at);
    return new RecordClient({ connection, signatories: fixedSignatory(signatory) });
  }

  /** A patient of the hospital who wears a device since an hour and longer. */
  async wearer(fromMs = 0): Promise<Wearer> {
    const administrator = this.client(
      await this.person({ organization: 'hospital', role: 'administrator' }),
    );
    const [patientId, deviceId, signer] = [randomId(), randomId(), new ChunkSigner()];
    const basics = { family: 'Test', given: [], birthDate: '1990', gender: 'unknown' } as const;
    await Promise.all([
      administrator.registerPatient({ patientId, basics, saltHex: randomId() }),
      administrator.registerDevice({
        ...{ deviceId, manufacturer: 'Test', model: 'Negative', serial: '1' },
        publicKeySpkiBase64: signer.publicKeySpkiBase64,
        saltHex: randomId(),
      }),
    ]);
    await administrator.assignDevice({ deviceId, patientId, fromMs, untilMs: null });
    return { patientId, deviceId, chunk: (saying) => signer.chunk(deviceId, saying) };
  }

  /** The chunks of a patient, as the patient reads them. */
  async chunksOf(patientId: string): Promise<Buffer[]> {
    const patient = await this.person({
      organization: 'hospital',
      role: 'patient',
      subjectId: patientId,
    });
    const all = { patientId, fromMs: 0, toMs: 4_102_444_800_000, pageSize: 500 };
    const { chunks } = await this.client(patient).readChunks(all);
    return chunks.map((chunk) => Buffer.from(chunk, 'base64'));
  }

  /** Uses the contract through the Gateway client, without anything of ours between. */
  contract<T>(
    signatory: Signatory,
    use: (contract: Contract, gateway: Gateway) => Promise<T>,
    at: Organization = organizationOf(signatory),
  ): Promise<T> {
    const connection = this.connection(at);
    return connection.call(signatory, (gateway) =>
      use(gateway.getNetwork(connection.channel).getContract(connection.chaincode), gateway),
    );
  }

  /** Evaluates, and says how the contract answered: its error code, `answered`, or the whole error's text. */
  async evaluated(signatory: Signatory, name: string, options: CallOptions = {}): Promise<string> {
    const at = options.at ?? organizationOf(signatory);
    return outcome(
      this.contract(
        signatory,
        (contract) => contract.evaluate(name, proposalOf(signatory, options, [MSP_IDS[at]])),
        at,
      ),
    );
  }

  /** Has it endorsed by both providers, and says how the contract answered. Nothing is submitted. */
  async endorsed(signatory: Signatory, name: string, options: CallOptions = {}): Promise<string> {
    return outcome(
      this.contract(
        signatory,
        (contract) =>
          contract.newProposal(name, proposalOf(signatory, options, BOTH_PROVIDERS)).endorse(),
        options.at,
      ),
    );
  }

  /** Everything that peers and contracts have logged so far. */
  async logged(): Promise<string> {
    const entries = await readdir(this.folder, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile() && entry.name.endsWith('.log'));
    const isLedger = /[/\\]ledger([/\\]|$)/;
    const texts = files
      .filter(({ parentPath }) => !isLedger.test(parentPath.slice(this.folder.length)))
      .map(({ parentPath, name }) => readFile(join(parentPath, name), 'utf8'));
    return (await Promise.all(texts)).join('\n');
  }
}

export function proposalOf(
  { subject }: Signatory,
  options: CallOptions,
  endorsers: readonly string[],
): {
  transientData: Record<string, string | Uint8Array>;
  arguments: string[];
  endorsingOrganizations: string[];
} {
  const opening = subject === undefined ? {} : { subject: JSON.stringify(subject) };
  return {
    transientData: { ...opening, ...options.transient },
    arguments: [...(options.arguments ?? [])],
    endorsingOrganizations: [...(options.endorsers ?? endorsers)],
  };
}

function organizationOf({ mspId }: Signatory): Organization {
  const organizations: Organization[] = ['hospital', 'clinic', 'insurer'];
  return organizations.find((one) => MSP_IDS[one] === mspId) ?? 'hospital';
}

/** Everything that an error of the Gateway says, its peers' words included. */
export function wordsOf(error: unknown): string {
  if (!(error instanceof GatewayError)) throw error;
  return [error.message, ...error.details.map(({ message }) => message)].join('\n');
}

async function outcome(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'answered';
  } catch (error) {
    const words = wordsOf(error);
    const contract = words
      .split('\n')
      .map((line) => parseContractError(line))
      .find((found) => found !== undefined);
    return contract?.code ?? words;
  }
}
