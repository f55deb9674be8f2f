import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, realpathSync } from 'node:fs';
import { chmod, cp, lstat, mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { createGzip } from 'node:zlib';
import { dependenciesOf } from './dependencies.ts';

const run = promisify(execFile);
const CHAINCODE = 'chaincode';
/** What machines run, and what administers them from beside. */
const FABRIC_PROGRAMS = ['peer', 'orderer', 'osnadmin'] as const;
/** Order, owners and times that say nothing, so that the same files give the same archive. */
const REPEATABLE = ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner'];
/** Most of it are programs, which the best level makes 10 % smaller in ten times the time. */
const QUICK = 1;
const MOST_OUTPUT_BYTES = 1024 * 1024;

export interface ProgramSources {
  /** This project, installed and built. */
  readonly root: string;
  /** Folder with Fabric's `peer`, `orderer` and `osnadmin` for the machines. */
  readonly fabricFolder: string;
  /** Node for the machines. */
  readonly nodeProgram: string;
}

/** What machines run, as one archive. */
export interface ProgramArchive {
  readonly file: string;
  readonly sha256: string;
}

/** Tests and what only a compiler reads. */
function isNeeded(file: string): boolean {
  const name = basename(file);
  return !/\.(?:test\.(?:js|ts)|d\.[cm]?ts|map)$/.test(name) && name !== 'testing';
}

async function copyPackage(root: string, stage: string, folder: string): Promise<void> {
  const from = join(root, folder);
  const to = join(stage, folder);
  await mkdir(dirname(to), { recursive: true });
  if ((await lstat(from)).isSymbolicLink()) {
    // Node strips types outside of node_modules only, so a workspace stays a link beside it.
    const real = relative(realpathSync(root), realpathSync(from));
    await symlink(relative(dirname(folder), real), to);
    await cp(join(root, real), join(stage, real), { recursive: true, filter: isOwnFile });
    return;
  }
  await cp(from, to, { recursive: true, filter: (file) => file === from || isOwnFile(file) });
}

/** Packages inside of others are in the list by themselves. */
function isOwnFile(file: string): boolean {
  return basename(file) !== 'node_modules' && isNeeded(file);
}

async function stageFiles(stage: string, sources: ProgramSources): Promise<void> {
  const { root, fabricFolder, nodeProgram } = sources;
  await mkdir(join(stage, 'bin'), { recursive: true });
  const programs = FABRIC_PROGRAMS.map((name) => [name, join(fabricFolder, name)] as const);
  for (const [name, from] of [...programs, ['node', nodeProgram] as const]) {
    await cp(from, join(stage, 'bin', name), { dereference: true });
    await chmod(join(stage, 'bin', name), 0o755);
  }
  const chaincode = join(stage, CHAINCODE);
  await mkdir(chaincode, { recursive: true });
  await cp(join(root, CHAINCODE, 'package.json'), join(chaincode, 'package.json'));
  const dist = join(root, CHAINCODE, 'dist');
  await cp(dist, join(chaincode, 'dist'), { recursive: true, filter: isNeeded });
  for (const folder of await dependenciesOf(root, CHAINCODE)) {
    await copyPackage(root, stage, folder);
  }
}

async function isGnuTar(): Promise<boolean> {
  const { stdout } = await run('tar', ['--version']);
  return stdout.includes('GNU tar');
}

async function hashOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

/**
 * Packs what machines run: Fabric's programs, Node, the chaincode and what it depends on.
 *
 * @throws Error when one of them is not there.
 */
export async function packPrograms(sources: ProgramSources, into: string): Promise<ProgramArchive> {
  const stage = await mkdtemp(join(tmpdir(), 'pulse-programs-'));
  const tarFile = `${stage}.tar`;
  try {
    await stageFiles(stage, sources);
    const flags = (await isGnuTar()) ? REPEATABLE : [];
    const args = ['-cf', tarFile, ...flags, '-C', stage, '.'];
    await run('tar', args, { maxBuffer: MOST_OUTPUT_BYTES });
    const file = join(into, 'programs.tar.gz');
    await mkdir(into, { recursive: true });
    await pipeline(
      createReadStream(tarFile),
      createGzip({ level: QUICK }),
      createWriteStream(file),
    );
    return { file, sha256: await hashOf(file) };
  } finally {
    await rm(stage, { recursive: true, force: true });
    await rm(tarFile, { force: true });
  }
}

/** What an executable file is for, from its ELF header; undefined when it is none. */
export async function machineOf(program: string): Promise<'x64' | 'arm64' | undefined> {
  const header = (await readFile(program)).subarray(0, ELF_HEADER_BYTES);
  if (!header.subarray(0, 4).equals(Buffer.from('\x7fELF', 'latin1'))) return undefined;
  const machine = header.readUInt16LE(ELF_MACHINE_AT);
  return machine === ELF_AARCH64 ? 'arm64' : machine === ELF_X86_64 ? 'x64' : undefined;
}

const ELF_HEADER_BYTES = 20;
const ELF_MACHINE_AT = 18;
const ELF_AARCH64 = 183;
const ELF_X86_64 = 62;
