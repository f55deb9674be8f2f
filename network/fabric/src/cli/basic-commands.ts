import { startDaemon, stopDaemon } from '../daemon.ts';
import { prepareDataFolder } from '../data-folder.ts';
import { findPrograms } from '../programs.ts';
import { runningPid } from '../run-file.ts';
import { type NetworkStatus, type NodeStatus, networkStatus } from '../status.ts';
import { type CommonOptions, conclude, EXIT, note } from './output.ts';

export async function up(options: CommonOptions & { consensus?: string }): Promise<void> {
  const { data, consensus } = options;
  findPrograms();
  await prepareDataFolder(data);
  const before = await runningPid(data);
  if (before !== undefined) {
    const { profile } = await networkStatus(data);
    const answer = { ready: true, alreadyRunning: true, pid: before, profile };
    conclude(options, answer, `Runs already (process ${before}).`);
    return;
  }
  const ready = await startDaemon(data, consensus, note);
  const seconds = (ready.readyMs / 1000).toFixed(1);
  conclude(
    options,
    { ...ready, alreadyRunning: false },
    `The network is up after ${seconds} s (process ${ready.pid}).\nConnection profile: ${ready.profile}`,
  );
}

export async function down(options: CommonOptions & { wipe?: boolean }): Promise<void> {
  const wiped = options.wipe === true;
  const stopped = await stopDaemon(options.data, wiped);
  const words = stopped ? 'The network is stopped.' : 'The network was not running.';
  conclude(options, { stopped, wiped }, words);
}

function describeNode(node: NodeStatus): string {
  const state = node.up ? (node.healthy === false ? 'SICK' : 'up  ') : 'DOWN';
  return [
    `${state}  ${node.name.padEnd(36)} ${node.endpoint.padEnd(16)}`,
    node.height === undefined ? '' : `${node.height} blocks`,
    node.leader === true ? 'leader' : '',
    node.pid === undefined ? '' : `process ${node.pid}`,
    node.crashes === undefined || node.crashes === 0 ? '' : `${node.crashes} crashes`,
  ]
    .filter((part) => part !== '')
    .join('  ');
}

function describeStatus(status: NetworkStatus): string {
  if (!status.running) return 'The network is not running.';
  const ends = status.nodes.flatMap((node) => node.certificatesEnd ?? []).sort();
  return [
    `Channel ${status.channel} (${status.consensus ?? 'raft'}), chaincode ${status.chaincodeVersion ?? 'none'}, ` +
      `process ${String(status.pid)}`,
    ...status.nodes.map(describeNode),
    ...(ends[0] === undefined ? [] : [`First certificate of a node ends ${ends[0].slice(0, 10)}.`]),
    ...(status.unfinished === undefined
      ? []
      : [`Unfinished: ${status.unfinished}. Go on with: resume`]),
  ].join('\n');
}

export async function status(options: CommonOptions): Promise<void> {
  const found = await networkStatus(options.data);
  conclude(options, found, describeStatus(found));
  if (!found.running) process.exitCode = EXIT.notRunning;
  else if (found.nodes.length === 0 || found.nodes.some((n) => !n.up || n.healthy === false)) {
    process.exitCode = EXIT.failed;
  }
}
