import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { settled } from './tour.ts';

const SCHEMES = ['light', 'dark'] as const;
/** What people hold or hang up at such a width. */
const HEIGHTS: readonly (readonly [fromWidth: number, height: number])[] = [
  [2_000, 1_440],
  [800, 900],
  [0, 844],
];

/** Takes the same view at every width, light and dark. */
export class Camera {
  readonly #out: string;
  readonly #widths: readonly number[];
  #taken = 0;

  constructor(out: string, widths: readonly number[]) {
    this.#out = out;
    this.#widths = widths;
  }

  get taken(): number {
    return this.#taken;
  }

  /** Pictures of the whole view, also below what fits; files are named login/view-width-scheme.png. */
  async take(page: Page, login: string, view: string): Promise<void> {
    const folder = join(this.#out, login);
    await mkdir(folder, { recursive: true });
    await settled(page);
    const name = view.toLowerCase().replace(/[^a-z0-9]+/g, '-');
    for (const width of this.#widths) {
      const height = HEIGHTS.find(([from]) => width >= from)?.[1] ?? 0;
      await page.setViewportSize({ width, height });
      for (const colorScheme of SCHEMES) {
        await page.emulateMedia({ colorScheme });
        // Curves are drawn anew in the next frame.
        await page.evaluate(`new Promise((drawn) => {
          requestAnimationFrame(() => { requestAnimationFrame(drawn); });
        })`);
        const path = join(folder, `${name}-${width}-${colorScheme}.png`);
        await page.screenshot({ path, fullPage: true, animations: 'disabled' });
        this.#taken += 1;
      }
    }
  }
}
