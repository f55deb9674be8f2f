import { z } from 'zod';
import { serveLoopback } from '../loopback-server.ts';
import type { ChildProgram } from '../process/child.ts';
import { Forwarder } from './forwarder.ts';
import { pageApp } from './page-app.ts';
import { readPageFiles } from './page-files.ts';
import { addStory, StoryConfig } from './story-routes.ts';

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
  /** Only with `--story`. */
  readonly story?: StoryConfig | undefined;
}

const configuration: z.ZodType<WebConfig> = z.strictObject({
  port: z.int(),
  folder: z.string(),
  apiUrl: z.url(),
  issuerUrl: z.url(),
  liveUrl: z.url(),
  caPem: z.string(),
  story: StoryConfig.optional(),
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
    const { story } = config;
    const storyFiles = story === undefined ? undefined : await readPageFiles(story.folder);
    // The name of the page holds its port, which is known when it is asked for.
    const pageUrl = (): string => `http://localhost:${String(server.port)}/`;
    const app = pageApp(files, forwarder, issuerUrl, (routes) => {
      if (story === undefined || storyFiles === undefined) return;
      addStory(routes, storyFiles, story, { pageUrl, issuerUrl, caPem });
    });
    const server = await serveLoopback(app, config.port);
    server.onUpgrade((request, socket, head) => {
      forwarder.live(request, socket, head);
    });
    const info: WebInfo = { url: pageUrl(), port: server.port };
    return {
      info,
      close: async () => {
        forwarder.close();
        await server.close();
      },
    };
  },
};
