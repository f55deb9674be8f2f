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

/** Sections of a chart, and the fields of each that take words. */
const WRITTEN: readonly (readonly [section: string, fields: readonly string[]])[] = [
  ['Visits', ['Reason']],
  ['Medications', ['Medication', 'Dosage']],
  ['Allergies', ['Allergic to', 'Reaction']],
  ['Procedures', ['What was done', 'Reason']],
  ['Immunizations', ['Vaccine']],
  ['Notes', ['Note']],
];

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

async function openProblems({ page }: Visitor): Promise<void> {
  const sections = page.getByRole('navigation', { name: 'My record' });
  await sections.getByRole('button', { name: 'Problems', exact: true }).click();
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

  it('stays text in whatever is written in a chart', async () => {
    const visitor = await signedIn('hospital-doctor');
    const { page } = visitor;
    await chartOf(visitor, /Sample, Ada/);
    const sections = page.getByRole('navigation', { name: 'My record' });
    for (const [section, fields] of WRITTEN) {
      await sections.getByRole('button', { name: section, exact: true }).click();
      await visitor.press('New entry');
      for (const field of fields) await page.getByLabel(field, { exact: true }).fill(HOSTILE);
      await visitor.press('Save');
      await page.locator('.lines > li').filter({ hasText: HOSTILE }).first().waitFor();
    }
    await isPlainText(visitor);
    await visitor.leave();
  });

  it('stays text for those whom it is told: an author, and a reviewer', async () => {
    const doctor = await signedIn('hospital-doctor');
    await chartOf(doctor, /Sample, Ada/);
    await openProblems(doctor);
    await doctor.press('New entry');
    await doctor.page.getByLabel('Problem or diagnosis').fill('Hay fever');
    await doctor.press('Save');
    const entry = { hasText: 'Hay fever' };
    await doctor.page.locator('.lines > li').filter(entry).waitFor();

    const patient = await signedIn('patient-ada');
    await openProblems(patient);
    const theirs = patient.page.locator('.lines > li').filter(entry);
    await theirs.getByRole('button', { name: 'This is wrong' }).click();
    await theirs.getByLabel('What is wrong, and how it was').fill(HOSTILE);
    await patient.press('Send');
    await theirs.getByText(HOSTILE).waitFor();
    await doctor.press('Allergies');
    await openProblems(doctor);
    await doctor.page.locator('.lines > li').filter(entry).getByText(HOSTILE).waitFor();

    const medic = await signedIn('ambulance-medic');
    await medic.page.getByLabel('Family name').fill('Sample');
    await medic.page.getByLabel('Birth date').fill('1961-03-14');
    await medic.press('Find');
    await medic.page.getByLabel('In your words').fill(HOSTILE);
    await medic.press('Open the summary');
    await medic.page.getByText('Open for').waitFor();
    const reviewer = await signedIn('clinic-administrator');
    await reviewer.press('Reviews');
    await reviewer.page.getByText(HOSTILE).waitFor();
    for (const visitor of [doctor, patient, medic, reviewer]) {
      await isPlainText(visitor);
      await visitor.leave();
    }
  });

  it.each([
    ['hospital-doctor', ['My patients', 'Find a doctor']],
    ['administrator', ['People', 'Ledger']],
    ['ambulance-medic', ['Emergency']],
    ['patient-ada', ['Who may see what', 'Who treats me', 'My data']],
  ])('stays text in the fields of %s', async (user, views) => {
    const visitor = await signedIn(user);
    const { page } = visitor;
    await visitor.addAuthenticator();
    // What is not saved holds a view, unless one says so.
    page.on('dialog', (dialog) => void dialog.accept());
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
