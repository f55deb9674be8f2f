import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LedgerWorld, randomId } from '../negative/support/ledger-world.ts';
import type { NetworkKind } from '../negative/support/system.ts';
import type { Wearable } from '../negative/support/wearable.ts';
import { Assembly } from './assembly.ts';
import { DEPLOYED_FIRST, DEPLOYED_THEN } from './bridges.ts';
import { Cdk } from './cdk.ts';
import { lastLines } from './child.ts';
import { Clients } from './clients.ts';
import { enrolledDevice, treatedPatient } from './device.ts';
import { Emulator } from './emulator.ts';
import { addVariables, variableBytes } from './functions.ts';
import { type Answer, ask, type Sending } from './https.ts';
import { provision } from './ledger.ts';
import { accessToken, type Person } from './people.ts';
import { pythonEnvironment } from './python-environment.ts';

const ENVIRONMENT = 'dev';
/** Lines of the emulator that are shown when it cannot go on. */
const LAST_WORDS = 40;

export interface DeployOptions {
  readonly network: NetworkKind;
  readonly signal: AbortSignal;
  /** Told what begins. */
  readonly say: (text: string) => void;
}

/** The dev environment in an emulated account, with a ledger on this machine. */
export class Deployment {
  readonly emulator: Emulator;
  readonly clients: Clients;
  readonly world: LedgerWorld;
  readonly device: Wearable;
  /** Access token of a doctor who treats the device's wearer. */
  readonly doctor: string;
  readonly leftOut: ReadonlyMap<string, number>;
  /** Size of each function's variables as they were deployed. */
  readonly variableBytes: ReadonlyMap<string, number>;
  readonly #apiHost: string;

  constructor(
    given: Pick<
      Deployment,
      'emulator' | 'clients' | 'world' | 'device' | 'doctor' | 'leftOut' | 'variableBytes'
    > & { readonly apiId: string },
  ) {
    this.emulator = given.emulator;
    this.clients = given.clients;
    this.world = given.world;
    this.device = given.device;
    this.doctor = given.doctor;
    this.leftOut = given.leftOut;
    this.variableBytes = given.variableBytes;
    this.#apiHost = `${given.apiId}.execute-api.localhost`;
  }

  /** Asks the deployed HTTP API, with a token or without. */
  ask(path: string, token?: string, sending: Sending = {}): Promise<Answer> {
    const { port, caPem } = this.emulator;
    const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const headers = { ...authorization, ...sending.headers };
    return ask(path, { port, caPem, host: this.#apiHost }, { ...sending, headers });
  }

  /** URL of a queue of dev. */
  readonly queueUrl = (name: string): string => {
    const { endpoint, account } = this.emulator;
    return `${endpoint}/${account.id}/pulseledger-${ENVIRONMENT}-${name}`;
  };
}

/** What has to be ended, in the order in which it was begun. */
type Closing = (() => Promise<unknown>)[];

/** Makes everything, lets it be used, and leaves nothing behind, however it ends. */
export async function withDeployment<T>(
  options: DeployOptions,
  use: (deployment: Deployment) => Promise<T>,
): Promise<T> {
  const closing: Closing = [];
  try {
    return await use(await deploy(options, closing));
  } finally {
    // What was begun last ends first; one that cannot be ended keeps no other from it.
    const failures: unknown[] = [];
    for (const close of closing.reverse()) {
      try {
        await close();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) options.say(`could not be ended: ${failures.map(String).join('; ')}`);
  }
}

async function deploy(
  { network, signal, say }: DeployOptions,
  closing: Closing,
): Promise<Deployment> {
  const folder = await mkdtemp(join(tmpdir(), 'pulse-aws-'));
  closing.push(() => rm(folder, { recursive: true, force: true }));
  const { python, isReused } = await pythonEnvironment({ signal, say });
  if (isReused) say('the emulator is installed');

  say('cdk synth');
  const cdk = new Cdk(folder, signal);
  const assembly = new Assembly(await cdk.synth(), ENVIRONMENT);
  const account = await assembly.account();
  const leftOut = await assembly.leaveOut();
  await assembly.nameHandlers();

  say('starting the emulator');
  const emulator = await Emulator.start({ python, account, folder, signal });
  closing.push(() => emulator.stop());
  try {
    return await deployTo(
      emulator,
      { network, signal, say, cdk, assembly, leftOut, folder },
      closing,
    );
  } catch (error) {
    // What a function that failed has said stands nowhere else.
    say(
      `the emulator's last words:\n${lastLines(await readFile(emulator.logFile, 'utf8'), LAST_WORDS)}`,
    );
    throw error;
  }
}

interface Prepared extends DeployOptions {
  readonly cdk: Cdk;
  readonly assembly: Assembly;
  readonly leftOut: ReadonlyMap<string, number>;
  readonly folder: string;
}

async function deployTo(
  emulator: Emulator,
  { network, signal, say, cdk, assembly, leftOut, folder }: Prepared,
  closing: Closing,
): Promise<Deployment> {
  const clients = new Clients(emulator);
  closing.push(() => {
    clients.close();
    return Promise.resolve();
  });
  const stacks = (names: readonly string[]): string[] =>
    names.map((name) => `${ENVIRONMENT}/${name}`);
  const { account } = emulator;
  say(`cdk bootstrap aws://${account.id}/${account.region}`);
  await cdk.bootstrap(assembly.folder, emulator);
  say(`cdk deploy ${stacks(DEPLOYED_FIRST).join(' ')}`);
  await cdk.deploy(assembly.folder, emulator, stacks(DEPLOYED_FIRST));

  say(`starting the ledger (${network})`);
  const starting = LedgerWorld.start(network);
  closing.push(() => starting.then((world) => world.stop()));
  const world = await starting;
  signal.throwIfAborted();
  await provision(clients, world);
  say(`cdk deploy ${stacks(DEPLOYED_THEN).join(' ')}`);
  await cdk.deploy(assembly.folder, emulator, stacks(DEPLOYED_THEN));
  const sizes = await variableBytes(clients);
  await pointAtKeys(clients, emulator);

  const apiId = await clients.sharedValue('api/id');
  say('a doctor, a patient, and npm run devices:aws for their wearable');
  const people = await enrol({ clients, emulator, world, apiId, folder, signal });
  return new Deployment({
    ...{ emulator, clients, world, leftOut, variableBytes: sizes, apiId },
    ...people,
  });
}

/**
 * Where the API finds the keys of the user pool. It asks with `fetch`, which the emulator does not lead to itself, as it
 * does with the SDK's calls of AWS' own names.
 */
async function pointAtKeys(clients: Clients, { endpoint }: Emulator): Promise<void> {
  const pool = await clients.sharedValue('identity/user-pool-id');
  const OIDC_JWKS_URL = `${endpoint}/${pool}/.well-known/jwks.json`;
  await addVariables(clients, 'fhir-api', { OIDC_JWKS_URL });
}

/** Whoever and whatever the readings are about. */
async function enrol(
  made: Pick<Deployment, 'clients' | 'emulator' | 'world'> &
    Pick<DeployOptions, 'signal'> & { readonly apiId: string; readonly folder: string },
): Promise<Pick<Deployment, 'device' | 'doctor'>> {
  const { clients, emulator, world, apiId, folder, signal } = made;
  const person = (role: string, subjectId: string): Person => ({
    ...{ name: role, organization: 'hospital', role, subjectId },
  });
  const practitionerId = randomId();
  const patientId = await treatedPatient(world, practitionerId);
  const administrator = await accessToken(clients, person('administrator', randomId()));
  const { caPem, port, mqttPort, endpoint } = emulator;
  const { body } = await ask('/_ministack/iot/ca.pem', { caPem, port });
  const device = await enrolledDevice({
    ...{ emulator, administrator, patientId, folder, signal },
    // Another program asks it, to which the API's own name would be unknown.
    apiUrl: `${endpoint}/_aws/execute-api/${apiId}/$default`,
    broker: { port: mqttPort, caPem: body },
  });
  return { device, doctor: await accessToken(clients, person('doctor', practitionerId)) };
}
