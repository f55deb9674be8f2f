import type { HttpBindings } from '@hono/node-server';
import type { Context, Hono } from 'hono';
import { z } from 'zod';
import { Login } from '../identity-services/logins.ts';
import { limitedBody } from '../limited-body.ts';
import { Phone } from '../story/phone.ts';
import { tokenOf } from '../story/story-api.ts';
import { type PageFiles, sent } from './page-files.ts';

const MAX_BODY = 1_024;
const PARTS = ['doctor', 'patient', 'insurer'] as const;
const TokenRequest = z.strictObject({ part: z.enum(PARTS) });
const PasskeyRequest = z.strictObject({ challenge: z.string().regex(/^[\w-]{20,200}$/) });

/** What the page of the story needs beside its files. */
export interface StoryConfig {
  /** The built page of the story. */
  readonly folder: string;
  /** Who stands in the three frames. */
  readonly logins: Readonly<Record<(typeof PARTS)[number], Login>>;
  /** Where the passkey of the patient is kept. */
  readonly passkeys: string;
}

export const StoryConfig: z.ZodType<StoryConfig> = z.strictObject({
  folder: z.string(),
  logins: z.strictObject({ doctor: Login, patient: Login, insurer: Login }),
  passkeys: z.string(),
});

type Bound = Context<{ Bindings: HttpBindings }>;

export interface StoryPlace {
  readonly pageUrl: () => string;
  readonly issuerUrl: string;
  readonly caPem: string;
}

/**
 * `/story`: doctor, patient and insurer side by side. It signs three made-up people in without asking anybody, so it is
 * there in `npm start -- --story` only, on loopback, and answers nobody but its own pages.
 */
export function addStory(
  app: Hono<{ Bindings: HttpBindings }>,
  { files, headers }: PageFiles,
  { logins, passkeys }: StoryConfig,
  { pageUrl, issuerUrl, caPem }: StoryPlace,
): void {
  const limit = limitedBody(MAX_BODY, (c) => c.text('too long', 413));
  app.post('/story/token', limit, async (c) => {
    const asked = await askedOf(c, TokenRequest, pageUrl());
    if (asked === undefined) return refused(c);
    const token = await tokenOf({ issuerUrl, caPem }, logins[asked.part]);
    return c.json(token, 200, { 'cache-control': 'no-store' });
  });
  app.post('/story/passkey', limit, async (c) => {
    const asked = await askedOf(c, PasskeyRequest, pageUrl());
    if (asked === undefined) return refused(c);
    const shop = { folder: passkeys, pageUrl: pageUrl(), caPem };
    const phone = await Phone.find(shop, logins.patient.subjectId);
    if (phone === undefined) return c.json({ error: 'there is no passkey' }, 404);
    return c.json(phone.assert(asked.challenge), 200, { 'cache-control': 'no-store' });
  });
  app.get('/story', (c) => pageOf(c, '/story/index.html'));
  app.get('/story/*', (c) => {
    const { pathname } = new URL(c.req.url);
    return pageOf(c, pathname === '/story/frame' ? '/story/frame.html' : pathname);
  });

  function pageOf(c: Bound, path: string): Response {
    const file = files.get(path);
    return file === undefined ? c.text('There is no such file.', 404) : sent(file, headers);
  }
}

/** The body, when a page of this very origin asks: no other site, under no other name of this machine. */
async function askedOf<T>(c: Bound, schema: z.ZodType<T>, pageUrl: string): Promise<T | undefined> {
  const isOwn =
    c.req.header('host') === new URL(pageUrl).host &&
    c.req.header('sec-fetch-site') === 'same-origin' &&
    c.req.header('content-type') === 'application/json';
  if (!isOwn) return undefined;
  const body: unknown = await c.req.json().catch(() => undefined);
  return schema.safeParse(body).data;
}

function refused(c: Bound): Response {
  return c.json({ error: 'only the page of the story may ask this' }, 403);
}
