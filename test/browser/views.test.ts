/** Every view of every role, found by what the page offers, so that none is forgotten. */
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { everyView, settled } from '../screenshots/tour.ts';
import { BrowserWorld } from './browser-world.ts';

// A browser, three peers and everything between them on one machine; each view is looked at twice.
jest.setTimeout(900_000);

const SCHEMES = ['light', 'dark'] as const;

/** Views that must have been among them: the last ones, which only a whole tour reaches. */
const REACHED: readonly (readonly [user: string, views: readonly string[]])[] = [
  [
    'hospital-doctor',
    [
      'My patients-Allergies-form',
      'My patients-Procedures-form',
      'My patients-Immunizations-form',
      'My patients-Hand over-form',
      'Live ward-shown',
      'Find a doctor',
    ],
  ],
  ['hospital-nurse', ['My patients-Hand over', 'Live ward-shown']],
  ['patient-ben', ['My record-Immunizations', 'Who may see what', 'My devices', 'My data']],
  ['administrator', ['Devices', 'People', 'Reviews', 'Ledger-block', 'Ledger-transaction']],
  ['insurance-agent', ['Shared with us']],
  ['ambulance-medic', ['Emergency-found', 'Emergency-summary']],
  ['laboratory', ['Orders']],
];

let world: BrowserWorld;

beforeAll(async () => {
  world = await BrowserWorld.start(2);
});

afterAll(async () => {
  await world.end();
});

describe('every view, light and dark', () => {
  it.each(REACHED)('of %s has nothing for axe, console and policy to say', async (user, views) => {
    const visitor = await world.signedIn(user);
    const { page } = visitor;
    const seen: string[] = [];
    const found: string[] = [];
    for await (const view of everyView(visitor)) {
      await settled(page);
      seen.push(view);
      for (const colorScheme of SCHEMES) {
        await page.emulateMedia({ colorScheme });
        const violations = await visitor.accessibilityViolations();
        found.push(...violations.map((one) => `${view}, ${colorScheme}: ${one}`));
      }
    }
    expect(found).toEqual([]);
    expect(seen).toEqual(expect.arrayContaining([...views]));
    expect(visitor.trouble).toEqual([]);
    expect(page.url()).toBe(world.system.system.pageUrl);
    await visitor.leave();
  });
});
