/** The way through every view of the page; it finds views by what the page offers, so that a new one is not forgotten. */
import type { Locator, Page } from 'playwright-core';
import type { Visitor } from '../browser/page-browser.ts';

/** Names of what stands on the page now, one after the other. */
export type Tour = AsyncGenerator<string, void, void>;

const SETTLE_LIMIT_MS = 20_000;
/** Where a press leads further into a view, by the view's name in the navigation. */
const FURTHER: Readonly<Record<string, (visitor: Visitor) => Tour>> = {
  'My patients': chartOfFirstPatient,
  'Live ward': liveWard,
  'My record': tabsOfChart,
  'Who may see what': sharing,
  'Shared with us': firstShare,
  Emergency: breakGlass,
  Ledger: blockAndTransaction,
};

/** Everything that somebody who is signed in can see. */
export async function* everyView(visitor: Visitor): Tour {
  const views = await namesIn(visitor.page.getByRole('navigation', { name: 'Views' }));
  for (const view of views) {
    await pressIn(visitor.page.getByRole('navigation', { name: 'Views' }), view);
    yield view;
    const further = FURTHER[view];
    if (further !== undefined) yield* below(view, further(visitor));
  }
}

/** Before a sign-in: the page, and the issuer's form. */
export async function* beforeSignIn({ page }: Visitor): Tour {
  yield 'welcome';
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByLabel('Password').waitFor();
  yield 'sign-in';
}

/** Waits until nothing is loading any more; a view that loads for ever is shown as it is. */
export async function settled(page: Page): Promise<void> {
  for (const loading of ['[aria-busy="true"]', '.placeholder']) {
    await page
      .locator(loading)
      .first()
      .waitFor({ state: 'detached', timeout: SETTLE_LIMIT_MS })
      .catch(() => undefined);
  }
}

async function* below(view: string, tour: Tour): Tour {
  for await (const name of tour) yield `${view}-${name}`;
}

function namesIn(navigation: Locator): Promise<string[]> {
  return navigation.getByRole('button').allTextContents();
}

function pressIn(navigation: Locator, name: string): Promise<void> {
  return navigation.getByRole('button', { name, exact: true }).click();
}

async function* chartOfFirstPatient(visitor: Visitor): Tour {
  await settled(visitor.page);
  const patient = visitor.page.locator('button.card').first();
  if ((await patient.count()) === 0) return;
  await patient.click();
  await visitor.page.getByRole('navigation', { name: 'My record' }).waitFor();
  yield* tabsOfChart(visitor);
}

async function* tabsOfChart({ page }: Visitor): Tour {
  await settled(page);
  const tabs = page.getByRole('navigation', { name: 'My record' });
  for (const tab of await namesIn(tabs)) {
    await pressIn(tabs, tab);
    await settled(page);
    yield tab;
    yield* formsOf(page, tab);
  }
}

/** What is written in a view, as an empty form. */
async function* formsOf(page: Page, tab: string): Tour {
  const write = page.getByRole('main').locator('button.primary').first();
  if ((await write.count()) === 0 || (await page.locator('form').count()) > 0) return;
  await write.click();
  yield `${tab}-form`;
  const cancel = page.getByRole('button', { name: 'Cancel', exact: true });
  if ((await cancel.count()) > 0) await cancel.first().click();
}

async function* liveWard({ page }: Visitor): Tour {
  await settled(page);
  const show = page.getByRole('button', { name: 'Open and show live' });
  if ((await show.count()) === 0) return;
  await show.click();
  await page.locator('.beds .value').first().waitFor();
  yield 'shown';
}

async function* sharing({ page }: Visitor): Tour {
  await settled(page);
  const preview = page.getByRole('button', { name: 'Show what the insurer will see' });
  if ((await preview.count()) === 0) return;
  await page.getByLabel('visits').check();
  await preview.click();
  yield 'preview';
}

async function* firstShare({ page }: Visitor): Tour {
  await settled(page);
  const open = page.getByRole('button', { name: 'Open', exact: true }).first();
  if ((await open.count()) === 0) return;
  await open.click();
  yield 'opened';
}

async function* breakGlass({ page }: Visitor): Tour {
  await page.getByLabel('Family name').fill('Sample');
  await page.getByLabel('Birth date').fill('1961-03-14');
  await page.getByRole('button', { name: 'Find', exact: true }).click();
  await settled(page);
  yield 'found';
  const reason = page.getByRole('radio', { name: 'unconscious' });
  if ((await reason.count()) === 0) return;
  await page.getByRole('radio').first().check();
  await reason.check();
  await page.getByLabel('In your words').fill('A picture of this view is taken.');
  await page.getByRole('button', { name: 'Open the summary' }).click();
  await page.getByText('Open for').waitFor();
  yield 'summary';
}

async function* blockAndTransaction({ page }: Visitor): Tour {
  await page.locator('table .link').first().click();
  await settled(page);
  yield 'block';
  const transaction = page.locator('table .link').first();
  if ((await transaction.count()) === 0) return;
  await transaction.click();
  await settled(page);
  yield 'transaction';
}
