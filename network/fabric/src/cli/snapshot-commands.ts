import { resolve } from 'node:path';
import { restoreSnapshot, type SnapshotReport, takeSnapshot } from '../snapshot/snapshot.ts';
import { networkStatus } from '../status.ts';
import { type CommonOptions, conclude } from './output.ts';

const MEGABYTE = 1024 * 1024;

function describe({ files, bytes }: SnapshotReport): string {
  return `${files} files, ${(bytes / MEGABYTE).toFixed(1)} MB`;
}

export async function snapshot(options: CommonOptions & { to: string }): Promise<void> {
  const { channel } = await networkStatus(options.data);
  const report = await takeSnapshot(options.data, resolve(options.to), channel);
  conclude(
    options,
    report,
    `Snapshot in ${report.folder} (${describe(report)}). It holds private keys and personal data.`,
  );
}

export async function restore(
  options: CommonOptions & { from: string; replace?: boolean },
): Promise<void> {
  const from = resolve(options.from);
  const report = await restoreSnapshot(options.data, from, options.replace === true);
  conclude(options, report, `Restored (${describe(report)}). Start it with: up`);
}
