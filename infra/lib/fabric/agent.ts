import { LEDGER_MOUNT } from './host-scripts.ts';
import { PORTS } from './ports.ts';

/** Namespace of what machines measure. */
export const NODE_NAMESPACE = 'Pulseledger/Nodes';

/** Metrics of Fabric's operations service that alarms and dashboards can use; the rest stays on the machine. */
const FABRIC_METRICS = [
  '^ledger_blockchain_height$',
  '^consensus_etcdraft_is_leader$',
  '^consensus_etcdraft_leader_changes$',
  '^participation_status$',
  '^grpc_server_unary_requests_completed$',
  '^endorser_proposals_received$',
];

/** Prometheus' own configuration, as the agent takes it. */
export const SCRAPE: string = `global:
  scrape_interval: 1m
  scrape_timeout: 10s
scrape_configs:
  - job_name: fabric
    static_configs:
      - targets: ['127.0.0.1:${PORTS.operations}']
`;

/** Configuration of the CloudWatch agent: disk and memory, Fabric's metrics, the programs' logs. */
export function agentConfig(logGroupName: string): object {
  return {
    agent: { metrics_collection_interval: 60, run_as_user: 'root' },
    metrics: {
      namespace: NODE_NAMESPACE,
      append_dimensions: { InstanceId: `\${aws:InstanceId}` },
      metrics_collected: {
        disk: { resources: ['/', LEDGER_MOUNT], measurement: ['used_percent'], drop_device: true },
        mem: { measurement: ['used_percent'] },
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
          prometheus_config_path: '/opt/pulse/current/scrape.yaml',
          emf_processor: {
            metric_namespace: NODE_NAMESPACE,
            metric_declaration: [
              {
                source_labels: ['job'],
                label_matcher: '^fabric$',
                dimensions: [['job', 'instance']],
                metric_selectors: FABRIC_METRICS,
              },
            ],
          },
        },
      },
    },
  };
}
