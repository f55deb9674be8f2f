import { z } from 'zod';
import { serveLoopback } from '../loopback-server.ts';
import type { ChildProgram } from '../process/child.ts';
import { Forwarder } from './forwarder.ts';
import { pageApp } from './page-app.ts';
import { readPageFiles } from './page-files.ts';

export interface WebConfig {
  /** 0 chooses a free port. */
  readonly port: number;
  /** The built page. */
  readonly folder: string;
  readonly apiUrl: string;
  readonly issuerUrl: string;
  /** Clients of the live channel come in here, as WebSockets. */
  readonly liveUrl: string;
  /** Of API and issuer. */
  readonly caPem: string;
}

const configuration: z.ZodType<WebConfig> = z.strictObject({
  port: z.int(),
  folder: z.string(),
  apiUrl: z.url(),
  issuerUrl: z.url(),
  liveUrl: z.url(),
  caPem: z.string(),
});

export interface WebInfo {
  /** `http://localhost:port/`: a name, because passkeys are bound to names, not to addresses. */
  readonly url: string;
  readonly port: number;
}

export const webInfo: z.ZodType<WebInfo> = z.object({ url: z.string(), port: z.int() });

/** The page and all it talks to, below one origin: here what CloudFront is on AWS. */
export const web: ChildProgram<WebConfig> = {
  configuration,
  start: async (config, logger) => {
    const { apiUrl, issuerUrl, liveUrl, caPem } = config;
    const forwarder = new Forwarder({ apiUrl, issuerUrl, liveUrl, caPem, logger });
    const files = await readPageFiles(config.folder);
    const server = await serveLoopback(pageApp(files, forwarder, issuerUrl), config.port);
    server.onUpgrade((request, socket, head) => {
      forwarder.live(request, socket, head);
    });
    const info: WebInfo = { url: `http://localhost:${String(server.port)}/`, port: server.port };
    return {
      info,
      close: async () => {
        forwarder.close();
        await server.close();
      },
    };
  },
};
