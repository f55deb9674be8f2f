import { z } from 'zod';
import type { PageBrowser, PageSystem } from '../../browser/page-browser.ts';
import { type Spread, spreadOf } from './spread.ts';

/** How long it takes until somebody sees something. */
export interface FirstView {
  /** From the address to the first content, with nothing in the cache. */
  readonly firstPaintMs: Spread;
  /** From the press on "Sign in" at the issuer to the list of patients. */
  readonly patientsMs: Spread;
}

const FIRST_PAINT = `performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? -1`;

export async function measureFirstView(
  browser: PageBrowser,
  system: PageSystem,
  openings: number,
): Promise<FirstView> {
  const paints: number[] = [];
  const lists: number[] = [];
  for (let opening = 0; opening < openings; opening += 1) {
    const visitor = await browser.visitor(system);
    await visitor.page.getByRole('button', { name: 'Sign in' }).waitFor();
    paints.push(z.number().parse(await visitor.page.evaluate(FIRST_PAINT)));
    await visitor.signIn('hospital-doctor');
    const startMs = Date.now();
    await visitor.page.locator('button.card').first().waitFor();
    lists.push(Date.now() - startMs);
    await visitor.leave();
  }
  return { firstPaintMs: spreadOf(paints), patientsMs: spreadOf(lists) };
}
