import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { keepPorts, PortTakenError } from './ports.ts';
import { findPrograms, MissingProgramsError, PROGRAMS } from './programs.ts';
import { chaincodePackage, packageId } from './render/chaincode-package.ts';
import { BUILDER_SCRIPTS } from './render/external-builder.ts';
import { ProgramError, runProgram } from './run-program.ts';

const run = promisify(execFile);
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pulse-fabric-'));
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe("Fabric's programs", () => {
  async function folderWith(name: string, programs: readonly string[]): Promise<string> {
    const bin = join(folder, name);
    await mkdir(bin, { recursive: true });
    for (const program of programs) {
      await writeFile(join(bin, program), '#!/bin/sh\n');
      await chmod(join(bin, program), 0o755);
    }
    return bin;
  }

  test('are found in FABRIC_BIN before PATH', async () => {
    const chosen = await folderWith('chosen', PROGRAMS);
    const path = await folderWith('path', PROGRAMS);
    expect(findPrograms({ FABRIC_BIN: chosen, PATH: path }).peer).toBe(join(chosen, 'peer'));
    expect(findPrograms({ PATH: `/nowhere:${path}` }).orderer).toBe(join(path, 'orderer'));
  });

  test('that are missing are named, with where was searched and the official way to get them', async () => {
    const some = await folderWith('some', ['peer', 'orderer']);
    const find = (): unknown => findPrograms({ FABRIC_BIN: some });
    expect(find).toThrow(MissingProgramsError);
    expect(find).toThrow(/missing: configtxgen, configtxlator, osnadmin\.\nSearched: FABRIC_BIN/);
    expect(find).toThrow('install-fabric.sh');
    expect(() => findPrograms({ PATH: '' })).toThrow('FABRIC_BIN is not set');
  });

  test('that cannot be executed do not count', async () => {
    const bin = await folderWith('plain', PROGRAMS);
    await chmod(join(bin, 'peer'), 0o644);
    expect(() => findPrograms({ FABRIC_BIN: bin })).toThrow('missing: peer.');
  });

  test('that fail are told with their last words', async () => {
    const failing = runProgram('/bin/sh', ['-c', 'echo out; echo no such channel >&2; exit 3']);
    await expect(failing).rejects.toThrow(ProgramError);
    await expect(failing).rejects.toThrow('no such channel');
  });
});

describe('ports', () => {
  test('are chosen once and kept', async () => {
    const file = join(folder, 'ports.json');
    const first = await keepPorts(file, ['a/grpc', 'b/grpc']);
    const again = await keepPorts(file, ['a/grpc', 'b/grpc', 'c/grpc']);
    expect(again).toMatchObject(first);
    expect(new Set(Object.values(again)).size).toBe(3);
    // Below every range of ephemeral ports, or an outgoing connection could have one at the next start.
    expect(Math.max(...Object.values(again))).toBeLessThan(32_768);
  });

  test('that somebody else has meanwhile are named', async () => {
    const file = join(folder, 'taken.json');
    const { 'a/grpc': port } = await keepPorts(file, ['a/grpc']);
    const server = createServer().listen(port, '127.0.0.1');
    await once(server, 'listening');
    const keeping = keepPorts(file, ['a/grpc']);
    await expect(keeping).rejects.toThrow(PortTakenError);
    await expect(keeping).rejects.toThrow(`Port ${port} of a/grpc is taken`);
    server.close();
  });

  test("of another network's folder are not touched", async () => {
    const file = join(folder, 'other.json');
    await writeFile(file, '{"version":1,"gateways":{}}');
    await expect(keepPorts(file, ['a/grpc'])).rejects.toThrow('another --data folder');
    expect(await readFile(file, 'utf8')).toBe('{"version":1,"gateways":{}}');
  });
});

describe('a chaincode package', () => {
  test('is a tar file with connection and metadata, known by its own hash', async () => {
    const bytes = chaincodePackage('pulse_1.0', '127.0.0.1:9999');
    const dir = join(folder, 'package');
    await mkdir(dir);
    await writeFile(join(dir, 'package.tgz'), bytes);
    await run('tar', ['-xzf', 'package.tgz'], { cwd: dir });
    await run('tar', ['-xzf', 'code.tar.gz'], { cwd: dir });
    const metadata: unknown = JSON.parse(await readFile(join(dir, 'metadata.json'), 'utf8'));
    const connection: unknown = JSON.parse(await readFile(join(dir, 'connection.json'), 'utf8'));
    expect(metadata).toEqual({ type: 'ccaas', label: 'pulse_1.0' });
    expect(connection).toMatchObject({ address: '127.0.0.1:9999', tls_required: false });
    expect(packageId('pulse_1.0', bytes)).toBe(
      `pulse_1.0:${createHash('sha256').update(bytes).digest('hex')}`,
    );
  });

  test('has the same bytes for the same chaincode', () => {
    const one = chaincodePackage('pulse_1.0', '127.0.0.1:9999');
    expect(chaincodePackage('pulse_1.0', '127.0.0.1:9999')).toEqual(one);
    expect(chaincodePackage('pulse_1.0', '127.0.0.1:9998')).not.toEqual(one);
  });
});

describe('the external builder', () => {
  async function script(name: keyof typeof BUILDER_SCRIPTS): Promise<string> {
    const file = join(folder, name);
    await writeFile(file, BUILDER_SCRIPTS[name]);
    await chmod(file, 0o755);
    return resolve(file);
  }

  async function metadata(name: string, type: string): Promise<string> {
    const dir = join(folder, name);
    await mkdir(dir);
    await writeFile(join(dir, 'metadata.json'), JSON.stringify({ type, label: 'x' }));
    return dir;
  }

  test('takes chaincode as a service and nothing else', async () => {
    const detect = await script('detect');
    await run(detect, [folder, await metadata('service', 'ccaas')]);
    await expect(run(detect, [folder, await metadata('golang', 'golang')])).rejects.toThrow();
  });

  test("hands the package's connection on to the peer", async () => {
    const [source, output, release] = await Promise.all(
      ['source', 'output', 'release'].map(async (name) => {
        await mkdir(join(folder, 'phases', name), { recursive: true });
        return join(folder, 'phases', name);
      }),
    );
    await writeFile(join(source!, 'connection.json'), '{"address":"here"}');
    await run(await script('build'), [source!, source!, output!]);
    await run(await script('release'), [output!, release!]);
    const released = join(release!, 'chaincode', 'server', 'connection.json');
    expect(await readFile(released, 'utf8')).toBe('{"address":"here"}');
  });
});
