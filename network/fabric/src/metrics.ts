import { get } from 'node:http';
import type { Address } from './render/layout.ts';

const TIMEOUT_MS = 2_000;
const MAX_BYTES = 4 * 1024 * 1024;
const RAFT_LEADER = 'consensus_etcdraft_is_leader';
const BFT_LEADER = 'consensus_BFT_is_leader';
const HEIGHT = 'ledger_blockchain_height';

/** Values of one channel by metric name. */
export type ChannelMetrics = ReadonlyMap<string, number>;

async function fetchText(
  address: Address,
  path: string,
): Promise<{ status: number; text: string } | undefined> {
  return new Promise((resolve) => {
    const request = get({ ...address, path, timeout: TIMEOUT_MS, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => {
        text += part;
        if (text.length > MAX_BYTES) request.destroy();
      });
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, text });
      });
      response.on('error', () => {
        resolve(undefined);
      });
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => {
      resolve(undefined);
    });
  });
}

/**
 * A node's own metrics (Prometheus text format) that belong to the channel.
 *
 * @returns undefined when the node does not answer.
 */
export async function readMetrics(
  operations: Address,
  channel: string,
): Promise<ChannelMetrics | undefined> {
  const answer = await fetchText(operations, '/metrics');
  if (answer === undefined) return undefined;
  const label = `channel="${channel}"`;
  return new Map(
    answer.text
      .split('\n')
      .filter((line) => line.includes(label))
      .map((line) => [line.slice(0, line.indexOf('{')), Number(line.slice(line.lastIndexOf(' ')))]),
  );
}

/** Whether an orderer leads the others; undefined when its metrics do not tell. */
export function isLeader(metrics: ChannelMetrics | undefined): boolean | undefined {
  const value = metrics?.get(RAFT_LEADER) ?? metrics?.get(BFT_LEADER);
  return value === undefined ? undefined : value === 1;
}

/** How many blocks a node has. */
export function heightOf(metrics: ChannelMetrics | undefined): number | undefined {
  return metrics?.get(HEIGHT);
}

/** Whether a node calls itself healthy; undefined when it does not answer. */
export async function isHealthy(operations: Address): Promise<boolean | undefined> {
  const answer = await fetchText(operations, '/healthz');
  return answer === undefined ? undefined : answer.status === 200;
}
