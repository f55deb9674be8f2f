/** What the page shows while something loads, when there is nothing, when it fails, offline, and when nobody is there any more. */
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Page, Route } from 'playwright-core';
import { BrowserWorld } from './browser-world.ts';
import type { Visitor } from './page-browser.ts';

// A browser, three peers and everything between them on one machine.
jest.setTimeout(400_000);

const PATIENTS = '**/api/patients*';
/** A minute more than the page bears to be left alone. */
const AWAY = '11:00';

let world: BrowserWorld;

beforeAll(async () => {
  world = await BrowserWorld.start(1);
});

afterAll(async () => {
  await world.end();
});

/** Goes to a view, and away from it before, so that it is loaded anew. */
async function open({ page }: Visitor, view: string): Promise<void> {
  const views = page.getByRole('navigation', { name: 'Views' });
  await views.getByRole('button', { name: 'Find a doctor', exact: true }).click();
  await views.getByRole('button', { name: view, exact: true }).click();
}

async function showsPatients(page: Page): Promise<void> {
  await page.getByRole('button', { name: /Sample, Ada/ }).waitFor();
}

describe('a view', () => {
  it('says that it is loading, and shows what came', async () => {
    const visitor = await world.signedIn('hospital-doctor');
    const { page } = visitor;
    await showsPatients(page);
    const held = Promise.withResolvers<Route>();
    await page.route(PATIENTS, (route) => {
      held.resolve(route);
    });
    await open(visitor, 'My patients');
    await page.getByText('Loading …').waitFor();
    expect(await visitor.accessibilityViolations()).toEqual([]);
    await (await held.promise).continue();
    await showsPatients(page);
    await page.getByText('Loading …').waitFor({ state: 'detached' });
    expect(visitor.trouble).toEqual([]);
    await visitor.leave();
  });

  it.each([
    ['insurance-agent', 'Shared with us', 'Nothing is shared with you.'],
    ['laboratory', 'Orders', 'No order waits for your laboratory.'],
    ['administrator', 'Reviews', 'No emergency access in the last 90 days.'],
    ['patient-ben', 'Who may see what', 'You share nothing.'],
  ])('of %s, %s, says in words that there is nothing', async (user, view, words) => {
    const visitor = await world.signedIn(user);
    await open(visitor, view);
    // More than one part of a view may say so.
    await visitor.page.getByText(words).first().waitFor();
    expect(await visitor.accessibilityViolations()).toEqual([]);
    expect(visitor.trouble).toEqual([]);
    await visitor.leave();
  });

  it('of a chart says that nothing to be seen does not mean that there is nothing', async () => {
    const visitor = await world.signedIn('hospital-doctor');
    await visitor.page.getByRole('button', { name: /Sample, Ada/ }).click();
    const sections = visitor.page.getByRole('navigation', { name: 'My record' });
    await sections.getByRole('button', { name: 'Immunizations', exact: true }).click();
    await visitor.page.getByText('That does not mean that there is nothing.').waitFor();
    expect(await visitor.accessibilityViolations()).toEqual([]);
    expect(visitor.trouble).toEqual([]);
    await visitor.leave();
  });

  it('says what the server says went wrong, and shows what comes when it is tried again', async () => {
    const visitor = await world.signedIn('hospital-doctor');
    const { page } = visitor;
    await showsPatients(page);
    const detail = 'The ledger is busy. Nothing was read. Try again in a minute.';
    await page.route(PATIENTS, (route) =>
      route.fulfill({
        status: 503,
        contentType: 'application/problem+json',
        body: JSON.stringify({ code: 'unavailable', detail }),
      }),
    );
    await open(visitor, 'My patients');
    await page.getByRole('alert').filter({ hasText: detail }).waitFor();
    expect(await visitor.accessibilityViolations()).toEqual([]);
    await page.unroute(PATIENTS);
    await visitor.press('Try again');
    await showsPatients(page);
    expect(await page.getByRole('alert').count()).toBe(0);
    // The browser itself says in the console that the server answered 503.
    expect(visitor.trouble.map(({ text }) => /503/.test(text))).toEqual([true]);
    await visitor.leave();
  });

  it('says that the server cannot be reached, and loads by itself when it can', async () => {
    const visitor = await world.signedIn('hospital-doctor');
    const { page } = visitor;
    await showsPatients(page);
    await page.route(PATIENTS, (route) => route.abort('internetdisconnected'));
    await open(visitor, 'My patients');
    await page.getByRole('alert').filter({ hasText: 'cannot be reached' }).waitFor();
    expect(await visitor.accessibilityViolations()).toEqual([]);
    await page.unroute(PATIENTS);
    await showsPatients(page);
    expect(await page.getByRole('alert').count()).toBe(0);
    await visitor.leave();
  });

  it('that cannot save keeps what was typed, and says so', async () => {
    const visitor = await world.signedIn('hospital-doctor');
    const { page } = visitor;
    await page.getByRole('button', { name: /Sample, Ben/ }).click();
    const sections = page.getByRole('navigation', { name: 'My record' });
    await sections.getByRole('button', { name: 'Problems', exact: true }).click();
    await visitor.press('New entry');
    const problem = page.getByLabel('Problem or diagnosis');
    await problem.fill('Migraine');
    await page.route('**/api/Condition*', (route) => route.abort('internetdisconnected'));
    await visitor.press('Save');
    await page.getByRole('alert').filter({ hasText: 'your text is still here' }).waitFor();
    expect(await problem.inputValue()).toBe('Migraine');
    await page.unroute('**/api/Condition*');
    await visitor.press('Save');
    await page.locator('.lines > li').filter({ hasText: 'Migraine' }).waitFor();
    await visitor.leave();
  });
});

describe('somebody who goes away', () => {
  it('is signed out, and nothing of a patient is left on the page, in storage, or behind the back button', async () => {
    const visitor = await world.visitor();
    const { page } = visitor;
    await page.clock.install();
    await page.reload();
    await visitor.enter('hospital-doctor');
    await page.getByRole('button', { name: /Sample, Ada/ }).click();
    await page.getByRole('heading', { name: /Sample, Ada/ }).waitFor();
    await page.clock.fastForward(AWAY);
    await page.getByText('You were away for ten minutes').waitFor();
    expect(await page.locator('body').textContent()).not.toContain('Sample');
    expect(await page.evaluate('localStorage.length + sessionStorage.length')).toBe(0);
    expect(page.url()).toBe(world.system.system.pageUrl);
    await page.evaluate('history.back()');
    await page.getByRole('button', { name: 'Sign in' }).waitFor();
    expect(await page.locator('body').textContent()).not.toContain('Sample');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByLabel('Password').waitFor();
    await visitor.leave();
  });
});
