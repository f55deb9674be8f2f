import { MetricsRegistry } from '../metrics/metrics-registry.ts';
import { Story } from '../story/story.ts';
import { ChaosRun } from './chaos/chaos-run.ts';
import { ClockWatch } from './clock-watch.ts';
import { type DataFolder, dataFolder, makeFolders, RunLock } from './data-folder.ts';
import { EXIT, type ExitCode, StartFailure } from './failure.ts';
import { FleetProcess } from './fleet.ts';
import type { Interrupts } from './interrupts.ts';
import type { ProcessContext } from './managed-process.ts';
import { type Account, DRAIN_SECONDS, drained, MeasuredRun } from './measured-run.ts';
import type { RunOptions } from './options.ts';
import { summary, welcome } from './presentation.ts';
import { System } from './system.ts';

/** Somebody who pressed Ctrl-C waits; what is not committed by then stays in outbox and queue. */
const INTERRUPTED_DRAIN_SECONDS = 20;
const PROGRESS_MS = 10_000;

/** Where a run's words go. */
export interface Output {
  /** For a person: progress and explanations. */
  readonly say: (text: string) => void;
  /** The result: text for a person, or the one JSON line. */
  readonly result: (text: string) => void;
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
    const { network, port, devices, forSeconds, seed, story } = this.#options;
    const chaos = this.#options.chaos
      ? new ChaosRun({ seed, durationMs: (forSeconds ?? 0) * 1000 }, context)
      : undefined;
    const system = new System({
      folder: this.#folder,
      systemFiles: this.#options.systemFiles,
      network,
      apiPort: port,
      wearers: devices,
      hasStory: story,
      ...(chaos === undefined ? {} : { link: chaos.link }),
      context,
      progress: (step) => {
        this.#progress(step);
      },
    });
    const clock = new ClockWatch(context.note);
    try {
      await this.#unlessInterrupted(system.start());
      if (this.#interrupts.isAsked || !(await this.#tellStory(system))) return EXIT.ok;
      const readySeconds = this.#seconds();
      this.#sayReady(system, readySeconds);
      if (forSeconds === undefined) return await this.#stay(system, context);
      const account = await this.#measure(system, context, chaos, readySeconds);
      if (account === undefined) return EXIT.ok;
      this.#output.result(
        this.#options.json ? JSON.stringify(account.report) : summary(account.report),
      );
      return account.exitCode;
    } finally {
      clock.close();
      await system.stop();
      await chaos?.close();
    }
  }

  /** The week of the story, when it is asked for. False when it was interrupted: the next start goes on. */
  async #tellStory(system: System): Promise<boolean> {
    if (!this.#options.story) return true;
    const ending = new AbortController();
    void this.#interrupts.asked.then(() => {
      ending.abort();
    });
    const { say } = this.#output;
    const { signal } = ending;
    const story = new Story({
      system,
      folder: this.#folder,
      seed: this.#options.seed,
      say,
      signal,
    });
    try {
      await story.tell();
      return !signal.aborted;
    } catch (error) {
      if (signal.aborted) return false;
      const why = error instanceof Error ? error.message : String(error);
      throw new StartFailure(
        EXIT.failed,
        `The story stopped: ${why} The same command goes on where it was. See ${this.#folder.logs}.`,
        error,
      );
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
    await drained(system, INTERRUPTED_DRAIN_SECONDS, (text) => {
      this.#output.say(text);
    });
    return EXIT.ok;
  }

  /** Measures for a time and accounts for every reading; undefined when it was interrupted. */
  #measure(
    system: System,
    context: ProcessContext,
    chaos: ChaosRun | undefined,
    readySeconds: number,
  ): Promise<Account | undefined> {
    const measured = new MeasuredRun({
      options: this.#options,
      folder: this.#folder,
      system,
      context,
      chaos,
      readySeconds,
      interrupts: this.#interrupts,
      fleet: this.#fleet(context, DRAIN_SECONDS, true),
      say: this.#output.say,
      progress: (step) => {
        this.#progress(step);
      },
    });
    return measured.account();
  }

  #fleet(context: ProcessContext, drainSeconds: number, keepsTruth: boolean): FleetProcess {
    const { devices, seed, windowSeconds, rate, faults, attackers, forSeconds } = this.#options;
    const { story: isStory } = this.#options;
    const plan = {
      ...{ devices, seed, windowSeconds, rate, drainSeconds, keepsTruth, isStory },
      ...{ faults, attackers, faultDaySeconds: forSeconds },
    };
    return new FleetProcess(plan, this.#folder, context);
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
