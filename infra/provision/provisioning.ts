import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { NetworkDefinition } from '@pulseledger/network/definition';
import {
  awaitChaincode,
  bringChaincode,
  connectionProfile,
  type FabricTools,
  joinOrderer,
  joinPeer,
  makeGenesisBlock,
  reconcileChannel,
} from '@pulseledger/network/fabric/channel';
import {
  chaincodePackage,
  type Layout,
  packageLabel,
  renderCollections,
} from '@pulseledger/network/fabric/render';
import { eventually } from '@pulseledger/network/processes';
import type { Environment } from '../environments/environment.ts';
import { machineLayout } from '../lib/fabric/machine-layout.ts';
import { definitionOf, type FabricNode, nodesOf } from '../lib/fabric/nodes.ts';
import { parameterName } from '../lib/shared-value.ts';
import { AdministratorCalls } from './administrator-calls.ts';
import { withAdministrators } from './administrators.ts';
import type { Edges } from './edges.ts';
import { ProvisionError } from './errors.ts';
import { KeyStore } from './key-store.ts';
import { bringUp, knownPeers, LEADS } from './machine-scripts.ts';
import { type LocalNote, type NetworkRecord, readRecord, writeRecord } from './network-record.ts';
import type { AuthorChanges } from './note-authors.ts';
import { provideNoteKey } from './note-keys.ts';
import { applySettings, type RecordSettings, settingsHash } from './record-settings.ts';
import { ADMINISTRATION, type RemoteToolsOptions, remoteTools } from './remote-tools.ts';

export interface ProvisioningOptions {
  readonly environment: Environment;
  readonly edges: Edges;
  /** Fabric's programs here. */
  readonly programs: RemoteToolsOptions['programs'];
  /** A private folder for the keys while they are made. */
  readonly workFolder: string;
  readonly note: LocalNote;
  /**
   * Changes of groups of authors, by provider.
   *
   * @default - their members stay
   */
  readonly noteAuthors?: Readonly<Record<string, AuthorChanges>>;
  /** Told of each step that is done. */
  readonly onStep: (step: string, tookMs: number) => void;
}

const LEADER_TIMEOUT_MS = 2 * 60_000;
/** Peers of other organizations are heard of in turns of 25 seconds. */
const GOSSIP_TIMEOUT_MS = 5 * 60_000;
const POLL_MS = 2_000;

/**
 * Makes a network out of an environment's machines, or brings it to what the environment's table says now: keys that
 * are missing, machines that lack something, members and peers that have come since, the chaincode. Every step looks
 * first whether it is done, so the same again goes on after whatever cut it off.
 */
export class Provisioning {
  readonly #options: ProvisioningOptions;
  readonly #definition: NetworkDefinition;
  readonly #layout: Layout;
  readonly #keysFolder: string;
  #record: NetworkRecord | undefined;

  constructor(options: ProvisioningOptions) {
    this.#options = options;
    this.#definition = definitionOf(options.environment);
    this.#layout = machineLayout(this.#definition, ADMINISTRATION);
    this.#keysFolder = join(options.workFolder, 'keys');
  }

  /** @throws ProvisionError, ProgramError, MachineCommandError and errors of the AWS SDK. */
  async run(): Promise<NetworkRecord> {
    const { edges, environment, note } = this.#options;
    this.#record = await readRecord(edges.common.parameters, environment);
    await note.check(environment.account, this.#record);
    this.#checkOrderers();
    await this.#step('keys and certificates', () => this.#keys());
    const isNew = this.#record?.chaincode === undefined;
    const published = await this.#step('first block of the channel', () => this.#publish());
    await this.#machines(isNew);
    await withAdministrators(edges, this.#keysFolder, this.#definition, async () => {
      const { programs } = this.#options;
      const options = { edges, programs, keysFolder: this.#keysFolder, published };
      const tools = remoteTools(options);
      await this.#channel(tools, isNew);
      await this.#settings(tools);
    });
    await this.#step('connection profile', () => this.#publishProfile());
    const record = this.#known();
    await note.check(environment.account, record);
    return record;
  }

  #known(): NetworkRecord {
    if (this.#record === undefined) throw new TypeError('There is no channel yet.');
    return this.#record;
  }

  async #keep(record: NetworkRecord): Promise<void> {
    const { edges, environment } = this.#options;
    await writeRecord(edges.common.parameters, environment, record);
    this.#record = record;
  }

  async #step<T>(step: string, work: () => Promise<T>): Promise<T> {
    const startedAt = performance.now();
    const result = await work();
    this.#options.onStep(step, Math.round(performance.now() - startedAt));
    return result;
  }

  /** One that leaves or joins changes who decides: that is done one at a time, by hand. */
  #checkOrderers(): void {
    const before = this.#record?.orderers;
    const now = this.#layout.orderers.map(({ host }) => host);
    if (before === undefined || before.toSorted().join() === now.toSorted().join()) return;
    throw new ProvisionError(
      `The channel was made with the orderers ${before.join(', ')}, and the table names ${now.join(', ')}. ` +
        'Provisioning adds peers and organizations, not orderers: put the former ones back into the table.',
    );
  }

  async #keys(): Promise<void> {
    const { edges } = this.#options;
    for (const organization of this.#definition.organizations) {
      const places = {
        own: edges.of(organization.name).secrets,
        common: edges.common.secrets,
      };
      const store = new KeyStore(places, this.#keysFolder, organization);
      await store.restore();
      await store.issue(this.#definition);
      await store.save();
    }
  }

  /** What machines fetch: the first block, the packages, the collections. @returns hashes by path there. */
  async #publish(): Promise<Record<string, string>> {
    const { objects } = this.#options.edges.common;
    const layout = this.#layout;
    if (this.#record === undefined) await this.#makeChannel();
    const { genesis } = this.#known();
    await objects.get(genesis);
    const collections = await objects.put(Buffer.from(renderCollections(layout)));
    const published = { [layout.genesisBlockFile]: genesis, [layout.collectionsFile]: collections };
    for (const { grpc, packageFile } of layout.chaincodes) {
      const bytes = chaincodePackage(packageLabel(layout), `${grpc.host}:${grpc.port}`);
      published[packageFile] = await objects.put(bytes);
    }
    return published;
  }

  async #makeChannel(): Promise<void> {
    const { edges, workFolder, programs } = this.#options;
    const folder = join(workFolder, 'channel');
    const file = join(folder, 'genesis.block');
    await mkdir(folder, { recursive: true });
    const tools = remoteTools({ edges, programs, keysFolder: this.#keysFolder, published: {} });
    await makeGenesisBlock(this.#layout, tools, { folder, file });
    // The block is in its place before anything says that it is.
    const genesis = await edges.common.objects.put(await readFile(file));
    await this.#keep({
      version: 1,
      genesis,
      orderers: this.#layout.orderers.map(({ host }) => host),
      members: this.#definition.organizations.map(({ mspId }) => mspId),
    });
  }

  /** All at once while nobody uses them, later one by one: an orderer that starts anew is missed meanwhile. */
  async #machines(isNew: boolean): Promise<void> {
    const nodes = nodesOf(this.#options.environment);
    const [orderers, peers] = (['orderer', 'peer'] as const).map((kind) =>
      nodes.filter((node) => node.kind === kind),
    );
    for (const group of [orderers ?? [], peers ?? []]) {
      if (isNew) await all(group.map((node) => this.#machine(node)));
      else for (const node of group) await this.#machine(node);
    }
  }

  async #machine(node: FabricNode): Promise<void> {
    const { commands } = this.#options.edges.of(node.organization);
    await this.#step(`${node.host} is up to date and runs`, () =>
      commands.run(node.host, 'bring the node up to date', bringUp(node)),
    );
  }

  async #channel(tools: FabricTools, isNew: boolean): Promise<void> {
    const layout = this.#layout;
    const { channel, chaincode } = this.#definition;
    await this.#step(`orderers are in channel ${channel} and have a leader`, async () => {
      await all(layout.orderers.map((orderer) => joinOrderer(layout, tools, orderer)));
      await this.#awaitLeader();
    });
    if (!isNew) {
      const { members } = this.#known();
      const [first = ''] = members;
      await this.#step('the channel has the members and peers of the table', async () => {
        const kept = this.#definition.organizations.filter(({ mspId }) => members.includes(mspId));
        if (kept.length < members.length) throw new ProvisionError(LEFT_OUT);
        await reconcileChannel(layout, tools, first);
      });
    }
    await this.#step(`peers are in channel ${channel}`, () =>
      all(layout.peers.map((peer) => joinPeer(layout, tools, peer))),
    );
    await this.#step(`chaincode ${chaincode.name} ${chaincode.version} is committed`, async () => {
      const deployment = await bringChaincode(layout, tools, this.#known().chaincode);
      const members = this.#definition.organizations.map(({ mspId }) => mspId);
      await this.#keep({ ...this.#known(), members, chaincode: deployment });
    });
    await this.#step('every peer reaches its chaincode', () =>
      all(layout.peers.map((peer) => awaitChaincode(layout, tools, peer))),
    );
    await this.#step('peers know of each other', () => this.#awaitGossip());
  }

  /** What each provider's administrator says on the ledger before anybody can use it; nothing when it was said. */
  async #settings(tools: FabricTools): Promise<void> {
    const { edges, environment } = this.#options;
    const { organizations } = this.#definition;
    for (const organization of organizations.filter(({ provider }) => provider)) {
      const { name, mspId } = organization;
      const noteGroup = await provideNoteKey(edges.common.secrets, environment, name);
      const authors = this.#options.noteAuthors?.[name];
      const { pageOrigin } = environment.api;
      const settings: RecordSettings = { pageOrigin, noteGroup, authors };
      const hash = settingsHash(settings);
      if (this.#known().settings?.[name] === hash && authors === undefined) continue;
      await this.#step(`${name} has said on the ledger what its people need`, async () => {
        const keysFolder = this.#keysFolder;
        const options = { edges, tools, layout: this.#layout, keysFolder, organization };
        await applySettings(new AdministratorCalls(options), mspId, settings);
      });
      const known = this.#known();
      await this.#keep({ ...known, settings: { ...known.settings, [name]: hash } });
    }
  }

  /** Before that a gateway finds nobody of another organization to endorse. */
  async #awaitGossip(): Promise<void> {
    const { edges } = this.#options;
    const { peers, definition } = this.#layout;
    const script = knownPeers(definition.channel);
    const knowsAll = async ({ host, organization }: Layout['peers'][number]): Promise<boolean> => {
      const { commands } = edges.of(organization.name);
      return Number(await commands.run(host, 'look for other peers', script)) >= peers.length - 1;
    };
    const allKnow = async (): Promise<boolean> =>
      (await Promise.all(peers.map(knowsAll))).every(Boolean);
    if (await eventually(allKnow, GOSSIP_TIMEOUT_MS, POLL_MS)) return;
    throw new ProvisionError(
      'The peers do not find each other; see their logs. Then run this again.',
    );
  }

  async #awaitLeader(): Promise<void> {
    const { edges } = this.#options;
    const leads = async ({ host, organization }: Layout['orderers'][number]): Promise<boolean> =>
      (
        await edges.of(organization.name).commands.run(host, 'look for the leader', LEADS)
      ).trim() === 'yes';
    const hasLeader = async (): Promise<boolean> =>
      (await Promise.all(this.#layout.orderers.map(leads))).includes(true);
    if (await eventually(hasLeader, LEADER_TIMEOUT_MS, POLL_MS)) return;
    throw new ProvisionError('The orderers elect no leader; see their logs. Then run this again.');
  }

  /** Functions read it when they are deployed. */
  async #publishProfile(): Promise<void> {
    const { edges, environment } = this.#options;
    const here = machineLayout(this.#definition, {
      ...ADMINISTRATION,
      keysFolder: this.#keysFolder,
    });
    const profile = JSON.stringify(await connectionProfile(here));
    const name = parameterName(environment, 'fabric/connection-profile');
    await edges.common.parameters.write(name, profile);
  }
}

const LEFT_OUT =
  'The table lacks an organization that the channel has. Provisioning takes nobody out: put it back into the table.';

/** Waits for all even when one fails, so that nothing goes on behind an error. */
async function all(work: readonly Promise<unknown>[]): Promise<void> {
  const results = await Promise.allSettled(work);
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}
