import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { findPrograms } from '@pulseledger/network/fabric/channel';
import { packPrograms } from '../../infra/deploy/pack-programs.ts';
import type { Environment } from '../../infra/environments/environment.ts';
import { ENVIRONMENTS } from '../../infra/environments/environments.ts';
import { nodesOf } from '../../infra/lib/fabric/nodes.ts';
import { programsBucketName, secretPrefix } from '../../infra/lib/names.ts';
import { createEdges } from '../../infra/provision/edges.ts';
import { LocalNote, type NetworkRecord } from '../../infra/provision/network-record.ts';
import { Provisioning } from '../../infra/provision/provisioning.ts';
import { type Account, makeAccount } from './account.ts';
import { deploy } from './deployed.ts';
import { Machines } from './machines.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const POLL_MS = 50;
/** A machine that is no node: where functions are in the real network. */
const CLIENT = { host: 'client', address: '10.20.0.10' };

/** The environment `dev` with other numbers of nodes and organizations. */
export interface Wish {
  readonly hospitalPeers?: number;
  readonly laboratory?: boolean;
}

/** An environment on made-up machines, and the account in which it is deployed. */
export class World {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'pulse-machines-'));
  readonly account: Account;
  readonly machines: Machines;
  readonly steps: string[] = [];
  readonly #started = new Set<string>();
  #programs: Environment['nodePrograms'] | undefined;

  constructor() {
    const account = join(this.folder, 'account');
    mkdirSync(account);
    this.machines = new Machines(this.folder, account);
    this.account = makeAccount(account, (host, script) => this.machines.run(host, script));
  }

  environment({ hospitalPeers = 1, laboratory = false }: Wish = {}): Environment {
    const { dev } = ENVIRONMENTS;
    const more = { account: dev.account, provider: false, peers: 1, orderers: 0 };
    return {
      ...dev,
      nodePrograms: this.#programs ?? dev.nodePrograms,
      organizations: [
        ...dev.organizations.map((one) =>
          one.name === 'hospital' ? { ...one, peers: hospitalPeers } : one,
        ),
        ...(laboratory ? [{ ...more, name: 'laboratory', mspId: 'LaboratoryMSP' }] : []),
      ],
    };
  }

  /** Programs of this machine's own kind, packed as for EC2. */
  async pack(): Promise<void> {
    const { FABRIC_BIN = '' } = process.env;
    const sources = { root: ROOT, fabricFolder: FABRIC_BIN, nodeProgram: process.execPath };
    const { file, sha256 } = await packPrograms(sources, this.folder);
    this.usePacked(file, sha256);
    rmSync(file);
  }

  /** Machines fetch this archive. */
  usePacked(file: string, sha256: string): void {
    this.#programs = { key: 'programs.tar.gz', sha256 };
    const bucket = programsBucketName(this.environment());
    this.account.putObject(bucket, this.#programs.key, readFileSync(file));
  }

  /** Deploys the stacks and starts machines that are new: they run their user data, as EC2 lets them. */
  async deploy(wish: Wish = {}): Promise<void> {
    const environment = this.environment(wish);
    const userData = deploy(environment, this.account);
    const all = nodesOf(this.environment({ hospitalPeers: 3, laboratory: true }));
    const zone = [...all, CLIENT];
    const wanted = [...nodesOf(environment), ...(this.#started.size === 0 ? [CLIENT] : [])];
    const fresh = wanted.filter(({ host }) => !this.#started.has(host));
    await this.machines.start(fresh, zone);
    for (const { host } of fresh) {
      this.#started.add(host);
      const script = userData.get(host);
      // Keys are not there yet, so it ends with an error; everything before has been done.
      if (script !== undefined) await this.machines.execute(host, 'bash', '-c', script);
    }
  }

  async provision(wish: Wish = {}): Promise<NetworkRecord> {
    const environment = this.environment(wish);
    const workFolder = mkdtempSync(join(this.folder, 'work-'));
    this.steps.length = 0;
    try {
      return await new Provisioning({
        environment,
        edges: createEdges(environment, { clientsOf: () => this.account.clients, pollMs: POLL_MS }),
        programs: findPrograms(),
        workFolder,
        note: new LocalNote(join(this.folder, 'notes'), environment),
        onStep: (step) => this.steps.push(step),
      }).run();
    } finally {
      rmSync(workFolder, { recursive: true, force: true });
    }
  }

  /** Commits a transaction as a function would, from outside of every node's machine. */
  async commitOne(): Promise<string> {
    const environment = this.environment();
    const profile = join(this.folder, 'profile.json');
    const issuing = join(this.folder, 'issuing.json');
    const parameter = `/pulseledger/${environment.name}/fabric/connection-profile`;
    writeFileSync(profile, this.account.parameter(parameter) ?? '');
    writeFileSync(issuing, this.secret('issuing-ca/hospital') ?? '', { mode: 0o600 });
    const program = join(import.meta.dirname, 'commit-one.ts');
    const { stdout, stderr } = await this.machines.execute(
      CLIENT.host,
      process.execPath,
      program,
      profile,
      issuing,
    );
    return stdout.trim() === '' ? stderr : stdout.trim();
  }

  secret(name: string): string | undefined {
    return this.account.secret(`${secretPrefix(this.environment())}/${name}`);
  }

  async stop(): Promise<void> {
    await this.machines.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
