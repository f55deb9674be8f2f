import { get } from 'node:http';
import { HOST } from './layout.ts';

const TIMEOUT_MS = 2_000;
const MAX_BYTES = 4 * 1024 * 1024;

async function fetchText(port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const request = get(
      { host: HOST, port, path: '/metrics', timeout: TIMEOUT_MS, agent: false },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (part: string) => {
          text += part;
          if (text.length > MAX_BYTES) request.destroy();
        });
        response.on('end', () => {
          resolve(text);
        });
        response.on('error', () => {
          resolve(undefined);
        });
      },
    );
    request.on('timeout', () => request.destroy());
    request.on('error', () => {
      resolve(undefined);
    });
  });
}

/**
 * A value of a node's own metrics (Prometheus text format), for the channel.
 *
 * @returns undefined when the node does not answer or has no such value yet.
 */
export async function readMetric(
  operationsPort: number,
  name: string,
  channel: string,
): Promise<number | undefined> {
  const text = await fetchText(operationsPort);
  const line = text
    ?.split('\n')
    .find((l) => l.startsWith(`${name}{`) && l.includes(`channel="${channel}"`));
  return line === undefined ? undefined : Number(line.slice(line.lastIndexOf(' ') + 1));
}
