import { constants } from 'node:fs';
import { access, mkdir, open, readFile, rm, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isRunning, processSeen } from '@pulseledger/network/processes';
import { z } from 'zod';
import { EXIT, StartFailure, systemErrorCode } from './failure.ts';

/** Where everything of one installation lies. Only keys, ledger and documents are worth keeping. */
export interface DataFolder {
  readonly root: string;
  readonly keys: string;
  readonly ledger: string;
  /** Files of the current run, and what can be made anew. */
  readonly run: string;
  readonly logs: string;
  readonly queue: string;
  /** Encrypted documents, each under its random name; part of the record, as the ledger is. */
  readonly documents: string;
  /** The simulator's outboxes and device keys. */
  readonly fleet: string;
  /** The same of a run that is accounted for: its devices are nobody else's. */
  readonly measuredFleet: string;
  /** The same of the story's wearers. */
  readonly storyFleet: string;
  /** Passkeys of made-up patients, who have no phone; `pulse` uses them, too. */
  readonly passkeys: string;
  /** What the simulator really measured. */
  readonly truthFile: string;
  readonly systemFile: string;
}

const PRIVATE = 0o700;

const lockSchema = z.object({
  pid: z.int().min(1),
  startTime: z.string(),
  children: z.array(z.object({ pid: z.int().min(1), startTime: z.string(), name: z.string() })),
});
type Lock = z.infer<typeof lockSchema>;

export function dataFolder(root: string): DataFolder {
  const run = join(root, 'run');
  return {
    root,
    keys: join(root, 'keys'),
    ledger: join(root, 'ledger'),
    run,
    logs: join(root, 'logs'),
    queue: join(root, 'queue'),
    documents: join(root, 'documents'),
    fleet: join(root, 'fleet'),
    measuredFleet: join(root, 'fleet', 'measured'),
    storyFleet: join(root, 'fleet', 'story'),
    passkeys: join(root, 'cli'),
    truthFile: join(root, 'truth.ndjson'),
    systemFile: join(run, 'system.json'),
  };
}

/** @throws StartFailure when a folder cannot be made or written */
export async function makeFolders(folder: DataFolder): Promise<void> {
  try {
    for (const path of [folder.root, folder.keys, folder.ledger, folder.run, folder.logs]) {
      await mkdir(path, { recursive: true, mode: PRIVATE });
      await access(path, constants.W_OK | constants.X_OK);
    }
    const probe = join(folder.run, 'write-test');
    await writeFile(probe, '');
    await unlink(probe);
  } catch (error) {
    const code = systemErrorCode(error) ?? 'unknown error';
    throw new StartFailure(
      EXIT.folderUnusable,
      `The data folder ${folder.root} cannot be written (${code}). ` +
        'Give this user the right to write there and free space, or choose another folder with --data.',
      error,
    );
  }
}

/** Says who runs in a data folder, and remembers the processes it started, for the case that it dies. */
export class RunLock {
  readonly #file: string;
  readonly #children = new Map<string, number>();
  #writing: Promise<void> = Promise.resolve();

  constructor(file: string) {
    this.#file = file;
  }

  /**
   * Takes the folder for this process.
   *
   * @returns names of processes that an earlier run left behind and that have been ended
   * @throws StartFailure when a system is running there
   */
  static async take(folder: DataFolder): Promise<{ lock: RunLock; leftovers: string[] }> {
    const file = join(folder.run, 'supervisor.json');
    const before = await readLock(file);
    if (before !== undefined && isRunning(before.pid, before.startTime)) {
      throw new StartFailure(
        EXIT.alreadyRunning,
        `A system is running in ${folder.root} already (process ${before.pid}). ` +
          'Stop it with Ctrl-C there, or choose another folder with --data.',
      );
    }
    // Also of one that only waits to be reaped, the group may live.
    const left = (before?.children ?? []).filter(
      ({ pid, startTime }) => processSeen(pid)?.startedAt === startTime,
    );
    for (const { pid } of left) killGroup(pid);
    const lock = new RunLock(file);
    await lock.#write();
    return { lock, leftovers: left.map(({ name }) => name) };
  }

  /** Remembers a child, which leads a process group of its own. */
  add(name: string, pid: number): void {
    this.#children.set(name, pid);
    this.#save();
  }

  remove(name: string): void {
    this.#children.delete(name);
    this.#save();
  }

  /** Ends every process group at once. */
  killAll(): void {
    for (const pid of this.#children.values()) killGroup(pid);
  }

  async release(): Promise<void> {
    await this.#writing;
    await rm(this.#file, { force: true });
  }

  #save(): void {
    this.#writing = this.#writing.then(() => this.#write()).catch(() => undefined);
  }

  async #write(): Promise<void> {
    const children = [...this.#children].map(([name, pid]) => ({
      name,
      pid,
      startTime: processSeen(pid)?.startedAt ?? '',
    }));
    const startTime = processSeen(process.pid)?.startedAt ?? '';
    const handle = await open(this.#file, 'w', 0o600);
    await handle.writeFile(JSON.stringify({ pid: process.pid, startTime, children }));
    await handle.close();
  }
}

async function readLock(file: string): Promise<Lock | undefined> {
  try {
    const parsed: unknown = JSON.parse(await readFile(file, 'utf8'));
    return lockSchema.parse(parsed);
  } catch {
    return undefined;
  }
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}
