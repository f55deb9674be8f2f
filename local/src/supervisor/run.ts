import { rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { MetricsRegistry } from '../metrics/metrics-registry.ts';
import { compare } from './comparison.ts';
import { type DataFolder, dataFolder, makeFolders, RunLock } from './data-folder.ts';
import { EXIT, type ExitCode, StartFailure } from './failure.ts';
import { FleetProcess } from './fleet.ts';
import { folderBytes } from './folder-size.ts';
import type { Interrupts } from './interrupts.ts';
import { readLedger } from './ledger-reading.ts';
import type { ProcessContext } from './managed-process.ts';
import { NetworkProcess } from './network-process.ts';
import type { RunOptions } from './options.ts';
import type { People } from './people.ts';
import { summary, welcome } from './presentation.ts';
import { quarantinedChunks } from './quarantine.ts';
import { type RunReport, runReport } from './run-report.ts';
import { System } from './system.ts';
import { type RecordedTransactions, TransactionWatch } from './transactions.ts';
import { readTruthFile } from './truth-summary.ts';

/** Messages that a crashed consumer had taken come back after the queue's visibility timeout; then some. */
const DRAIN_SECONDS = 210;
/** Somebody who pressed Ctrl-C waits; what is not committed by then stays in outbox and queue. */
const INTERRUPTED_DRAIN_SECONDS = 20;
const QUEUE_POLL_MS = 200;
const PROGRESS_MS = 10_000;

/** Where a run's words go. */
export interface Output {
  /** For a person: progress and explanations. */
  readonly say: (text: string) => void;
  /** The result: text for a person, or the one JSON line. */
  readonly result: (text: string) => void;
}

interface Account {
  readonly report: RunReport;
  readonly exitCode: ExitCode;
}

/** One run of `npm start`, from an empty or known folder to the end. */
export class Run {
  readonly #options: RunOptions;
  readonly #output: Output;
  readonly #interrupts: Interrupts;
  readonly #startedMs = performance.now();
  readonly #folder: DataFolder;
  #lock: RunLock | undefined;

  constructor(options: RunOptions, output: Output, interrupts: Interrupts) {
    this.#options = options;
    this.#output = output;
    this.#interrupts = interrupts;
    this.#folder = dataFolder(options.data);
  }

  /** Ends every process at once, without any order. */
  killAll(): void {
    this.#lock?.killAll();
  }

  /** @throws StartFailure */
  async execute(): Promise<ExitCode> {
    await makeFolders(this.#folder);
    const { lock, leftovers } = await RunLock.take(this.#folder);
    this.#lock = lock;
    if (leftovers.length > 0) {
      this.#output.say(`Ended what an earlier run had left running: ${leftovers.join(', ')}.`);
    }
    try {
      return await this.#run({
        logs: this.#folder.logs,
        lock,
        note: (text) => {
          this.#output.say(text);
        },
        metrics: new MetricsRegistry(),
      });
    } finally {
      await lock.release();
    }
  }

  async #run(context: ProcessContext): Promise<ExitCode> {
    const { network, port, devices, forSeconds } = this.#options;
    const system = new System({
      folder: this.#folder,
      systemFiles: this.#options.systemFiles,
      network,
      apiPort: port,
      wearers: devices,
      context,
      progress: (step) => {
        this.#progress(step);
      },
    });
    try {
      await this.#unlessInterrupted(system.start());
      if (this.#interrupts.isAsked) return EXIT.ok;
      const readySeconds = this.#seconds();
      this.#sayReady(system, readySeconds);
      if (forSeconds === undefined) return await this.#stay(system, context);
      const account = await this.#measure(system, context, forSeconds, readySeconds);
      if (account === undefined) return EXIT.ok;
      this.#output.result(
        this.#options.json ? JSON.stringify(account.report) : summary(account.report),
      );
      return account.exitCode;
    } finally {
      await system.stop();
    }
  }

  /** Runs until Ctrl-C. */
  async #stay(system: System, context: ProcessContext): Promise<ExitCode> {
    const fleet = this.#fleet(context, INTERRUPTED_DRAIN_SECONDS, false);
    if (this.#options.devices > 0) {
      await this.#unlessInterrupted(fleet.start());
      this.#output.say(`${String(this.#options.devices)} wearables are measuring.`);
    }
    const timer = setInterval(() => {
      this.#sayProgress(fleet);
    }, PROGRESS_MS);
    await this.#interrupts.asked;
    clearInterval(timer);
    this.#output.say('Ending: what is measured goes to the ledger first (Ctrl-C again: at once).');
    await fleet.stop();
    await this.#drainQueue(system, INTERRUPTED_DRAIN_SECONDS);
    return EXIT.ok;
  }

  /** Measures for a time and accounts for every reading; undefined when it was interrupted. */
  async #measure(
    system: System,
    context: ProcessContext,
    forSeconds: number,
    readySeconds: number,
  ): Promise<Account | undefined> {
    const { keys, ledger, truthFile } = this.#folder;
    await rm(truthFile, { force: true });
    const watch = await TransactionWatch.open(keys, system.profile, system.people);
    const watching = new AbortController();
    const firstBlock = watch.firstBlock(watching.signal);
    const fleet = this.#fleet(context, DRAIN_SECONDS, true);
    await this.#unlessInterrupted(fleet.start());
    this.#progress(`${String(this.#options.devices)} wearables are enrolled and measuring`);
    // From here on the ledger grows by readings only, no more by patients and devices.
    const ledgerBefore = await folderBytes(ledger);
    await Promise.race([delay(forSeconds * 1000), this.#interrupts.asked]);
    await fleet.stop();
    await this.#drainQueue(system, DRAIN_SECONDS);
    this.#progress('measuring is over, the queue is empty');
    const quarantined = await quarantinedChunks(system.addresses.sqsUrl, system.roles.operator);
    watching.abort();
    const block = await firstBlock;
    watch.close();
    const { people } = system;
    await system.stop();
    if (this.#interrupts.isAsked) return undefined;
    const bytes = (await folderBytes(ledger)) - ledgerBefore;
    await this.#throwAway();
    return this.#account(context, { people, quarantined, block, bytes, readySeconds });
  }

  /** Counts by the peers' data alone. */
  async #account(
    context: ProcessContext,
    run: {
      readonly people: People;
      readonly quarantined: ReadonlySet<string>;
      readonly block: bigint | undefined;
      readonly bytes: number;
      readonly readySeconds: number;
    },
  ): Promise<Account> {
    const { keys, truthFile } = this.#folder;
    const network = new NetworkProcess(this.#options.network, this.#folder, context);
    try {
      const profile = await network.start();
      this.#progress('only ledger and keys are left; the network runs again');
      const truth = await readTruthFile(truthFile);
      const onLedger = await readLedger(keys, profile, run.people, truth.chunks);
      const comparison = compare(truth.chunks, onLedger, run.quarantined);
      const watch = await TransactionWatch.open(keys, profile, run.people);
      const none: RecordedTransactions = { transactions: 0, chunks: 0 };
      const recorded =
        run.block === undefined ? none : await watch.count(run.block, comparison.chunks);
      watch.close();
      const report = runReport({
        options: this.#options,
        comparison,
        truth,
        recorded,
        ledgerBytes: run.bytes,
        readySeconds: run.readySeconds,
      });
      const isRight = report.lost === 0 && report.duplicated === 0 && report.altered === 0;
      return { report, exitCode: isRight ? EXIT.ok : EXIT.accountWrong };
    } finally {
      await network.stop();
    }
  }

  #fleet(context: ProcessContext, drainSeconds: number, keepsTruth: boolean): FleetProcess {
    const { devices, seed, windowSeconds, rate } = this.#options;
    const plan = { devices, seed, windowSeconds, rate, drainSeconds, keepsTruth };
    return new FleetProcess(plan, this.#folder, context);
  }

  /** Waits, within a bound, until nothing is queued or being worked on. */
  async #drainQueue(system: System, seconds: number): Promise<void> {
    const end = performance.now() + seconds * 1000;
    while (performance.now() < end) {
      const counts = await system.queues();
      if (counts !== undefined && counts.queued + counts.inFlight === 0) {
        this.#sayDeadLetters(counts.deadLetters);
        return;
      }
      await delay(QUEUE_POLL_MS);
    }
    this.#output.say('The queue did not become empty in time.');
  }

  #sayDeadLetters(count: number): void {
    if (count === 0) return;
    this.#output.say(
      `${count} messages failed too often and are in the dead-letter queue; ` +
        `${this.#folder.logs}/lambda-host.log says why.`,
    );
  }

  /** Everything but keys, ledger, the truth to compare with, and logs. */
  async #throwAway(): Promise<void> {
    const { run, queue, fleet } = this.#folder;
    for (const path of [queue, fleet, run]) await rm(path, { recursive: true, force: true });
    await makeFolders(this.#folder);
  }

  async #unlessInterrupted(work: Promise<void>): Promise<void> {
    await Promise.race([work, this.#interrupts.asked]);
    // What is starting has to be up before it can be stopped in order.
    if (this.#interrupts.isAsked) await work.catch(() => undefined);
  }

  #sayReady(system: System, readySeconds: number): void {
    const { json, forSeconds } = this.#options;
    this.#progress(`ready`);
    if (forSeconds !== undefined) return;
    if (json) {
      const { apiUrl, issuerUrl, brokerUrl, metricsUrl } = system.addresses;
      const { systemFile } = this.#folder;
      const urls = { apiUrl, issuerUrl, brokerUrl, metricsUrl };
      const ready = { event: 'ready', ...urls, systemFile, readySeconds };
      this.#output.result(JSON.stringify(ready));
    } else this.#output.result(welcome(system, this.#options));
  }

  #sayProgress(fleet: FleetProcess): void {
    const progress = fleet.progress;
    if (progress === undefined) return;
    const { acknowledged, pending, quarantined } = progress;
    this.#output.say(
      `${acknowledged} readings are on the ledger, ${pending} on their way, ${quarantined} quarantined.`,
    );
  }

  #progress(step: string): void {
    this.#output.say(`${this.#seconds().toFixed(1).padStart(6)} s  ${step}`);
  }

  #seconds(): number {
    return (performance.now() - this.#startedMs) / 1000;
  }
}

export function exitCodeOf(error: unknown): ExitCode {
  return error instanceof StartFailure ? error.exitCode : EXIT.failed;
}
