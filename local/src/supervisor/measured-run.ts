import { rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { CloudReport } from '../cloud/cloud.ts';
import { INGEST_VISIBILITY_MS } from '../ingest-settings.ts';
import { accountOf, UNDONE } from './account.ts';
import type { ChaosReport } from './chaos/chaos-report.ts';
import type { ChaosRun } from './chaos/chaos-run.ts';
import { type DataFolder, makeFolders } from './data-folder.ts';
import { EXIT, type ExitCode } from './failure.ts';
import type { QuarantinedBytes } from './fates.ts';
import type { FleetProcess } from './fleet.ts';
import { folderBytes } from './folder-size.ts';
import type { Interrupts } from './interrupts.ts';
import { readLedger } from './ledger-reading.ts';
import type { ProcessContext } from './managed-process.ts';
import { NetworkProcess } from './network-process.ts';
import type { RunOptions } from './options.ts';
import type { People } from './people.ts';
import { quarantinedBytes } from './quarantine.ts';
import { type RunReport, runReport } from './run-report.ts';
import type { System } from './system.ts';
import { type RecordedTransactions, TransactionWatch } from './transactions.ts';
import { readTruthFile } from './truth-summary.ts';

/** Messages that a killed function had taken come back after the visibility time-out; then a retry or two. */
export const DRAIN_SECONDS: number = 2 * (INGEST_VISIBILITY_MS / 1000) + 60;
const QUEUE_POLL_MS = 200;
const PROGRESS_MS = 5_000;
/** Chaos waits so long for a first transaction, so that there is something to disturb. */
const FIRST_BLOCK_MS = 90_000;

export interface Account {
  readonly report: RunReport;
  readonly exitCode: ExitCode;
}

export interface MeasuredRunOptions {
  readonly options: RunOptions;
  readonly folder: DataFolder;
  readonly system: System;
  readonly context: ProcessContext;
  readonly chaos: ChaosRun | undefined;
  readonly readySeconds: number;
  readonly interrupts: Interrupts;
  readonly fleet: FleetProcess;
  readonly say: (text: string) => void;
  readonly progress: (step: string) => void;
}

/** What is kept of the running system for the account. */
interface Measured {
  readonly people: People;
  readonly quarantined: readonly QuarantinedBytes[];
  readonly block: bigint | undefined;
  readonly bytes: number;
  readonly chaos: ChaosReport | undefined;
}

/** A run with an end: measures for a time and accounts for every reading. */
export class MeasuredRun {
  readonly #run: MeasuredRunOptions;

  constructor(run: MeasuredRunOptions) {
    this.#run = run;
  }

  /** Undefined when it was interrupted. */
  async account(): Promise<Account | undefined> {
    const measured = await this.#measure();
    if (measured === undefined) return undefined;
    await this.#throwAway();
    return this.#recount(measured);
  }

  async #measure(): Promise<Measured | undefined> {
    const { options, folder, system, fleet, progress, interrupts } = this.#run;
    await rm(folder.truthFile, { force: true });
    // New devices, so that nothing of an earlier run is taken for something of this one.
    await rm(folder.measuredFleet, { recursive: true, force: true });
    const watch = await TransactionWatch.open(folder.keys, system.profile, system.people);
    const watching = new AbortController();
    // The stream of events breaks when the network does; then transactions are not counted.
    const firstBlock = watch.firstBlock(watching.signal).catch(() => undefined);
    const starting = fleet.start();
    await Promise.race([starting, interrupts.asked]);
    if (interrupts.isAsked) await starting.catch(() => undefined);
    progress(`${String(options.devices)} wearables are enrolled and measuring`);
    // From here on the ledger grows by readings only, no more by patients and devices.
    const ledgerBefore = await folderBytes(folder.ledger);
    await this.#pass(firstBlock);
    const drainSeconds = await this.#drain();
    const quarantined = await quarantinedBytes(system.addresses.sqsUrl, system.roles.operator);
    watching.abort();
    const block = await firstBlock;
    watch.close();
    const { people } = system;
    await system.stop();
    if (interrupts.isAsked) return undefined;
    const bytes = (await folderBytes(folder.ledger)) - ledgerBefore;
    const chaos = await this.#run.chaos?.report(drainSeconds);
    return { people, quarantined, block, bytes, chaos };
  }

  /** Lets the time pass, quietly or not. */
  async #pass(firstBlock: Promise<unknown>): Promise<void> {
    const { options, system, chaos, fleet, interrupts, progress } = this.#run;
    const durationMs = (options.forSeconds ?? 0) * 1000;
    const over = new AbortController();
    if (chaos === undefined) {
      await Promise.race([delay(durationMs), interrupts.asked]);
      return;
    }
    await Promise.race([firstBlock, delay(FIRST_BLOCK_MS), interrupts.asked]);
    progress('the first readings are on the ledger; chaos begins');
    const passed = Promise.all([
      chaos.run(system, fleet, over.signal),
      pause(durationMs, over.signal),
    ]);
    await Promise.race([passed, interrupts.asked]);
    over.abort();
    await passed;
  }

  /** @returns how long it took until outboxes and queue were empty, in seconds */
  async #drain(): Promise<number> {
    const { fleet, system, say, progress } = this.#run;
    const startedMs = performance.now();
    const timer = setInterval(() => void this.#sayQueues().catch(() => undefined), PROGRESS_MS);
    await fleet.stop();
    clearInterval(timer);
    await drained(system, DRAIN_SECONDS, say, progress);
    progress('measuring is over, the queue is empty');
    return Math.round((performance.now() - startedMs) / 100) / 10;
  }

  async #sayQueues(): Promise<void> {
    const counts = await this.#run.system.queues();
    if (counts !== undefined) this.#run.progress(queueWords(counts));
  }

  /** Counts by the peers' data alone. */
  async #recount(measured: Measured): Promise<Account> {
    const { options, folder, context, readySeconds, progress } = this.#run;
    const { keys, truthFile } = folder;
    const network = new NetworkProcess(options.network, folder, context);
    try {
      const profile = await network.start();
      progress('only ledger and keys are left; the network runs again');
      const truth = await readTruthFile(truthFile);
      const onLedger = await readLedger(keys, profile, measured.people, truth.chunks);
      const { comparison, fates } = accountOf(truth, onLedger, measured.quarantined);
      const { block } = measured;
      const watch = await TransactionWatch.open(keys, profile, measured.people);
      const none: RecordedTransactions = { transactions: 0, chunks: 0 };
      const recorded = block === undefined ? none : await watch.count(block, comparison.chunks);
      watch.close();
      const { bytes: ledgerBytes, chaos } = measured;
      const facts = {
        ...{ options, comparison, fates, truth, recorded, ledgerBytes, readySeconds, chaos },
      };
      const report = runReport(facts);
      return { report, exitCode: exitCodeOf(report) };
    } finally {
      await network.stop();
    }
  }

  /** Everything but keys, ledger, the truth to compare with, and logs. */
  async #throwAway(): Promise<void> {
    const { folder } = this.#run;
    const { run, queue, fleet } = folder;
    for (const path of [queue, fleet, run]) await rm(path, { recursive: true, force: true });
    await makeFolders(folder);
  }
}

function exitCodeOf({ lost, duplicated, altered, wrongFates, chaos }: RunReport): ExitCode {
  const wrong = wrongFates.filter(({ expected }) => expected !== UNDONE.expected);
  const isWrong = lost !== 0 || duplicated !== 0 || altered !== 0 || wrong.length > 0;
  if (isWrong) return EXIT.accountWrong;
  const isProof = wrongFates.length === 0 && (chaos?.missing.length ?? 0) === 0;
  return isProof ? EXIT.ok : EXIT.noProof;
}

function queueWords({ queued, inFlight }: CloudReport): string {
  return `devices wait for the ledger: ${queued} messages queued, ${inFlight} in flight or coming back`;
}

/** Waits, within a bound, until nothing is queued or being worked on, and says so if it is not. */
export async function drained(
  system: System,
  seconds: number,
  say: (text: string) => void,
  progress?: (step: string) => void,
): Promise<void> {
  const end = performance.now() + seconds * 1000;
  let sayAt = performance.now() + PROGRESS_MS;
  while (performance.now() < end) {
    const counts = await system.queues();
    if (counts !== undefined && counts.queued + counts.inFlight === 0) {
      if (counts.deadLetters > 0) {
        say(
          `${counts.deadLetters} messages failed too often and are in the dead-letter queue; ` +
            'the log of lambda-host says why.',
        );
      }
      return;
    }
    if (counts !== undefined && performance.now() > sayAt) {
      progress?.(queueWords(counts));
      sayAt += PROGRESS_MS;
    }
    await delay(QUEUE_POLL_MS);
  }
  say('The queue did not become empty in time.');
}

async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await delay(milliseconds, undefined, { signal }).catch(() => undefined);
}
