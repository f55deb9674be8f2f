import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Hono } from 'hono';
import { z } from 'zod';
import { type RunningServer, serveLoopback } from '../loopback-server.ts';
import { createTestAuthorities } from '../test-support/devices.ts';
import { type ApiPlace, StoryApi } from './story-api.ts';

const DOCTOR = {
  user: 'hospital-doctor',
  password: 'not used here',
  organization: 'hospital',
  role: 'doctor',
  subjectId: 'a'.repeat(32),
} as const;
const Seen = z.object({ authorization: z.string() });

let folder: string;
let server: RunningServer;
let place: ApiPlace;
/** How often somebody signed in, and for how long a token is good. */
let signIns = 0;
let seconds = 3_600;
let refusals = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pulse-story-api-'));
  const { tls, tlsCaPem } = await createTestAuthorities(folder);
  const app = new Hono();
  app.post('/token', (c) => {
    if (refusals > 0) {
      refusals -= 1;
      return c.json({ code: 'throttled' }, 429);
    }
    signIns += 1;
    return c.json({ access_token: `token-${String(signIns)}`, expires_in: seconds });
  });
  app.get('/api/who', (c) => c.json({ authorization: c.req.header('authorization') }));
  server = await serveLoopback(app, 0, tls);
  place = { apiUrl: `${server.origin}/api`, issuerUrl: server.origin, caPem: tlsCaPem };
});

beforeEach(() => {
  [signIns, seconds, refusals] = [0, 3_600, 0];
});

afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

describe('somebody of the story at the API', () => {
  it('signs in once for all that they ask at the same time', async () => {
    const api = new StoryApi(place, DOCTOR);
    const answers = await Promise.all(Array.from({ length: 8 }, () => api.ask('who', Seen)));
    expect(new Set(answers.map(({ authorization }) => authorization))).toEqual(
      new Set(['Bearer token-1']),
    );
    expect(signIns).toBe(1);
  });

  it('signs in again when the token is about to end', async () => {
    const api = new StoryApi(place, DOCTOR);
    seconds = 1;
    expect(await api.ask('who', Seen)).toEqual({ authorization: 'Bearer token-1' });
    seconds = 3_600;
    expect(await api.ask('who', Seen)).toEqual({ authorization: 'Bearer token-2' });
    expect(await api.ask('who', Seen)).toEqual({ authorization: 'Bearer token-2' });
  });

  it('that was refused once tries anew with the next request', async () => {
    const api = new StoryApi(place, DOCTOR);
    refusals = 1;
    await expect(api.ask('who', Seen)).rejects.toThrow('The sign-in was refused: HTTP 429');
    expect(await api.ask('who', Seen)).toEqual({ authorization: 'Bearer token-1' });
  });
});
