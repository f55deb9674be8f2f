import type { HttpBindings } from '@hono/node-server';
import { describe, expect, it } from '@jest/globals';
import { Hono } from 'hono';
import type { Login } from '../identity-services/logins.ts';
import { addStory } from './story-routes.ts';

const PAGE = 'http://localhost:8080/';
const OWN = {
  host: 'localhost:8080',
  'sec-fetch-site': 'same-origin',
  'content-type': 'application/json',
};

function login(user: string): Login {
  const subjectId = 'a'.repeat(32);
  return { user, password: 'made up', organization: 'hospital', role: 'doctor', subjectId };
}

function story(): Hono<{ Bindings: HttpBindings }> {
  const app = new Hono<{ Bindings: HttpBindings }>();
  const file = { contentType: 'text/html', bytes: new Uint8Array([60]), isImmutable: false };
  addStory(
    app,
    { files: new Map([['/story/index.html', file]]), headers: { 'x-frame-options': 'SAMEORIGIN' } },
    {
      folder: '/nowhere',
      logins: { doctor: login('doctor'), patient: login('patient'), insurer: login('insurer') },
      passkeys: '/nowhere',
    },
    { pageUrl: () => PAGE, issuerUrl: 'https://127.0.0.1:1/oidc', caPem: '' },
  );
  return app;
}

async function asked(path: string, headers: object, body: unknown): Promise<number> {
  const init = { method: 'POST', headers: { ...headers }, body: JSON.stringify(body) };
  return (await story().request(`${PAGE}story/${path}`, init)).status;
}

describe('the page of the story', () => {
  it('is served with its own headers', async () => {
    const page = await story().request(`${PAGE}story`);
    expect([page.status, page.headers.get('x-frame-options')]).toEqual([200, 'SAMEORIGIN']);
    expect((await story().request(`${PAGE}story/missing.js`)).status).toBe(404);
  });

  it.each([
    ['another site', { 'sec-fetch-site': 'cross-site' }],
    ['a program that is no page', { 'sec-fetch-site': '' }],
    ['a name that leads to this machine', { host: 'attacker.example:8080' }],
    ['a form', { 'content-type': 'text/plain' }],
  ])('signs nobody in for %s', async (_who, headers) => {
    expect(await asked('token', { ...OWN, ...headers }, { part: 'doctor' })).toBe(403);
    const challenge = 'A'.repeat(43);
    expect(await asked('passkey', { ...OWN, ...headers }, { challenge })).toBe(403);
  });

  it('takes nothing but what it asks for, and has no passkey for who has none', async () => {
    expect(await asked('token', OWN, { part: 'administrator' })).toBe(403);
    expect(await asked('passkey', OWN, { challenge: '../keys' })).toBe(403);
    expect(await asked('passkey', OWN, { challenge: 'A'.repeat(43) })).toBe(404);
  });
});
