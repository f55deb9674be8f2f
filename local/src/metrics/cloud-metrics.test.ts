import { describe, expect, it } from '@jest/globals';
import { CloudMetrics } from './cloud-metrics.ts';
import { MetricsRegistry } from './metrics-registry.ts';

const QUEUES: Readonly<Record<string, { size: number; oldestAgeMs: number }>> = {
  ingest: { size: 3, oldestAgeMs: 1_500 },
  'ingest-dlq': { size: 1, oldestAgeMs: 60_000 },
  quarantine: { size: 4, oldestAgeMs: 900_000 },
};

describe('the metrics of broker and queues', () => {
  it('say who was turned away, how full the queues are and what is oldest of what is not recorded', async () => {
    const registry = new MetricsRegistry();
    const queue = (name: string) => QUEUES[name]!;
    const metrics = new CloudMetrics({ queue }, (line) => {
      expect(registry.take(line)).toBe(true);
    });
    metrics.count('revoked');
    metrics.count('publish_denied');
    metrics.count('revoked');
    metrics.count('connected');
    metrics.queued();
    metrics.close();
    const text = await registry.text();
    expect(text).toContain('pulse_denied_total{service="cloud",at="broker",reason="revoked"} 2');
    expect(await registry.total('Denied')).toBe(3);
    expect(await registry.total('MessagesQueued')).toBe(1);
    expect(text).toContain('pulse_queue_depth{service="cloud",queue="quarantine"} 4');
    // What is in the quarantine has found its end; a dead letter has not.
    expect(text).toContain('pulse_oldest_unsigned_seconds{service="cloud"} 60');
  });
});
