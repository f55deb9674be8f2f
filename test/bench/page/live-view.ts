/** The page against an API inside it that answers at once: what is measured is the page's own. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { PageBrowser, PageSystem, Visitor } from '../../browser/page-browser.ts';
import { type Spread, spreadOf } from './spread.ts';

/** Many live patients on one screen. */
export interface WardFigures {
  readonly patients: number;
  /** Messages of new readings that the page heard. */
  readonly hints: number;
  readonly frameMs: Spread;
  /** Tasks of more than 50 ms. */
  readonly longTasks: number;
  readonly longestTaskMs: number;
}

/** What a live view holds after so many hours, garbage collected before. */
export interface MemoryAt {
  readonly hour: number;
  readonly heapBytes: number;
  readonly nodes: number;
  readonly listeners: number;
}

const WALL = { width: 2_560, height: 1_440 };
const WINDOW_MS = 2_000;
const HOUR_MS = 3_600_000;
/** Somebody touches the page now and then, else it signs out. */
const TOUCH_MS = 300_000;
const MEGABYTE = 1_048_576;

const Measured = z.object({
  frames: z.array(z.number()),
  tasks: z.array(z.number()),
  hints: z.number(),
});

export async function measureWard(
  browser: PageBrowser,
  system: PageSystem,
  options: { readonly patients: number; readonly seconds: number },
): Promise<WardFigures> {
  const { patients, seconds } = options;
  const visitor = await enter(browser, system, patients);
  const { page } = visitor;
  await page.setViewportSize(WALL);
  await visitor.press('Live ward');
  await visitor.press('Open and show live');
  await page.getByText('live', { exact: true }).waitFor();
  await page.locator('.beds .value').nth(patients).waitFor();
  const measured: unknown = await page.evaluate(`measureFrames(${seconds * 1_000})`);
  const { frames, tasks, hints } = Measured.parse(measured);
  await visitor.leave();
  return {
    ...{ patients, hints, frameMs: spreadOf(frames), longTasks: tasks.length },
    longestTaskMs: Math.round(Math.max(0, ...tasks)),
  };
}

/** One patient's live chart with curves, a message every two seconds, by a clock that is moved. */
export async function measureMemory(
  browser: PageBrowser,
  system: PageSystem,
  hours: number,
  told: (at: MemoryAt) => void,
): Promise<readonly MemoryAt[]> {
  const visitor = await enter(browser, system, 1);
  const { page } = visitor;
  await page.clock.install();
  await page.locator('button.card').first().click();
  await page.getByText('live', { exact: true }).waitFor();
  await page.clock.pauseAt(Date.now() + WINDOW_MS);
  const figures = [await memoryOf(visitor, 0)];
  for (let hour = 1; hour <= hours; hour += 1) {
    for (let ms = 0; ms < HOUR_MS; ms += WINDOW_MS) {
      await page.evaluate('hint(0)');
      await page.clock.runFor(WINDOW_MS);
      if (ms % TOUCH_MS === 0) await page.mouse.click(1, 1);
    }
    const at = await memoryOf(visitor, hour);
    told(at);
    figures.push(at);
  }
  await page.getByText('live', { exact: true }).waitFor();
  await visitor.leave();
  return figures;
}

async function enter(browser: PageBrowser, system: PageSystem, patients: number): Promise<Visitor> {
  const script = await readFile(join(import.meta.dirname, 'in-page.js'), 'utf8');
  const visitor = await browser.visitor(system);
  await visitor.page.addInitScript(`globalThis.fakePatients = ${patients};\n${script}`);
  await visitor.page.reload();
  await visitor.enter('hospital-doctor');
  return visitor;
}

const Metrics = z.object({
  metrics: z.array(z.object({ name: z.string(), value: z.number() })),
});

async function memoryOf({ page }: Visitor, hour: number): Promise<MemoryAt> {
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable');
  await session.send('HeapProfiler.collectGarbage');
  const { metrics } = Metrics.parse(await session.send('Performance.getMetrics'));
  await session.detach();
  const value = (wanted: string): number => metrics.find(({ name }) => name === wanted)?.value ?? 0;
  return {
    hour,
    heapBytes: Math.round(value('JSHeapUsedSize')),
    nodes: value('Nodes'),
    listeners: value('JSEventListeners'),
  };
}

/** One line of the table. */
export function memoryText({ hour, heapBytes, nodes, listeners }: MemoryAt): string {
  const heap = (heapBytes / MEGABYTE).toFixed(1);
  return `after ${hour} h: ${heap} MB heap, ${nodes} nodes, ${listeners} listeners`;
}
