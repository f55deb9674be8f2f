import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { BrowserWorld } from './browser-world.ts';

// A browser, three peers and everything between them on one machine.
jest.setTimeout(400_000);

let world: BrowserWorld;

beforeAll(async () => {
  world = await BrowserWorld.start(2);
});

afterAll(async () => {
  await world.end();
});

describe('the page before a sign-in', () => {
  it('has no accessibility violation, no console error and asks no other origin', async () => {
    const visitor = await world.visitor();
    await visitor.page.getByRole('button', { name: 'Sign in' }).waitFor();
    expect(await visitor.accessibilityViolations()).toEqual([]);
    await visitor.page.getByRole('button', { name: 'Sign in' }).click();
    await visitor.page.getByLabel('Password').waitFor();
    expect(await visitor.accessibilityViolations()).toEqual([]);
    expect(visitor.trouble).toEqual([]);
  });

  it('says that a password is wrong, and asks again', async () => {
    const visitor = await world.visitor();
    await visitor.signIn('hospital-doctor', 'wrong password');
    await visitor.page.getByRole('alert').waitFor();
    expect(await visitor.page.getByRole('alert').textContent()).toContain('not the password');
  });
});

describe('a person who is signed in', () => {
  it.each([
    ['hospital-doctor', 'doctor, hospital', 'My patients'],
    ['patient-ada', 'patient, hospital', 'Who looked'],
    ['administrator', 'administrator, hospital', 'Devices'],
  ])('as %s sees who they are and what is theirs', async (user, who, view) => {
    const visitor = await world.visitor();
    await visitor.signIn(user);
    await visitor.page.getByText(who).waitFor();
    await visitor.page.getByRole('navigation').getByRole('button', { name: view }).waitFor();
    expect(await visitor.accessibilityViolations()).toEqual([]);
  });

  it('leaves nothing in the address, in storage or on the page when they sign out', async () => {
    const visitor = await world.visitor();
    await visitor.signIn('administrator');
    const { page } = visitor;
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByText('You are signed out.').waitFor();
    expect(page.url()).toBe(world.system.system.pageUrl);
    expect(await page.evaluate('localStorage.length + sessionStorage.length')).toBe(0);
    expect(await page.getByText('administrator').count()).toBe(0);
  });

  it('has to give the password again after signing out', async () => {
    const visitor = await world.visitor();
    await visitor.signIn('administrator');
    await visitor.page.getByRole('button', { name: 'Sign out' }).click();
    await visitor.page.getByRole('button', { name: 'Sign in' }).click();
    await visitor.page.getByLabel('Password').waitFor();
  });
});

describe('the page in a hostile place', () => {
  it('runs no script but its own', async () => {
    const visitor = await world.visitor();
    const ran = visitor.page.evaluate(`
      const script = document.createElement('script');
      script.textContent = 'window.ran = true';
      document.body.append(script);
      window.ran === true`);
    await expect(ran).rejects.toThrow(/TrustedScript/);
  });

  it('gets a page for every address, and nothing for a file that is not there', async () => {
    const { pageUrl } = world.system.system;
    const anywhere = await fetch(`${pageUrl}some/where`);
    expect(anywhere.headers.get('content-security-policy')).toContain("script-src 'self'");
    expect(await anywhere.text()).toContain('<div id="app">');
    expect((await fetch(`${pageUrl}missing.js`)).status).toBe(404);
  });
});
