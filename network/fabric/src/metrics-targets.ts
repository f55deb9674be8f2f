import { join } from 'node:path';
import { writePrivate } from '../../identity/src/index.ts';
import type { LocalLayout } from './local-layout.ts';
import { text } from './render/layout.ts';

/**
 * Tells Prometheus where every node's metrics are, in the form of its file_sd_configs
 * (https://prometheus.io/docs/prometheus/latest/configuration/configuration/#file_sd_config).
 */
export async function writeMetricsTargets(layout: LocalLayout): Promise<void> {
  const { channel } = layout.definition;
  const targets = [
    ...layout.peers.map((place) => ({ place, kind: 'peer' })),
    ...layout.orderers.map((place) => ({ place, kind: 'orderer' })),
  ].map(({ place, kind }) => ({
    targets: [text(place.operations)],
    labels: { kind, node: place.host, organization: place.organization.name, network: channel },
  }));
  const file = join(layout.runFolder, 'metrics-targets.json');
  await writePrivate(file, `${JSON.stringify(targets, null, 2)}\n`);
}
