import { NETWORK } from '@pulseledger/network/definition';
import type { Environment } from '../../environments/environment.ts';
import { LEDGER_MOUNT } from './host-scripts.ts';
import { PORTS } from './ports.ts';

/** Namespace of what an environment's machines measure; their rights are bound to it. */
export function nodeNamespace({ name }: Pick<Environment, 'name'>): string {
  return `Pulseledger/Nodes/${name}`;
}

/** Names under which machines measure what alarms look at. */
export const NODE_METRICS = {
  /** Blocks that a node has, from Fabric; by `channel`, and by `channel` and `host`. */
  height: 'ledger_blockchain_height',
  /** From the agent; by `path` over all machines, or by machine with `host` and others. */
  diskUsed: 'disk_used_percent',
  /** Whole days until the first certificate of a machine ends; over all machines, and by `host`. */
  certificateDaysLeft: 'CertificateDaysLeft',
  /** From the peers' logs: Fabric counts them together with what contracts refuse. */
  gatewayRejections: 'GatewayRejections',
} as const;

/** A peer's words when its gateway has too much to do (Fabric, internal/peer/node/grpc_limiters.go). */
export const REJECTION_WORDS = 'Too many requests for /gateway.Gateway';

/** Metrics of Fabric's operations service that are shown by machine; the rest stays there. */
const SHOWN_METRICS = [
  '^consensus_etcdraft_is_leader$',
  '^consensus_etcdraft_leader_changes$',
  '^participation_status$',
  '^endorser_proposals_received$',
];

/** Prometheus' own configuration, as the agent takes it: each value carries the machine's name. */
export function scrape(host: string): string {
  return `global:
  scrape_interval: 1m
  scrape_timeout: 10s
scrape_configs:
  - job_name: fabric
    static_configs:
      - targets: ['127.0.0.1:${PORTS.operations}']
        labels:
          host: ${host}
`;
}

/** What the agent is told about a machine. */
export interface AgentOptions {
  readonly environment: Environment;
  readonly host: string;
  readonly logGroupName: string;
  /** Where the file of {@link scrape} is on the machine. */
  readonly scrapeFile: string;
}

/** Configuration of the CloudWatch agent: disk and memory, Fabric's metrics, the programs' logs. */
export function agentConfig(options: AgentOptions): object {
  const { environment, host, logGroupName, scrapeFile } = options;
  const append_dimensions = { host };
  return {
    agent: { metrics_collection_interval: 60, run_as_user: 'root' },
    metrics: {
      namespace: nodeNamespace(environment),
      // One alarm for all machines, whoever has them.
      aggregation_dimensions: [['path']],
      metrics_collected: {
        disk: {
          resources: ['/', LEDGER_MOUNT],
          measurement: ['used_percent'],
          drop_device: true,
          append_dimensions,
        },
        mem: { measurement: ['used_percent'], append_dimensions },
      },
    },
    logs: {
      logs_collected: {
        files: {
          collect_list: ['peer', 'orderer', 'chaincode'].map((name) => ({
            file_path: `/var/log/pulse/${name}.log`,
            log_group_name: logGroupName,
            log_stream_name: `{hostname}/${name}`,
          })),
        },
      },
      metrics_collected: {
        prometheus: {
          log_group_name: logGroupName,
          prometheus_config_path: scrapeFile,
          emf_processor: {
            metric_namespace: nodeNamespace(environment),
            metric_declaration: [
              {
                source_labels: ['job', 'channel'],
                label_matcher: `^fabric;${NETWORK.channel}$`,
                dimensions: [['channel'], ['channel', 'host']],
                metric_selectors: [`^${NODE_METRICS.height}$`],
              },
              {
                source_labels: ['job'],
                label_matcher: '^fabric$',
                dimensions: [['host']],
                metric_selectors: SHOWN_METRICS,
              },
            ],
          },
        },
      },
    },
  };
}
