import type { ConnectionProfile } from '@pulseledger/domain';
import { PROVIDER_MSP_IDS } from '@pulseledger/domain';
import {
  BatchSigner,
  fixedSignatory,
  LedgerConnection,
  RecordClient,
  SigningQueue,
} from '@pulseledger/ledger';
import type { IngestObserver } from '../../../lambdas/ingest/src/ingest.ts';
import { ingestHandler } from '../../../lambdas/ingest/src/ingest-handler.ts';
import { LiveHints } from '../../../lambdas/ingest/src/live-hints.ts';
import { Publisher } from '../../../lambdas/ingest/src/publisher.ts';
import { Quarantine } from '../../../lambdas/ingest/src/quarantine.ts';
import { INGEST_TIMEOUT_MS } from '../../../local/src/ingest-settings.ts';
import { EventSourceMapping } from '../../../local/src/lambda-host/event-source-mapping.ts';
import {
  LambdaFunction,
  LambdaTimeoutError,
} from '../../../local/src/lambda-host/lambda-function.ts';
import { sqsQueuePort } from '../../../local/src/lambda-host/queue-port.ts';
import type { AwsClients, SdkClients } from './aws.ts';
import type { GatewayService } from './gateway.ts';
import { Machine, type Process } from './machine.ts';
import type { World } from './world.ts';

/** As local/src/supervisor/system.ts has them. */
const BATCH_SIZE = 1_000;
const BATCHING_WINDOW_MS = 200;
const MAX_CONCURRENCY = 2;

const ORGANIZATION = {
  mspId: 'HospitalMSP',
  endpoint: 'peer:1',
  serverName: 'peer',
  tlsRootCertificatePem: '-',
};
const PROFILE: ConnectionProfile = {
  network: 'devnet',
  channel: 'records',
  chaincode: 'pulse',
  organizations: {
    hospital: ORGANIZATION,
    clinic: { ...ORGANIZATION, mspId: 'ClinicMSP' },
    insurer: { ...ORGANIZATION, mspId: 'InsurerMSP' },
  },
};

/** Out of memory, not started, its answer lost: Lambda only says that the function has failed. */
class FunctionFailed extends Error {
  override readonly name = 'FunctionFailed';
}

export interface HostSurroundings {
  readonly world: World;
  readonly gateway: GatewayService;
  readonly clientsOf: (process: Process) => AwsClients;
}

/** The machine on which the ingest function runs: event source mapping, function, ledger client. */
export function lambdaHost(name: string, around: HostSurroundings): Machine {
  const machine: Machine = new Machine(around.world, {
    name,
    start: (process) => {
      start(process, machine, around);
    },
  });
  return machine;
}

function start(
  process: Process,
  machine: Machine,
  { world, gateway, clientsOf }: HostSurroundings,
): void {
  const { clock } = process;
  const clients = clientsOf(process).sdk;
  const lambda = new LambdaFunction(
    { name: 'ingest', file: '', region: 'eu-central-1', timeoutMs: INGEST_TIMEOUT_MS, clock },
    handlerOf(process, clients, gateway, world) as ConstructorParameters<typeof LambdaFunction>[1],
  );
  new EventSourceMapping({
    queue: sqsQueuePort(clients, 'ingest'),
    queueArn: 'arn:aws:sqs:eu-central-1:000000000000:ingest',
    region: 'eu-central-1',
    batchSize: BATCH_SIZE,
    batchingWindowMs: BATCHING_WINDOW_MS,
    maxConcurrency: MAX_CONCURRENCY,
    clock,
    logger: {
      log: (_level, event) => {
        world.note(process.name, event);
      },
    },
    invoke: async (event) => {
      try {
        if (world.choices.fault('invocation', 'before')) throw new FunctionFailed();
        const answer = await lambda.invoke(event);
        if (world.choices.fault('invocation', 'after')) throw new FunctionFailed();
        return answer;
      } catch (error) {
        // AWS ends the process of a function that timed out.
        if (error instanceof LambdaTimeoutError) machine.crash('because the function timed out');
        throw error;
      }
    },
  }).start();
}

function handlerOf(process: Process, clients: SdkClients, gateway: GatewayService, world: World) {
  const now = (): number => world.nowMs;
  const connection = new LedgerConnection({
    profile: PROFILE,
    organization: 'hospital',
    newClient: () => gateway.clientOf(process),
    now,
  });
  const key = {
    signAll: (messages: readonly Uint8Array[]) => messages.map(() => new Uint8Array(70)),
  };
  const signing = new SigningQueue(key, (pass) => {
    world.after(0, 'timer', pass, process);
  });
  const signatories = fixedSignatory({
    mspId: 'HospitalMSP',
    certificatePem: '-',
    signing,
    subject: undefined,
  });
  const observer = counting(world);
  const signer = new BatchSigner({
    connection,
    signatories,
    endorsers: PROVIDER_MSP_IDS,
    now,
    sleep: (ms) => process.wait(ms, 'retry pause'),
    random: () => world.choices.fraction('retry jitter'),
    observer,
  });
  const record = new RecordClient({ connection, signatories });
  const publisher = new Publisher(clients);
  const hints = new LiveHints({
    deviceStatus: (input) => record.deviceStatus(input),
    hint: (pseudonym, block) => publisher.hint(pseudonym, block),
    now,
  });
  return ingestHandler({
    signer,
    publisher,
    quarantine: new Quarantine({ client: clients, queueUrl: 'quarantine' }),
    hints,
    now,
    after: process.clock.after,
    log: () => undefined,
    observer,
  });
}

/** What the production code tells of itself. */
function counting(world: World): IngestObserver {
  return {
    retried: (stage, reason) => {
      world.count(`retried: ${stage} ${reason}`);
    },
    commitUnknown: () => {
      world.count('commit unknown');
    },
    unknownResolved: (as) => {
      world.count(`unknown commit resolved: ${as}`);
    },
    ingested: ({ redelivered, already, recorded, failedMessageIds, quarantined, failures }) => {
      world.count('messages redelivered', redelivered);
      world.count('chunks already recorded', already);
      world.count('chunks recorded', recorded);
      world.count('messages returned', failedMessageIds.length);
      world.count('commit left unknown', failures['commit_unknown'] ?? 0);
      for (const [reason, times] of Object.entries(quarantined)) {
        world.count(`quarantined: ${reason}`, times);
      }
    },
  };
}
