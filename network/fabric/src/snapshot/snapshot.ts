import { copyFile, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { readIfPresent, writePrivate } from '../../../identity/src/index.ts';
import { accepts } from '../../../processes/src/index.ts';
import { HOST, portsFile } from '../local-layout.ts';
import { readPorts } from '../ports.ts';
import { readRunFile } from '../run-file.ts';
import { describeFile, filesBelow, MANIFEST, type Manifest, manifestSchema } from './manifest.ts';
import { restoreMarker, SnapshotError } from './restore-marker.ts';

/** What a network is made of; `run` can be made again. */
const PARTS = ['keys', 'ledger'] as const;
const LEDGER_CHANNEL = 'channel';

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}

/**
 * A node that writes while it is copied would give a snapshot of two moments, so neither the network's process nor
 * any of its ports may be alive.
 *
 * @throws SnapshotError
 */
async function checkStopped(dataDir: string): Promise<void> {
  const run = await readRunFile(dataDir);
  if (run !== undefined) {
    throw new SnapshotError(
      `The network runs (process ${run.pid}); its files change while they are copied. Stop it first with: down`,
    );
  }
  for (const [name, port] of Object.entries(await readPorts(portsFile(dataDir)))) {
    if (!(await accepts(HOST, port))) continue;
    throw new SnapshotError(
      `Port ${port} of ${name} is open: one of the network's nodes, or another program, runs. End it first.`,
    );
  }
}

async function copyWhole(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true, mode: 0o700 });
  await copyFile(from, to);
  const { mode } = await stat(from);
  const handle = await open(to, 'r+');
  try {
    await handle.chmod(mode);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function checkNetwork(dataDir: string): Promise<void> {
  const files = await readdir(join(dataDir, 'ledger')).catch((): string[] => []);
  if (!files.includes(LEDGER_CHANNEL)) {
    throw new SnapshotError(
      `${dataDir} holds no network to copy. Name its folder with --data, or make one with: up`,
    );
  }
}

export interface SnapshotReport {
  readonly folder: string;
  readonly files: number;
  readonly bytes: number;
}

function report(folder: string, { files }: Manifest): SnapshotReport {
  return { folder, files: files.length, bytes: files.reduce((sum, file) => sum + file.bytes, 0) };
}

/**
 * Copies keys and ledgers of a stopped network, private data among them (Fabric's own snapshots leave it out), with a
 * manifest of every file's hash. It holds private keys and personal data: keep it as carefully as the network.
 *
 * @param folder must not exist yet; it appears when everything is in it.
 * @throws SnapshotError when the network runs or the folder exists.
 */
export async function takeSnapshot(
  dataDir: string,
  folder: string,
  channel: string,
): Promise<SnapshotReport> {
  await checkStopped(dataDir);
  await checkNetwork(dataDir);
  if (await exists(folder)) {
    throw new SnapshotError(`${folder} exists already. Choose a folder that is not there yet.`);
  }
  const unfinished = `${folder}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true, mode: 0o700 });
  const files = [];
  for (const part of PARTS) {
    for (const name of await filesBelow(join(dataDir, part))) {
      const path = `${part}/${name}`;
      await copyWhole(join(dataDir, path), join(unfinished, path));
      files.push(await describeFile(unfinished, path));
    }
  }
  const ledgers = await readdir(join(dataDir, 'ledger'), { withFileTypes: true });
  const nodes = ledgers.filter((e) => e.isDirectory() && e.name !== LEDGER_CHANNEL);
  const manifest: Manifest = {
    format: 'pulseledger-network-snapshot',
    version: 1,
    createdAt: new Date().toISOString(),
    channel,
    nodes: nodes.map(({ name }) => name).sort(),
    files,
  };
  await writePrivate(join(unfinished, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`);
  await rename(unfinished, folder);
  return report(folder, manifest);
}

async function readManifest(folder: string): Promise<Manifest> {
  const text = await readIfPresent(join(folder, MANIFEST));
  if (text === undefined) {
    throw new SnapshotError(
      `${folder} is no snapshot, or an unfinished one: it has no ${MANIFEST}.`,
    );
  }
  try {
    return manifestSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new SnapshotError(`${join(folder, MANIFEST)} is damaged.`, { cause: error });
  }
}

/**
 * Checks every file of a snapshot against its manifest.
 *
 * @throws SnapshotError naming the first file that is missing, added or changed.
 */
export async function checkSnapshot(folder: string): Promise<Manifest> {
  const manifest = await readManifest(folder);
  const present = new Set(await filesBelow(folder));
  present.delete(MANIFEST);
  for (const file of manifest.files) {
    const found = present.delete(file.path) ? await describeFile(folder, file.path) : undefined;
    if (found?.sha256 === file.sha256) continue;
    const what = found === undefined ? 'is missing' : 'has changed';
    throw new SnapshotError(
      `The snapshot is damaged: ${file.path} ${what}. Nothing was restored; take another snapshot.`,
    );
  }
  const [extra] = present;
  if (extra === undefined) return manifest;
  throw new SnapshotError(
    `The snapshot is damaged: ${extra} does not belong to it. Nothing was restored.`,
  );
}

/**
 * Puts a snapshot in the place of a stopped network. Cut off in the middle, it can be run again; the network does not
 * start before it is done.
 *
 * @param replace what is there may be replaced.
 * @throws SnapshotError when the snapshot is damaged, the network runs, or there is one and `replace` is not set.
 */
export async function restoreSnapshot(
  dataDir: string,
  folder: string,
  replace: boolean,
): Promise<SnapshotReport> {
  await checkStopped(dataDir);
  const manifest = await checkSnapshot(folder);
  const marker = restoreMarker(dataDir);
  const isCutOff = await exists(marker);
  if (!isCutOff && !replace && (await exists(join(dataDir, 'ledger')))) {
    throw new SnapshotError(
      `${dataDir} holds a network, which would be lost. To replace it add --replace, or choose another --data.`,
    );
  }
  const staging = join(dataDir, 'restore.unfinished');
  await rm(staging, { recursive: true, force: true });
  for (const { path } of manifest.files) await copyWhole(join(folder, path), join(staging, path));
  await writePrivate(marker, `${JSON.stringify({ from: folder })}\n`);
  for (const part of PARTS) {
    await rm(join(dataDir, part), { recursive: true, force: true });
    await rename(join(staging, part), join(dataDir, part));
  }
  await rm(join(dataDir, 'run'), { recursive: true, force: true });
  await rm(staging, { recursive: true, force: true });
  await rm(marker);
  return report(dataDir, manifest);
}
