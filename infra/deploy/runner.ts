import { spawn } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HeadObjectCommand, NotFound, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { Environment } from '../environments/environment.ts';
import { programsBucketName } from '../lib/names.ts';
import { awsClients, type Profiles } from '../provision/aws-clients.ts';
import { ProvisionError } from '../provision/errors.ts';
import { Parameters, tellParameters } from '../provision/parameters.ts';
import { fetchArm64Node } from './arm64-node.ts';
import { fetchFabricRelease } from './fabric-release.ts';
import { machineOf, type ProgramArchive, packPrograms } from './pack-programs.ts';
import { type Command, type DeployStep, deploymentSteps, UNPACKED } from './steps.ts';

export interface RunOptions {
  readonly root: string;
  readonly environment: Environment;
  readonly profiles: Profiles;
  /** Where Fabric's programs for linux/arm64 are, or the hash of the release that has them. */
  readonly fabric: { readonly folder: string } | { readonly sha256: string };
  /** Asks nobody before rights become wider. */
  readonly yes: boolean;
  readonly say: (text: string) => void;
}

async function spawned(
  options: RunOptions,
  program: string,
  args: readonly string[],
): Promise<void> {
  const { root } = options;
  const code = await new Promise<number | null>((done, fail) => {
    const child = spawn(program, args, { cwd: root, stdio: 'inherit' });
    child.on('error', fail);
    child.on('exit', done);
  });
  if (code === 0) return;
  throw new ProvisionError(
    `"${program} ${args.slice(0, 2).join(' ')}" ended with ${code ?? 'a signal'}; what it said stands above. ` +
      'Mend that and run the same command again: what is done is not done twice.',
  );
}

class DeployRunner {
  readonly #options: RunOptions;
  readonly #folder: string;
  #archive: ProgramArchive | undefined;

  constructor(options: RunOptions, folder: string) {
    this.#options = options;
    this.#folder = folder;
  }

  async run(): Promise<void> {
    const { environment, profiles, say } = this.#options;
    const unpacked = deploymentSteps({ environment, profiles, programs: UNPACKED });
    for (const [index, { title }] of unpacked.entries()) {
      say(`${index + 1}/${unpacked.length} ${title}`);
      // Later steps name the archive that an earlier one has packed.
      const programs = this.#archive === undefined ? UNPACKED : packed(this.#archive);
      const step: DeployStep | undefined = deploymentSteps({ environment, profiles, programs })[
        index
      ];
      for (const command of step?.commands ?? []) await this.#execute(command);
    }
  }

  async #execute({ program, args }: Command): Promise<void> {
    const { root, yes } = this.#options;
    switch (program) {
      case 'build':
        return spawned(this.#options, process.execPath, [join(root, 'scripts', 'build.js')]);
      case 'pack':
        this.#archive = await this.#pack();
        return;
      case 'upload':
        return this.#upload();
      case 'tell':
        return this.#tell(args);
      case 'provision':
        return spawned(this.#options, process.execPath, [
          join(root, 'infra', 'provision', 'main.ts'),
          ...args,
        ]);
      default: {
        const approval = yes && args[0] === 'deploy' ? ['--require-approval', 'never'] : [];
        const cdk = join(root, 'node_modules', '.bin', 'cdk');
        return spawned(this.#options, cdk, [...args, ...approval]);
      }
    }
  }

  async #pack(): Promise<ProgramArchive> {
    const { root, fabric } = this.#options;
    const fabricFolder =
      'folder' in fabric
        ? fabric.folder
        : await fetchFabricRelease(fabric.sha256, join(this.#folder, 'fabric'));
    const peer = join(fabricFolder, 'peer');
    if ((await machineOf(peer)) !== 'arm64') {
      throw new ProvisionError(
        `${peer} is no program for linux/arm64, and the machines are Graviton. Name another folder with --fabric.`,
      );
    }
    const nodeProgram = await fetchArm64Node(root, join(this.#folder, 'node'));
    return packPrograms({ root, fabricFolder, nodeProgram }, this.#folder);
  }

  async #tell([account = '', ...names]: readonly string[]): Promise<void> {
    const { environment, profiles } = this.#options;
    const clientsOf = awsClients(environment, profiles);
    const from = new Parameters(clientsOf(environment.account).ssm);
    await tellParameters(from, new Parameters(clientsOf(account).ssm), names);
  }

  /** The name says the content, so what lies there already is the same. */
  async #upload(): Promise<void> {
    const { environment, profiles, say } = this.#options;
    if (this.#archive === undefined) throw new TypeError('Nothing is packed.');
    const { file, sha256 } = this.#archive;
    const profile = profiles[environment.account];
    const client = new S3Client({
      region: environment.region,
      ...(profile === undefined ? {} : { profile }),
    });
    const place = {
      Bucket: programsBucketName(environment),
      Key: packed({ file, sha256 }).key,
    };
    try {
      await client.send(new HeadObjectCommand(place));
      say(`${place.Key} is there already`);
    } catch (error) {
      if (!(error instanceof NotFound)) throw error;
      const { size } = await stat(file);
      const Body = createReadStream(file);
      await client.send(new PutObjectCommand({ ...place, Body, ContentLength: size }));
    } finally {
      client.destroy();
    }
  }
}

function packed({ sha256 }: ProgramArchive): { key: string; sha256: string } {
  return { key: `programs-${sha256.slice(0, NAME_CHARACTERS)}.tar.gz`, sha256 };
}

const NAME_CHARACTERS = 16;

/**
 * Carries out a deployment step by step; what was done before is found done.
 *
 * @throws ProvisionError saying which step failed and what to do.
 */
export async function carryOut(options: RunOptions): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'pulse-deploy-'));
  try {
    await new DeployRunner(options, folder).run();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
