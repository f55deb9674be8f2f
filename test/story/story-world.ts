/** The API over a network whose ordering can be taken away. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DeleteMessageCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { MSP_IDS, type Organization } from '@pulseledger/domain';
import {
  AccessClient,
  ClinicalClient,
  ConsentClient,
  connectGateway,
  DocumentStore,
  EmergencyClient,
  IdentitySource,
  provideAttesters,
  RecordClient,
  serviceSignatories,
  UserSessions,
} from '@pulseledger/ledger';
import { ledgerSessions } from '../../lambdas/fhir-api/src/service.ts';
import { MemoryObjects } from '../../lambdas/fhir-api/src/testing/memory-objects.ts';
import { commitLateEntries, type LateEntry } from '../../lambdas/late-entries/src/late-entries.ts';
import { type OrderedNetwork, startOrdered } from '../emergency/ordering.ts';
import { randomId } from '../negative/support/ledger-world.ts';
import type { NetworkKind } from '../negative/support/system.ts';
import { networkApi } from '../record-port/network-api.ts';
import { keysAsSecrets, SECRET_PREFIX } from '../record-port/network-world.ts';
import type { Outage } from './ambulance.ts';
import { RELYING_PARTY } from './insurance.ts';
import { type Tell, tellBy } from './tell.ts';

const PROVIDERS = ['hospital', 'clinic'] as const;
const LATE_ENTRIES_WITHIN_MS = 120_000;

export interface StoryWorld {
  readonly folder: string;
  readonly tell: Tell;
  readonly outage: Outage;
  /** Stops the network; its files stay. */
  readonly stop: () => Promise<void>;
  readonly end: () => Promise<void>;
}

export async function openStoryWorld(kind: NetworkKind): Promise<StoryWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'pulse-story-'));
  const ordered = await startOrdered(kind, folder, 'kill');
  const { profile } = ordered.network;
  const client = await keysAsSecrets(join(folder, 'keys'));
  const identities = new IdentitySource({ client, prefix: SECRET_PREFIX });
  await setUp(profile, identities);
  const late: string[] = [];
  const sessions = ledgerSessions({
    ...{ profile, identities, documents: new DocumentStore(new MemoryObjects()) },
    noteKeys: () => Promise.reject(new Error('nobody writes notes')),
    storeIntent: (entry: LateEntry) => {
      late.push(JSON.stringify(entry));
      return Promise.resolve();
    },
  });
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    stopped ??= stopAll(ordered, () => {
      sessions.close();
    });
    return stopped;
  };
  return {
    ...{ folder, stop },
    tell: tellBy(networkApi(sessions)),
    outage: {
      cut: ordered.cut,
      restore: ordered.restore,
      commitLate: () => commitLate(profile, identities, late),
    },
    end: async () => {
      await stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function stopAll(ordered: OrderedNetwork, close: () => void): Promise<void> {
  await ordered.restore();
  close();
  await ordered.network.stop();
}

type Profile = OrderedNetwork['network']['profile'];

/** What is done once, at the first start of an installation. */
async function setUp(profile: Profile, identities: IdentitySource): Promise<void> {
  const users = new UserSessions({ identities });
  for (const organization of PROVIDERS) {
    const connection = connectGateway(profile, organization);
    const administrator = { organization, role: 'administrator', subjectId: randomId() } as const;
    const { calls } = new RecordClient({ connection, signatories: users.open(administrator) });
    const attester = { mspId: MSP_IDS[organization], access: new AccessClient(calls) };
    await provideAttesters([attester], Date.now());
    await new ConsentClient(calls).setRelyingParty(RELYING_PARTY);
    if (organization === 'hospital') {
      const secret = { secretHex: randomId() + randomId(), saltHex: randomId() };
      await new ClinicalClient(calls).setIndexSecret(secret);
    }
    connection.close();
  }
}

/** The scheduled function's work, over and over until all is committed: a leader is elected first. */
async function commitLate(
  profile: Profile,
  identities: IdentitySource,
  late: string[],
): Promise<number> {
  const connections = PROVIDERS.map((organization) => connectGateway(profile, organization));
  const clientOf = (organization: Organization): EmergencyClient => {
    const connection = connections.find(({ mspId }) => mspId === MSP_IDS[organization]);
    if (connection === undefined) throw new Error(`nobody reads for the ${organization}`);
    const signatories = serviceSignatories(identities, organization, 'api');
    return new EmergencyClient({ connection, signatories });
  };
  const giveUpAtMs = Date.now() + LATE_ENTRIES_WITHIN_MS;
  let committed = 0;
  while (late.length > 0 && Date.now() < giveUpAtMs) {
    const round = { queue: queueOf(late), queueUrl: 'https://queue', clientOf };
    committed += (await commitLateEntries({ ...round, giveUpAtMs, now: Date.now })).committed;
  }
  for (const connection of connections) connection.close();
  return committed;
}

/** A queue with these messages, of which each is given once a round; what is deleted is gone. */
function queueOf(late: string[]): Pick<SQSClient, 'send'> {
  let isGiven = false;
  const send = (command: ReceiveMessageCommand | DeleteMessageCommand): Promise<object> => {
    const { input } = command;
    if ('ReceiptHandle' in input) {
      late.splice(late.indexOf(input.ReceiptHandle ?? ''), 1);
      return Promise.resolve({});
    }
    const Messages = isGiven ? [] : late.map((Body) => ({ Body, ReceiptHandle: Body }));
    isGiven = true;
    return Promise.resolve({ Messages });
  };
  return { send: send as SQSClient['send'] };
}
