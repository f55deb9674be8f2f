import { type ChildProcess, spawn } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, credentials } from '@grpc/grpc-js';
import {
  type Contract,
  connect,
  type Gateway,
  GatewayError,
  hash,
  signers,
} from '@hyperledger/fabric-gateway';
import {
  NETWORK,
  type NetworkDefinition,
  organizationNamed,
} from '../../../definition/src/index.ts';
import {
  type CertifiedKey,
  issueUser,
  organizationKeys,
  readAuthority,
  readCertifiedKey,
} from '../../../identity/src/index.ts';
import { type Devnet, type DevnetOptions, type DevnetProfile, startDevnet } from '../devnet.ts';

const HOST = '127.0.0.1';
const SCRIPT = join(__dirname, 'chaincode-process.ts');

/** A port that nobody uses now. */
async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, HOST);
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** A process that serves the test chaincode, one port for each organization. */
export class TestChaincode {
  readonly addresses: Readonly<Record<string, string>>;
  #process: ChildProcess | undefined;

  private constructor(addresses: Readonly<Record<string, string>>) {
    this.addresses = addresses;
  }

  static async create(definition: NetworkDefinition = NETWORK): Promise<TestChaincode> {
    const addresses: Record<string, string> = {};
    for (const { name } of definition.organizations)
      addresses[name] = `${HOST}:${await freePort()}`;
    return new TestChaincode(addresses);
  }

  async start(): Promise<void> {
    const child = spawn(process.execPath, [SCRIPT, ...Object.values(this.addresses)], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    this.#process = child;
    await once(child.stdout, 'data');
  }

  async kill(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
}

/** A client of one organization's gateway. */
export interface TestClient {
  readonly mspId: string;
  readonly identity: CertifiedKey;
  readonly grpc: Client;
  readonly gateway: Gateway;
  readonly contract: Contract;
  readonly close: () => void;
}

/** Connects to an organization's gateway as any identity. */
export function connectAs(
  profile: DevnetProfile,
  organization: string,
  identity: CertifiedKey,
  mspId: string = organizationNamed(NETWORK, organization).mspId,
): TestClient {
  const place = profile.organizations[organization];
  if (place === undefined) throw new RangeError(organization);
  const grpc = new Client(
    place.endpoint,
    credentials.createSsl(Buffer.from(place.tlsRootCertificatePem)),
    { 'grpc.ssl_target_name_override': place.serverName },
  );
  const gateway = connect({
    client: grpc,
    identity: { mspId, credentials: Buffer.from(identity.certificatePem) },
    signer: signers.newPrivateKeySigner(createPrivateKey(identity.privateKeyPem)),
    hash: hash.sha256,
  });
  const contract = gateway.getNetwork(profile.channel).getContract(profile.chaincode);
  const close = (): void => {
    gateway.close();
    grpc.close();
  };
  return { mspId, identity, grpc, gateway, contract, close };
}

/** The error of the gateway that a promise is rejected with. */
export async function gatewayErrorOf(promise: Promise<unknown>): Promise<GatewayError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof GatewayError) return error;
  throw new Error(`expected a GatewayError, not ${String(error)}`);
}

/** A network with its chaincode in folders of its own, and clients that are closed with it. */
export class TestNetwork {
  readonly dir: string;
  readonly chaincode: TestChaincode;
  readonly #options: Partial<DevnetOptions>;
  readonly #clients: TestClient[] = [];
  #devnet: Devnet | undefined;

  private constructor(dir: string, chaincode: TestChaincode, options: Partial<DevnetOptions>) {
    this.dir = dir;
    this.chaincode = chaincode;
    this.#options = options;
  }

  /** Starts everything. */
  static async start(options: Partial<DevnetOptions> = {}): Promise<TestNetwork> {
    const dir = await mkdtemp(join(tmpdir(), 'devnet-'));
    const chaincode = await TestChaincode.create(options.definition);
    const network = new TestNetwork(dir, chaincode, options);
    try {
      await chaincode.start();
      await network.open();
    } catch (error) {
      await network.stop();
      throw error;
    }
    return network;
  }

  get devnet(): Devnet {
    if (this.#devnet === undefined) throw new Error('the network is not open');
    return this.#devnet;
  }

  get keysDir(): string {
    return join(this.dir, 'keys');
  }

  /** Starts the network, with other options than the first time perhaps. */
  async open(options: Partial<DevnetOptions> = {}): Promise<void> {
    this.#devnet = await startDevnet({
      definition: NETWORK,
      keysDir: this.keysDir,
      ledgerDir: join(this.dir, 'ledger'),
      chaincode: { name: 'pulse', version: '1.0', addresses: this.chaincode.addresses },
      ...this.#options,
      ...options,
    });
  }

  async closeDevnet(): Promise<void> {
    for (const client of this.#clients.splice(0)) client.close();
    await this.#devnet?.close();
    this.#devnet = undefined;
  }

  async stop(): Promise<void> {
    await this.closeDevnet();
    await this.chaincode.kill();
    await rm(this.dir, { recursive: true });
  }

  /** A client with the identity of the organization's administrator. */
  async administrator(organization: string): Promise<TestClient> {
    const { administrator } = organizationKeys(this.keysDir, organization);
    return this.client(organization, await readCertifiedKey(administrator.identity));
  }

  /** A client with a fresh user's identity, perhaps at another organization's gateway. */
  async user(organization: string, at: string = organization): Promise<TestClient> {
    const issuer = await readAuthority(this.keysDir, organization, 'issuing');
    const user = issueUser({ issuer, role: 'nurse', subjectCommitment: 'ab', minutes: 15 });
    const { mspId } = organizationNamed(NETWORK, organization);
    return this.client(at, user, mspId);
  }

  client(organization: string, identity: CertifiedKey, mspId?: string): TestClient {
    const client = connectAs(this.devnet.profile, organization, identity, mspId);
    this.#clients.push(client);
    return client;
  }
}
