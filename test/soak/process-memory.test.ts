import { existsSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { descendants, memoryBelow, processName } from './process-memory.ts';

test('only the processes under the root are counted, grandchildren too', () => {
  const listing = [
    '  10   1  2048 node test/soak/main.ts',
    '  11  10  1024 /usr/bin/node /home/x/local/src/cloud/main.ts --port 1',
    '  12  11   512 /opt/fabric/peer node start',
    '  99   1  4096 node other.ts',
  ].join('\n');

  expect(descendants(listing, 10)).toEqual([
    { pid: 10, name: 'test/soak/main', bytes: 2_097_152 },
    { pid: 11, name: 'cloud/main', bytes: 1_048_576 },
    { pid: 12, name: 'peer', bytes: 524_288 },
  ]);
});

test('a process has the same name wherever the checkout lies', () => {
  expect(processName('node /a/b/local/src/cloud/main.ts x')).toBe('cloud/main');
  expect(processName('node /c/local/src/cloud/main.ts y')).toBe('cloud/main');
});

test('the own process is found with what it holds itself, without the pages of mapped files', async () => {
  const found = await memoryBelow(process.pid);

  const { bytes = 0 } = found.find(({ pid }) => pid === process.pid) ?? {};
  expect(bytes).toBeGreaterThan(0);
  if (existsSync('/proc/self/status')) expect(bytes).toBeLessThan(process.memoryUsage.rss());
});
