import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { BrowserWorld } from './browser-world.ts';
import type { Visitor } from './page-browser.ts';

// A browser, three peers and everything between them on one machine.
jest.setTimeout(400_000);

let world: BrowserWorld;
let practitionerId: string;

/** An entry of the directory, by the hospital's administrator. @returns its id */
async function enter(token: string, resourceType: string, members: object): Promise<string> {
  const path = `/${resourceType}`;
  const { body } = await world.system.post(path, token, { resourceType, ...members });
  return (JSON.parse(body) as { readonly id: string }).id;
}

beforeAll(async () => {
  world = await BrowserWorld.start(2);
  const token = await world.system.token('administrator');
  practitionerId = await enter(token, 'Practitioner', {
    name: [{ family: 'Núñez', given: ['Ilona'], prefix: ['Dr'] }],
    communication: [{ coding: [{ system: 'urn:ietf:bcp:47', code: 'es' }] }],
    qualification: [{ code: { text: 'Board of cardiology' }, period: { start: '2012' } }],
  });
  const hospital = await enter(token, 'Organization', { name: 'Riverside Hospital' });
  await enter(token, 'PractitionerRole', {
    practitioner: { reference: `Practitioner/${practitionerId}` },
    organization: { reference: `Organization/${hospital}` },
    code: [{ text: 'Cardiologist' }],
    period: { start: '2016-01-01' },
  });
});

afterAll(async () => {
  await world.end();
});

async function expectClean(visitor: Visitor): Promise<void> {
  expect(await visitor.accessibilityViolations()).toEqual([]);
  expect(visitor.trouble).toEqual([]);
  expect(visitor.page.url()).toBe(world.system.system.pageUrl);
}

describe('somebody without a login', () => {
  it('finds a doctor by the beginning of a name, without accents, and reads the career', async () => {
    const visitor = await world.visitor();
    await visitor.press('Find a doctor');
    await visitor.page.getByLabel('Name').fill('nun');
    await visitor.press('Search');
    await visitor.page.getByRole('button', { name: /Dr Ilona Núñez/ }).waitFor();
    await expectClean(visitor);
    await visitor.page.getByRole('button', { name: /Dr Ilona Núñez/ }).click();
    await visitor.page.getByText('Cardiologist, Riverside Hospital').waitFor();
    await visitor.page.getByText('not checked by anybody').waitFor();
    await expectClean(visitor);
    await visitor.press('Back');
    await visitor.page.getByLabel('Name').fill('nobody');
    await visitor.press('Search');
    await visitor.page.getByText('Nobody is found like that.').waitFor();
  });
});

describe('a patient', () => {
  it('says who treats them, by the name in the directory, and ends it', async () => {
    const patient = await world.signedIn('patient-ada');
    await patient.press('Who treats me');
    await patient.page.getByText('Dr Hanna Weiss').first().waitFor();
    await patient.page.getByLabel('Their id').fill(practitionerId);
    await patient.press('Enter');
    const entered = patient.page.locator('.lines > li').filter({ hasText: 'Dr Ilona Núñez' });
    await entered.getByRole('button', { name: 'End it' }).click();
    await entered.getByText('over', { exact: true }).waitFor();
    await expectClean(patient);
  });

  it('sees the own devices, and downloads the own record as one file', async () => {
    const patient = await world.signedIn('patient-ada');
    await patient.press('My devices');
    await patient.page.getByText('Last received').first().waitFor();
    await expectClean(patient);
    await patient.press('My data');
    const downloading = patient.page.waitForEvent('download');
    await patient.press('Download');
    const download = await downloading;
    expect(download.suggestedFilename()).toBe('medical-record.json');
    const text = await readFile(await download.path(), 'utf8');
    expect(JSON.parse(text)).toMatchObject({ resourceType: 'Bundle', type: 'collection' });
    expect(text).toContain(world.idOf('patient-ada'));
    await expectClean(patient);
  });

  it('names a representative with a scope, and ends it', async () => {
    const patient = await world.signedIn('patient-ada');
    await patient.press('My data');
    await patient.page.getByLabel('Their id').fill(world.idOf('patient-ben'));
    await patient.page.getByLabel('results').check();
    await patient.press('Name them');
    await patient.page.getByText('read: results').waitFor();
    await patient.press('End it');
    await patient.page.getByText('over', { exact: true }).waitFor();
    await expectClean(patient);
  });

  it('asks for erasure, and the administrator finds the request', async () => {
    const patient = await world.signedIn('patient-ben');
    await patient.press('My data');
    patient.page.once('dialog', (dialog) => void dialog.accept());
    await patient.press('Ask to erase my whole record');
    await patient.page.getByText('waits for an answer').waitFor();
    await expectClean(patient);
    const administrator = await world.signedIn('clinic-administrator');
    await administrator.press('Reviews');
    await administrator.page.getByText('the whole record').waitFor();
    await administrator.page.getByRole('button', { name: 'Answer' }).first().click();
    const answer = administrator.page.getByRole('combobox', { name: 'Answer' });
    await answer.selectOption({ label: 'refuse: legal claims' });
    await administrator.page.getByLabel('Kept until').fill('2030-01-01');
    const form = administrator.page.getByRole('form', { name: 'Answer' });
    await form.getByRole('button', { name: 'Answer' }).click();
    await administrator.page.getByText('No request waits for your organization.').waitFor();
    await expectClean(administrator);
  });
});

describe('an administrator', () => {
  it('judges an emergency access, and sees who does it again and again', async () => {
    const medic = await world.signedIn('ambulance-medic');
    await medic.page.getByLabel('Family name').fill('Sample');
    await medic.page.getByLabel('Birth date').fill('1961-03-14');
    await medic.press('Find');
    await medic.page.getByLabel('In your words').fill('Found on the street');
    await medic.press('Open the summary');
    await medic.page.getByText('Open for').waitFor();
    expect(medic.trouble).toEqual([]);

    const administrator = await world.signedIn('clinic-administrator');
    await administrator.press('Reviews');
    await administrator.page.getByText('Found on the street').waitFor();
    await expectClean(administrator);
    await administrator.press('Give the verdict');
    const form = administrator.page.getByRole('form', { name: 'Give the verdict' });
    await form.getByLabel('Reasons').fill('The ambulance log agrees.');
    await form.getByRole('button', { name: 'Give the verdict' }).click();
    await administrator.page.locator('.badge').getByText('justified', { exact: true }).waitFor();
    await administrator.page.getByRole('table').waitFor();
    await expectClean(administrator);
  });

  it('enters who treats whom, and it stands in the patient’s list', async () => {
    const administrator = await world.signedIn('administrator');
    await administrator.press('People');
    await administrator.page.getByLabel('Id of the practitioner').fill(practitionerId);
    const form = administrator.page.getByRole('form', { name: 'Who treats whom' });
    await form.getByLabel('Id of the patient').fill(world.idOf('patient-ada'));
    await form.getByRole('button', { name: 'Enter' }).click();
    await form.getByText('Saved.').waitFor();
    await expectClean(administrator);
    const patient = await world.signedIn('patient-ada');
    await patient.press('Who treats me');
    const entered = patient.page.locator('.lines > li').filter({ hasText: 'Dr Ilona Núñez' });
    await entered.getByRole('button', { name: 'End it' }).waitFor();
  });
});
