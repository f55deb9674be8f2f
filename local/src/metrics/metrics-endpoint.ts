import { Hono } from 'hono';
import { type RunningServer, serveLoopback } from '../loopback-server.ts';
import type { MetricsRegistry } from './metrics-registry.ts';

/**
 * Serves the metrics to a Prometheus on this machine, at `/metrics`.
 *
 * @param port 0 chooses a free one
 */
export function serveMetrics(registry: MetricsRegistry, port: number): Promise<RunningServer> {
  const app = new Hono();
  app.get('/metrics', async (context) =>
    context.body(await registry.text(), 200, { 'content-type': registry.contentType }),
  );
  return serveLoopback(app, port);
}
