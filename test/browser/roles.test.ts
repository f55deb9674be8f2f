import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { BrowserWorld } from './browser-world.ts';

// A browser, three peers and everything between them on one machine.
jest.setTimeout(400_000);

let world: BrowserWorld;

beforeAll(async () => {
  world = await BrowserWorld.start(3);
});

afterAll(async () => {
  await world.end();
});

describe('a doctor', () => {
  it('opens a chart, sees published readings arrive, and the patient sees who looked', async () => {
    const doctor = await world.signedIn('hospital-doctor');
    const { page } = doctor;
    await page.getByRole('button', { name: /Sample, Ada/ }).click();
    await page.getByText('live', { exact: true }).waitFor();
    const heartRate = page.getByRole('figure').filter({ hasText: 'Heart rate' });
    await heartRate.getByText(/^\d+$/).waitFor();
    await heartRate.getByText(/committed$/).waitFor();
    expect(await doctor.accessibilityViolations()).toEqual([]);
    await doctor.press('As tables');
    await page.getByRole('table', { name: /Heart rate/ }).waitFor();
    expect(await doctor.accessibilityViolations()).toEqual([]);
    expect(page.url()).toBe(world.system.system.pageUrl);
    expect(doctor.trouble).toEqual([]);

    const patient = await world.signedIn('patient-ada');
    await patient.press('Who looked');
    await patient.page.getByRole('cell', { name: 'doctor, hospital' }).first().waitFor();
    expect(await patient.accessibilityViolations()).toEqual([]);
    expect(patient.trouble).toEqual([]);
  });
});

describe('a patient', () => {
  it('shares with the insurer by passkey, and what is taken back is gone there', async () => {
    const administrator = await world.signedIn('administrator');
    await administrator.press('People');
    await administrator.page.getByLabel('Their id').fill(world.idOf('patient-ada'));
    await administrator.press('Make a code');
    const code = (await administrator.page.locator('form code').textContent()) ?? '';

    const patient = await world.signedIn('patient-ada');
    await patient.addAuthenticator();
    await patient.press('Who may see what');
    await patient.page.getByLabel('Code from your organization').fill(code);
    await patient.press('Create the passkey');
    await patient.page.getByLabel('visits').check();
    await patient.press('Show what the insurer will see');
    await patient.page.getByText('For payment and coverage only').waitFor();
    expect(await patient.accessibilityViolations()).toEqual([]);
    await patient.press('Agree with my passkey');
    await patient.page.getByText('Shared with the insurer').waitFor();

    const agent = await world.signedIn('insurance-agent');
    await agent.press('Open');
    await agent.page.getByText('There is no entry of the shared kinds.').waitFor();
    expect(await agent.accessibilityViolations()).toEqual([]);

    await patient.press('Take back');
    await patient.page.getByText('taken back', { exact: true }).waitFor();
    await agent.press('Look again');
    await agent.page.getByText('Nothing is shared with you.').waitFor();
    for (const { trouble } of [administrator, patient, agent]) expect(trouble).toEqual([]);
  });
});
