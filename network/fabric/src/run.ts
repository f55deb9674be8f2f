import { setInterval } from 'node:timers';
import { prepareDataFolder } from './data-folder.ts';
import { type FabricNetwork, StartAbortedError, startFabric } from './network.ts';
import { removeRunFile, runningPid, writeRunFile } from './run-file.ts';

const PARENT_CHECK_MS = 1_000;

/** The network of that folder is running already. */
export class AlreadyRunningError extends Error {
  override readonly name = 'AlreadyRunningError';
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Resolves when the process is asked to end; a second request ends it at once. */
function stopRequested(isDaemon: boolean): Promise<string> {
  return new Promise((resolve) => {
    let isAsked = false;
    const ask = (why: string): void => {
      // The guardian ends the nodes then.
      if (isAsked) process.exit(1);
      isAsked = true;
      resolve(why);
    };
    process.on('SIGTERM', () => {
      ask('asked to stop');
    });
    process.on('SIGINT', () => {
      // Ctrl-C reaches a whole terminal. Under a supervisor (which has a channel to this process) it is the
      // supervisor that stops things in order.
      if (process.channel === undefined) ask('interrupted');
    });
    if (isDaemon) return;
    const parent = process.ppid;
    setInterval(() => {
      if (process.ppid !== parent) ask('the process that started it is gone');
    }, PARENT_CHECK_MS).unref();
  });
}

/**
 * Runs the network until the process is asked to end: prints `{"ready":true,…}` on stdout once when it is usable,
 * and progress on stderr.
 *
 * @throws AlreadyRunningError, and whatever startFabric throws.
 */
export async function runNetwork(dataDir: string, isDaemon: boolean): Promise<void> {
  await prepareDataFolder(dataDir);
  const other = await runningPid(dataDir);
  if (other !== undefined && other !== process.pid) {
    throw new AlreadyRunningError(`The network of ${dataDir} runs already (process ${other}).`);
  }
  await writeRunFile(dataDir);
  const starting = new AbortController();
  const stopping = stopRequested(isDaemon).then((why) => {
    say(`Stopping: ${why}.`);
    starting.abort();
  });
  try {
    const network = await startFabric({
      dataDir,
      signal: starting.signal,
      onProgress: ({ step, tookMs }) => {
        say(`${(tookMs / 1000).toFixed(1).padStart(6)} s  ${step}`);
      },
      onCrash: say,
    });
    announce(network);
    await stopping;
    await network.stop();
  } catch (error) {
    if (!(error instanceof StartAbortedError)) throw error;
  } finally {
    await removeRunFile(dataDir);
  }
}

function announce({ profileFile, readyMs }: FabricNetwork): void {
  process.stdout.write(`${JSON.stringify({ ready: true, profile: profileFile, readyMs })}\n`);
}
