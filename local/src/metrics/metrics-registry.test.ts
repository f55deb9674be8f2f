import { afterEach, describe, expect, it } from '@jest/globals';
import { METRICS, QUARANTINE_REASONS } from '@pulseledger/domain';
import { EmfMetrics } from '@pulseledger/lambdas/common/metrics';
import type { RunningServer } from '../loopback-server.ts';
import { serveMetrics } from './metrics-endpoint.ts';
import { MetricsRegistry, prometheusName } from './metrics-registry.ts';

const DEVICE_ID = 'a'.repeat(32);

function measured(registry: MetricsRegistry, service = 'ingest'): EmfMetrics {
  return new EmfMetrics(service, (line) => {
    expect(registry.take(line)).toBe(true);
  });
}

describe('the registry of metrics', () => {
  it('adds up what functions write in the embedded format', async () => {
    const registry = new MetricsRegistry();
    const metrics = measured(registry);
    metrics.record('Quarantined', 2, { reason: 'overlap' });
    metrics.flush();
    metrics.record('Quarantined', 3, { reason: 'overlap' });
    metrics.record('Quarantined', 1, { reason: 'malformed' });
    metrics.record('ChunksRecorded', 7);
    metrics.flush();
    expect(await registry.total('Quarantined')).toBe(6);
    const text = await registry.text();
    expect(text).toContain('pulse_quarantined_total{service="ingest",reason="overlap"} 5');
    expect(text).toContain('pulse_chunks_recorded_total{service="ingest"} 7');
  });

  it('keeps the latest value of a gauge and every value of a distribution, in seconds', async () => {
    const registry = new MetricsRegistry();
    const metrics = measured(registry, 'cloud');
    metrics.record('OldestUnsigned', 9_000);
    metrics.record('OldestUnsigned', 4_500);
    for (let i = 0; i < 250; i++) metrics.record('PubackToCommit', 400);
    metrics.flush();
    expect(await registry.total('PubackToCommit')).toBe(250);
    const text = await registry.text();
    expect(text).toContain('pulse_oldest_unsigned_seconds{service="cloud"} 4.5');
    expect(text).toContain('pulse_puback_to_commit_seconds_bucket{le="0.5",service="cloud"} 250');
    expect(text).toContain('pulse_puback_to_commit_seconds_bucket{le="0.25",service="cloud"} 0');
  });

  it('writes no value of a dimension that is not in the table, such as an id', () => {
    const lines: string[] = [];
    const metrics = new EmfMetrics('ingest', (line) => lines.push(line));
    // @ts-expect-error: an id is no reason
    metrics.record('Quarantined', 1, { reason: DEVICE_ID });
    // @ts-expect-error: there is no such dimension
    metrics.record('Quarantined', 1, { reason: 'overlap', device: DEVICE_ID });
    // @ts-expect-error: this metric has no dimension
    metrics.record('ChunksRecorded', 1, { device: DEVICE_ID });
    metrics.flush();
    expect(lines).toHaveLength(3);
    expect(lines.join('')).not.toContain(DEVICE_ID);
    expect(lines.join('')).toContain('"reason":"other"');
  });

  it('leaves other lines and metrics of others alone', async () => {
    const registry = new MetricsRegistry();
    const foreign = {
      _aws: { CloudWatchMetrics: [{ Namespace: 'Other', Dimensions: [[]], Metrics: [] }] },
    };
    for (const line of [
      '',
      'ready',
      '{"message":"ingested"}',
      '{"_aws"',
      JSON.stringify(foreign),
    ]) {
      expect(registry.take(line)).toBe(false);
    }
    expect(await registry.total('ChunksRecorded')).toBe(0);
  });

  it('names every metric of the table in the way of Prometheus', async () => {
    const text = await new MetricsRegistry().text();
    for (const [name, { help }] of Object.entries(METRICS)) {
      expect(text).toContain(`# HELP ${prometheusName(name)} ${help}`);
    }
    expect(prometheusName('UnknownCommitsResolved')).toBe('pulse_unknown_commits_resolved_total');
    expect(METRICS.Quarantined.dimensions.reason).toEqual(QUARANTINE_REASONS);
  });
});

describe('the endpoint of metrics', () => {
  let server: RunningServer | undefined;
  afterEach(() => server?.close());

  it('serves Prometheus text on loopback at /metrics and nothing else', async () => {
    const registry = new MetricsRegistry();
    server = await serveMetrics(registry, 0);
    expect(new URL(server.origin).hostname).toBe('127.0.0.1');
    const answer = await fetch(`${server.origin}/metrics`);
    expect(answer.headers.get('content-type')).toContain('text/plain; version=0.0.4');
    expect(await answer.text()).toContain('# TYPE pulse_redeliveries_resolved_total counter');
    expect((await fetch(`${server.origin}/`)).status).toBe(404);
  });
});
