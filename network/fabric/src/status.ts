import { NETWORK, type NetworkDefinition } from '../../definition/src/index.ts';
import { networkIdentities } from '../../identity/src/index.ts';
import { accepts } from '../../processes/src/index.ts';
import { type LocalLayout, layOutHere, portNames, portsFile } from './local-layout.ts';
import { heightOf, isHealthy, isLeader, readMetrics } from './metrics.ts';
import type { NodeProcess } from './nodes.ts';
import { describeOperation } from './operation.ts';
import { readPorts } from './ports.ts';
import { type Address, text } from './render/layout.ts';
import { readRunFile } from './run-file.ts';
import { effectivePlan, initialState, type NetworkState, readState } from './state.ts';

export interface NodeStatus {
  readonly name: string;
  readonly kind: 'peer' | 'orderer' | 'chaincode';
  readonly endpoint: string;
  /** Accepts connections. */
  readonly up: boolean;
  readonly pid?: number;
  /** How often it ended by itself and was started again. */
  readonly crashes?: number;
  /** What the node says of itself. */
  readonly healthy?: boolean;
  /** Blocks that it has. */
  readonly height?: number;
  /** Whether an orderer leads the others. */
  readonly leader?: boolean;
  /** Where its metrics and health are, over HTTP. */
  readonly operations?: string;
  /** When the first of its certificates ends, ISO 8601. */
  readonly certificatesEnd?: string;
}

export interface NetworkStatus {
  readonly network: 'fabric';
  readonly running: boolean;
  readonly pid?: number;
  readonly channel: string;
  readonly consensus?: 'raft' | 'bft';
  readonly chaincodeVersion?: string;
  readonly profile?: string;
  /** An operation that was begun and is not finished. */
  readonly unfinished?: string;
  readonly nodes: readonly NodeStatus[];
}

/** The values that are known. */
function known<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> };
}

class Survey {
  readonly #layout: LocalLayout;
  readonly #processes: ReadonlyMap<string, NodeProcess>;
  readonly #ends: ReadonlyMap<string, Date>;

  constructor(
    layout: LocalLayout,
    processes: readonly NodeProcess[],
    ends: ReadonlyMap<string, Date>,
  ) {
    this.#layout = layout;
    this.#processes = new Map(processes.map((node) => [node.name, node]));
    this.#ends = ends;
  }

  async run(): Promise<NodeStatus[]> {
    const { orderers, peers, chaincodes } = this.#layout;
    return Promise.all([
      ...orderers.map((place) => this.#node('orderer', place)),
      ...peers.map((place) => this.#node('peer', place)),
      ...chaincodes.map((place) => this.#node('chaincode', place)),
    ]);
  }

  async #node(
    kind: NodeStatus['kind'],
    place: { readonly host: string; readonly grpc: Address; readonly operations?: Address },
  ): Promise<NodeStatus> {
    const { host, grpc, operations } = place;
    const { channel } = this.#layout.definition;
    const metrics = operations === undefined ? undefined : await readMetrics(operations, channel);
    const process = this.#processes.get(host);
    return {
      name: host,
      kind,
      endpoint: text(grpc),
      up: await accepts(grpc.host, grpc.port),
      ...known({
        pid: process?.pid,
        crashes: process?.crashes,
        healthy: operations === undefined ? undefined : await isHealthy(operations),
        height: heightOf(metrics),
        leader: kind === 'orderer' ? isLeader(metrics) : undefined,
        operations: operations === undefined ? undefined : `http://${text(operations)}`,
        certificatesEnd: this.#ends.get(host)?.toISOString(),
      }),
    };
  }
}

async function certificateEnds(layout: LocalLayout): Promise<ReadonlyMap<string, Date>> {
  const all = await networkIdentities(layout.placement.keysFolder, layout.definition);
  return new Map(all.map((identity) => [identity.host, identity.endsAt]));
}

function describeState(state: NetworkState): Partial<NetworkStatus> {
  return {
    consensus: state.consensus,
    chaincodeVersion: state.chaincode.version,
    ...(state.pending === undefined ? {} : { unfinished: describeOperation(state.pending) }),
  };
}

/** What runs in that folder now, as seen from outside. */
export async function networkStatus(
  dataDir: string,
  wished: NetworkDefinition = NETWORK,
): Promise<NetworkStatus> {
  const run = await readRunFile(dataDir);
  const kept = await readState(dataDir);
  const state = kept ?? initialState(wished);
  const plan = effectivePlan(state, wished);
  const { channel } = plan.definition;
  const ports = await readPorts(portsFile(dataDir));
  const isKnown = portNames(plan).every((name) => ports[name] !== undefined);
  const description = kept === undefined ? {} : describeState(kept);
  if (run === undefined || !isKnown) {
    return { network: 'fabric', running: run !== undefined, channel, ...description, nodes: [] };
  }
  const layout = layOutHere(plan, dataDir, ports);
  const survey = new Survey(layout, run.nodes, await certificateEnds(layout));
  return {
    network: 'fabric',
    running: true,
    pid: run.pid,
    channel,
    ...description,
    profile: layout.profileFile,
    nodes: await survey.run(),
  };
}
