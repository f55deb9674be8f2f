import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import {
  connectAdmin,
  connectGateway,
  type DevnetClient,
  type DevnetControl,
  type DevnetProfile,
  defineNetwork,
} from '@pulseledger/network/devnet';
import { z } from 'zod';

const Ready = z.object({
  ready: z.literal(true),
  profile: z.string(),
  admin: z.string(),
  readyMs: z.number(),
});
const Profile: z.ZodType<DevnetProfile> = z.object({
  network: z.literal('devnet'),
  channel: z.string(),
  chaincode: z.string(),
  organizations: z.record(
    z.string(),
    z.object({
      mspId: z.string(),
      endpoint: z.string(),
      serverName: z.string(),
      tlsRootCertificatePem: z.string(),
    }),
  ),
});

/** Two organizations that both endorse and both hold the private collection `both`. */
const DEFINITION = defineNetwork({
  organizations: ['Org1MSP', 'Org2MSP'],
  chaincode: { name: 'load', endorsementPolicy: "AND('Org1MSP.peer','Org2MSP.peer')" },
  collections: [{ name: 'both', members: ['Org1MSP', 'Org2MSP'], maxPeerCount: 0 }],
});

export interface NetworkProcessOptions {
  /** Root of the checkout. */
  readonly checkout: string;
  readonly dataDir: string;
  readonly chaincodeAddress: string;
}

/** The devnet's command in a process of its own, as whoever kills it sees it. */
export class NetworkProcess {
  readonly child: ChildProcess;
  #readyMs: number | undefined;
  #admin = '';
  #profile: DevnetProfile | undefined;

  private constructor(child: ChildProcess) {
    this.child = child;
  }

  /** Starts the process and does not wait for it. */
  static async spawn(options: NetworkProcessOptions): Promise<NetworkProcess> {
    const { checkout, dataDir, chaincodeAddress } = options;
    const definition = join(dataDir, '..', 'definition.json');
    await writeFile(definition, JSON.stringify(DEFINITION));
    const command = join(checkout, 'network', 'devnet', 'src', 'main.ts');
    const args = ['run', '--data', dataDir, '--definition', definition, '--admin'];
    const child = spawn(process.execPath, [command, ...args, '--chaincode', chaincodeAddress], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    return new NetworkProcess(child);
  }

  get readyMs(): number {
    return this.#readyMs ?? Number.NaN;
  }

  /** Resolves when the network can be used; false when the process has ended before. */
  async ready(): Promise<boolean> {
    const { stdout } = this.child;
    if (stdout === null) return false;
    const lines = createInterface(stdout);
    for await (const line of lines) {
      const ready = Ready.parse(JSON.parse(line));
      this.#readyMs = ready.readyMs;
      this.#admin = ready.admin;
      this.#profile = Profile.parse(JSON.parse(await readFile(ready.profile, 'utf8')));
      lines.close();
      return true;
    }
    return false;
  }

  control(): Promise<DevnetControl> {
    return connectAdmin(this.#admin);
  }

  /** A client of the first organization's gateway. */
  async client(): Promise<DevnetClient> {
    if (this.#profile === undefined) throw new Error('The network is not ready.');
    const control = await this.control();
    return connectGateway(
      this.#profile,
      'org1',
      await control.issueIdentity({ organization: 'org1' }),
    );
  }

  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = once(this.child, 'exit');
    this.child.kill(signal);
    await exited;
  }
}
