import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { accepts, eventually } from '../../processes/src/index.ts';
import { startChaincodeService } from './index.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pulse-chaincode-'));
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const CONTRACT_API = resolve('node_modules/fabric-contract-api');

async function chaincode(name: string, source: string): Promise<string> {
  const dir = join(folder, name);
  await mkdir(dir, { recursive: true });
  const description = { name, version: '1.0.0', main: 'index.js' };
  await writeFile(join(dir, 'package.json'), JSON.stringify(description));
  await writeFile(join(dir, 'index.js'), source);
  return dir;
}

const WORKING = `
const { Contract } = require(${JSON.stringify(CONTRACT_API)});
class Empty extends Contract { async nothing() {} }
exports.contracts = [Empty];`;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function options(dir: string, port: number) {
  return {
    address: `127.0.0.1:${port}`,
    chaincodeId: 'test_1.0:00',
    logFile: join(folder, `${port}.log`),
    folder: dir,
  };
}

describe('the chaincode as a service', () => {
  test('listens once started, comes back after a crash and frees its port when stopped', async () => {
    const port = await freePort();
    const crashes: string[] = [];
    const service = await startChaincodeService({
      ...options(await chaincode('working', WORKING), port),
      onCrash: (message) => crashes.push(message),
    });
    expect(await accepts('127.0.0.1', port)).toBe(true);
    const pid = service.process.pid()!;
    process.kill(pid, 'SIGKILL');
    const back = async (): Promise<boolean> =>
      service.process.pid() !== pid && crashes.length > 0 && accepts('127.0.0.1', port);
    expect(await eventually(back, 20_000)).toBe(true);
    expect(crashes).toHaveLength(1);
    await service.stop();
    expect(await accepts('127.0.0.1', port)).toBe(false);
  });

  test('that dies at once is given up, with its last words', async () => {
    const dir = await chaincode('broken', 'throw new Error("no such luck");');
    const port = await freePort();
    await expect(startChaincodeService(options(dir, port))).rejects.toThrow('no such luck');
    expect(await readFile(join(folder, `${port}.log`), 'utf8')).toContain('no such luck');
  });

  test('that is not built says how to build it', async () => {
    const dir = await chaincode('unbuilt', '');
    await rm(join(dir, 'index.js'));
    const starting = startChaincodeService(options(dir, await freePort()));
    await expect(starting).rejects.toThrow('Run: npm run build');
  });

  test('does not start on a port that somebody else has', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const dir = await chaincode('unlucky', WORKING);
    await expect(startChaincodeService(options(dir, port))).rejects.toThrow(`Port ${port}`);
    server.close();
  });

  test('tells the contract whose peer it serves', async () => {
    const port = await freePort();
    const loud = `console.error('serves ' + process.env.CORE_PEER_LOCALMSPID);${WORKING}`;
    const service = await startChaincodeService({
      ...options(await chaincode('loud', loud), port),
      mspId: 'Org7MSP',
    });
    await service.stop();
    expect(await readFile(join(folder, `${port}.log`), 'utf8')).toContain('serves Org7MSP');
  });
});
