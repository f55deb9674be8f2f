import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { BrowserWorld } from './browser-world.ts';
import type { Visitor } from './page-browser.ts';

// A browser, three peers and everything between them on one machine.
jest.setTimeout(400_000);

let world: BrowserWorld;

beforeAll(async () => {
  world = await BrowserWorld.start(2);
});

afterAll(async () => {
  await world.end();
});

/** Nothing that axe, the console or the content security policy has to say, and nothing personal in address or storage. */
async function expectClean(visitor: Visitor): Promise<void> {
  expect(await visitor.accessibilityViolations()).toEqual([]);
  expect(visitor.trouble).toEqual([]);
  expect(visitor.page.url()).toBe(world.system.system.pageUrl);
  expect(await visitor.page.evaluate('localStorage.length + sessionStorage.length')).toBe(0);
}

async function openSection(visitor: Visitor, section: string): Promise<void> {
  const sections = visitor.page.getByRole('navigation', { name: 'My record' });
  await sections.getByRole('button', { name: section, exact: true }).click();
}

/** In Ada's chart, at a section. */
async function inChart(user: string, section: string): Promise<Visitor> {
  const visitor = await world.signedIn(user);
  await visitor.page.getByRole('button', { name: /Sample, Ada/ }).click();
  await openSection(visitor, section);
  return visitor;
}

function line(visitor: Visitor, text: string) {
  return visitor.page.locator('.lines > li').filter({ hasText: text });
}

describe('a doctor', () => {
  it('starts a visit and ends it; what is not saved is not lost by going elsewhere', async () => {
    const doctor = await inChart('hospital-doctor', 'Visits');
    const { page } = doctor;
    await doctor.press('New entry');
    await page.getByLabel('Reason').fill('<img src=x onerror=alert(1)> cough');
    const asked = page.waitForEvent('dialog').then((dialog) => dialog.dismiss());
    await openSection(doctor, 'Problems');
    await asked;
    await expectClean(doctor);
    await doctor.press('Save');
    await line(doctor, '<img src=x onerror=alert(1)> cough').getByText('in-progress').waitFor();
    await doctor.press('End the visit');
    await doctor.press('Save');
    await line(doctor, 'cough').getByText('finished').waitFor();
    await expectClean(doctor);
  });

  it('is shown what somebody else changed meanwhile, and keeps the own text', async () => {
    const doctor = await inChart('hospital-doctor', 'Problems');
    await doctor.press('New entry');
    await doctor.page.getByLabel('Problem or diagnosis').fill('Asthma');
    await doctor.press('Save');
    const nurse = await inChart('hospital-nurse', 'Problems');
    await line(doctor, 'Asthma').getByRole('button', { name: 'Amend' }).click();
    await line(nurse, 'Asthma').getByRole('button', { name: 'Amend' }).click();
    await nurse.page.getByLabel('Problem or diagnosis').fill('Exercise-induced asthma');
    await nurse.press('Save');
    await line(nurse, 'Exercise-induced asthma').waitFor();
    await doctor.page.getByLabel('Problem or diagnosis').fill('Allergic asthma');
    await doctor.press('Save');
    const theirs = doctor.page.getByRole('group', { name: 'What somebody else wrote' });
    await theirs.getByText('Exercise-induced asthma').waitFor();
    await doctor.press('Keep mine and save again');
    await doctor.press('Save');
    await line(doctor, 'Allergic asthma').waitFor();
    // The browser itself says in the console that the server answered 412.
    expect(doctor.trouble.splice(0).map(({ text }) => /412/.test(text))).toEqual([true]);
    await expectClean(doctor);
    await expectClean(nurse);
  });

  it('writes a sensitive note, and one that only the authors’ group sees', async () => {
    const doctor = await inChart('hospital-doctor', 'Notes');
    await doctor.press('New entry');
    await doctor.page.getByLabel('Note', { exact: true }).fill('Wants to stop drinking.');
    await doctor.page.getByLabel('addiction').check();
    await doctor.press('Save');
    await line(doctor, 'Wants to stop drinking.').getByText('sensitive: addiction').waitFor();
    await doctor.press('Write a psychotherapy note');
    await doctor.page
      .getByRole('textbox', { name: 'Psychotherapy note' })
      .fill('Dreams of the sea.');
    await doctor.press('Save');
    await line(doctor, 'Dreams of the sea.').waitFor();
    await expectClean(doctor);
    const nurse = await inChart('hospital-nurse', 'Notes');
    await line(nurse, 'Wants to stop drinking.').waitFor();
    expect(await nurse.page.getByText('sychotherapy').count()).toBe(0);
    expect(await line(nurse, 'Wants').getByRole('button', { name: 'Amend' }).count()).toBe(0);
    await expectClean(nurse);
  });

  it('orders a test, the laboratory answers it, and a second order asks for a reason', async () => {
    const doctor = await inChart('hospital-doctor', 'Orders');
    const { page } = doctor;
    await doctor.press('Order a test');
    await page.getByLabel('Test', { exact: true }).selectOption({ label: 'haemoglobin A1c' });
    await page.getByText('No recent result stands for this test.').waitFor();
    await page.getByLabel('Question to the laboratory').fill('Is it diabetes?');
    await doctor.press('Send the order');
    await line(doctor, 'haemoglobin A1c').waitFor();

    const laboratory = await world.signedIn('laboratory');
    await laboratory.press('Open');
    await laboratory.page.getByText('Is it diabetes?').waitFor();
    expect(await laboratory.page.getByText('Ada').count()).toBe(0);
    await laboratory.press('Write a result');
    await laboratory.page.getByLabel('Value').fill('7.4');
    await laboratory.page.getByLabel('Unit').fill('%');
    await laboratory.press('Save');
    await laboratory.page.getByText('The result is in the record.').waitFor();
    await expectClean(laboratory);

    await openSection(doctor, 'Results');
    await page.getByRole('cell', { name: '7.4 %' }).waitFor();
    await expectClean(doctor);
    await openSection(doctor, 'Orders');
    await doctor.press('Order a test');
    await page.getByLabel('Test', { exact: true }).selectOption({ label: 'haemoglobin A1c' });
    await page.getByText('There are results that still stand for this test:').waitFor();
    await page.getByLabel('In your words').fill('New tablets since Monday');
    await doctor.press('Send the order');
    await line(doctor, 'haemoglobin A1c').nth(1).waitFor();
    await expectClean(doctor);
  });
});

describe('a nurse', () => {
  it('reads medications and prescribes none', async () => {
    const doctor = await inChart('hospital-doctor', 'Medications');
    await doctor.press('New entry');
    await doctor.page.getByLabel('Medication', { exact: true }).fill('Salbutamol');
    await doctor.page.getByLabel('Dosage').fill('100 micrograms as needed');
    await doctor.press('Save');
    await line(doctor, 'Salbutamol').waitFor();
    const nurse = await inChart('hospital-nurse', 'Medications');
    await line(nurse, 'Salbutamol').waitFor();
    expect(await nurse.page.getByRole('button', { name: 'New entry' }).count()).toBe(0);
    expect(await nurse.page.getByRole('button', { name: 'Amend' }).count()).toBe(0);
    await expectClean(nurse);
  });
});

describe('a patient', () => {
  it('says what is wrong in an entry; who wrote it amends it and says so', async () => {
    const doctor = await inChart('hospital-doctor', 'Problems');
    await doctor.press('New entry');
    await doctor.page.getByLabel('Problem or diagnosis').fill('Broken left arm');
    await doctor.press('Save');
    await line(doctor, 'Broken left arm').waitFor();

    const patient = await world.signedIn('patient-ada');
    await openSection(patient, 'Problems');
    const theirs = line(patient, 'Broken left arm');
    await theirs.getByRole('button', { name: 'This is wrong' }).click();
    await theirs.getByLabel('What is wrong, and how it was').fill('It was the right one.');
    await patient.press('Send');
    await theirs.getByText('has not answered yet').waitFor();
    await expectClean(patient);

    await openSection(doctor, 'Allergies');
    await openSection(doctor, 'Problems');
    const asked = line(doctor, 'It was the right one.');
    await asked.getByRole('button', { name: 'It stays as it is' }).waitFor();
    expect(await asked.getByRole('button', { name: 'It is corrected now' }).count()).toBe(0);
    await asked.getByRole('button', { name: 'Amend' }).click();
    await doctor.page.getByLabel('Problem or diagnosis').fill('Broken right arm');
    await doctor.press('Save');
    await line(doctor, 'Broken right arm')
      .getByRole('button', { name: 'It is corrected now' })
      .click();
    await line(doctor, 'Broken right arm').getByText(': corrected').waitFor();
    await expectClean(doctor);

    await openSection(patient, 'Allergies');
    await openSection(patient, 'Problems');
    await line(patient, 'Broken right arm').getByText(': corrected').waitFor();
    await patient.press('Who looked');
    await patient.page.getByText('answered about a correction').waitFor();
    await expectClean(patient);
  });
});
