/** What goes wrong around the page, and what people type into it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Locator, Page } from 'playwright-core';
import { Api } from '../../cli/src/system/api.ts';
import { DeviceConnection } from '../../cli/src/trigger/device-connection.ts';
import { enrolDevice, signedChunk } from '../../cli/src/trigger/trigger-device.ts';
import { RunningSystem } from '../integration/running-system.ts';
import { freePort } from '../integration/start.ts';
import { CutProxy } from './cut-proxy.ts';
import { PageBrowser, type Visitor } from './page-browser.ts';

// A browser, three peers and everything between them on one machine, started twice.
jest.setTimeout(600_000);

/** Enough to run as markup, as an attribute, as script, and as a template. */
const HOSTILE = `<img src=x onerror="ran=1"><script>ran=1</script>"'\${ran=1}{{ran=1}}javascript:ran=1`;
const TEXT_FIELDS = [
  'main input:not([type])',
  'main input[type=text]',
  'main input[type=search]',
  'main textarea',
].join(', ');

let folder: string;
let port: number;
let system: RunningSystem;
let browser: PageBrowser;
let proxy: CutProxy;

function startSystem(): Promise<RunningSystem> {
  return RunningSystem.start(folder, ['--devices', '1', '--json', '--port', String(port)]);
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pulse-browser-'));
  port = await freePort();
  proxy = new CutProxy();
  const url = await proxy.start();
  [system, browser] = await Promise.all([startSystem(), PageBrowser.launch(url)]);
});

afterAll(async () => {
  await browser.close();
  proxy.close();
  await system.stop();
  await rm(folder, { recursive: true });
});

async function signedIn(user: string): Promise<Visitor> {
  const visitor = await browser.visitor(system.system);
  await visitor.enter(user);
  return visitor;
}

async function chartOf(visitor: Visitor, name: RegExp): Promise<void> {
  await visitor.page.getByRole('button', { name }).click();
  await visitor.page.getByText('live', { exact: true }).waitFor();
}

function pulse(page: Page): Locator {
  return page.getByRole('figure').filter({ hasText: 'Heart rate' }).locator('.value');
}

describe('what a device publishes', () => {
  it('appears on an open page as it was measured', async () => {
    const visitor = await signedIn('hospital-doctor');
    await chartOf(visitor, /Sample, Ben/);
    const file = join(folder, 'run', 'system.json');
    const administrator = await Api.open({ system: file, login: 'administrator' });
    const ben = system.system.logins.find(({ user }) => user === 'patient-ben');
    const device = await enrolDevice(administrator, ben?.subjectId ?? '');
    const connection = await DeviceConnection.open(device);
    const reading = { code: '8867-4', unit: '/min', atMs: Date.now(), value: 73 } as const;
    await connection.publish(signedChunk(device, reading));
    await pulse(visitor.page).filter({ hasText: '73' }).waitFor();
    await connection.close();
    expect(visitor.trouble).toEqual([]);
    await visitor.leave();
  });
});

describe('text that looks like a program', () => {
  async function isPlainText({ page, trouble }: Visitor): Promise<void> {
    expect(await page.evaluate('typeof globalThis.ran')).toBe('undefined');
    expect(await page.locator('img[src="x"]').count()).toBe(0);
    expect(trouble).toEqual([]);
  }

  async function fillEverything(page: Page): Promise<number> {
    const fields = await page.locator(TEXT_FIELDS).all();
    for (const field of fields) if (await field.isEditable()) await field.fill(HOSTILE);
    return fields.length;
  }

  it('stays text in every form of a chart, also after it is saved', async () => {
    const visitor = await signedIn('hospital-doctor');
    const { page } = visitor;
    await chartOf(visitor, /Sample, Ada/);
    const tabs = page.getByRole('navigation', { name: 'My record' }).getByRole('button');
    let filled = 0;
    for (const tab of (await tabs.allTextContents()).slice(1)) {
      await tabs.filter({ hasText: new RegExp(`^${tab}$`) }).click();
      await page.locator('[aria-busy="true"]').first().waitFor({ state: 'detached' });
      const begin = page.getByRole('main').locator('button.primary').first();
      if ((await begin.count()) === 0) continue;
      if ((await page.locator('main form').count()) === 0) await begin.click();
      filled += await fillEverything(page);
      page.once('dialog', (dialog) => void dialog.accept());
      const cancel = page.getByRole('button', { name: 'Cancel', exact: true });
      if ((await cancel.count()) > 0) await cancel.first().click();
    }
    expect(filled).toBeGreaterThan(5);
    await tabs.filter({ hasText: /^Problems$/ }).click();
    await visitor.press('New entry');
    await page.getByLabel('Problem or diagnosis').fill(HOSTILE);
    await visitor.press('Save');
    await page.getByText(HOSTILE).first().waitFor();
    await isPlainText(visitor);
    await visitor.leave();
  });

  it.each([
    ['hospital-doctor', ['My patients']],
    ['administrator', ['People', 'Ledger']],
    ['ambulance-medic', ['Emergency']],
    ['patient-ada', ['Who may see what']],
  ])('stays text in the fields of %s', async (user, views) => {
    const visitor = await signedIn(user);
    const { page } = visitor;
    await visitor.addAuthenticator();
    for (const view of views) {
      await page
        .getByRole('navigation', { name: 'Views' })
        .getByText(view, { exact: true })
        .click();
      await page.locator(TEXT_FIELDS).first().waitFor();
      await fillEverything(page);
      await page.keyboard.press('Enter');
    }
    expect(await page.evaluate('typeof globalThis.ran')).toBe('undefined');
    expect(await page.locator('img[src="x"]').count()).toBe(0);
    expect(visitor.trouble.filter(({ kind }) => kind !== 'console')).toEqual([]);
    await visitor.leave();
  });
});

describe('a page that is open', () => {
  async function isLiveAgain({ page }: Visitor): Promise<void> {
    // Hints that were missed are not repeated: the page reads for itself as soon as it hears again.
    const read = page.waitForResponse(
      (answer) => answer.url().includes('/series?') && answer.ok(),
      { timeout: 0 },
    );
    await page.getByText('live', { exact: true }).waitFor({ timeout: 0 });
    await read;
    await pulse(page).getByText(/^\d+$/).waitFor();
  }

  it('says that its connection is cut, and recovers by itself', async () => {
    const visitor = await signedIn('hospital-doctor');
    await chartOf(visitor, /Sample, Ada/);
    proxy.cut();
    await visitor.page.getByText('not live: trying again').waitFor();
    const recovered = isLiveAgain(visitor);
    proxy.heal();
    await recovered;
    await visitor.leave();
  });

  it('recovers by itself when the server was started again', async () => {
    const visitor = await signedIn('hospital-doctor');
    await chartOf(visitor, /Sample, Ada/);
    const { pageUrl } = system.system;
    await system.stop();
    await visitor.page.getByText('not live: trying again').waitFor();
    const recovered = isLiveAgain(visitor);
    system = await startSystem();
    expect(system.system.pageUrl).toBe(pageUrl);
    await recovered;
    await visitor.leave();
  });
});
