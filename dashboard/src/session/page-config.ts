import { z } from 'zod';

/** What the origin tells the page about itself, at `/config.json`. */
export interface PageConfig {
  readonly issuer: string;
  readonly authorizationEndpoint: string;
  readonly tokenEndpoint: string;
  readonly revocationEndpoint: string;
  readonly clientId: string;
}

const PageConfig: z.ZodType<PageConfig> = z.object({
  issuer: z.string(),
  authorizationEndpoint: z.string(),
  tokenEndpoint: z.string(),
  revocationEndpoint: z.string(),
  clientId: z.string(),
});

/** @throws TypeError or ZodError when the origin does not answer as it should */
export async function loadPageConfig(): Promise<PageConfig> {
  const answer = await fetch('/config.json', { cache: 'no-store' });
  const config = PageConfig.parse(await answer.json());
  const absolute = (path: string): string => new URL(path, location.origin).href;
  return {
    ...config,
    authorizationEndpoint: absolute(config.authorizationEndpoint),
    tokenEndpoint: absolute(config.tokenEndpoint),
    revocationEndpoint: absolute(config.revocationEndpoint),
  };
}
